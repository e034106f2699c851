// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/result.h"

namespace omicsfs {

// Which servers are asked only so often, by their names. A rule "host" holds
// for all ports of the host, one "host:port" for that port; a leading "www."
// means nothing: a provider's two names are one server. Immutable, so
// thread-safe.
class RateRules {
 public:
  // Requests a second by rule, 0 for as many as one likes, kMostPlaces at most.
  using PerSecond = std::map<std::string, int, std::less<>>;

  RateRules() = default;
  // REQUIRES: the names are as rule_name() gives them.
  explicit RateRules(PerSecond per_second)
      : per_second_(std::move(per_second)) {}

  // The name of a rule that the user wrote, in the form of the rules.
  // Errors: kInvalid, neither a host nor a host and its port.
  static Result<std::string> rule_name(std::string_view text);

  struct Rule {
    std::string name;
    int per_second = 0;
  };
  // The rule that holds for `server`, as server_of() names it; none, where it
  // may be asked as often as one likes.
  [[nodiscard]] std::optional<Rule> find(std::string_view server) const;
  [[nodiscard]] const PerSecond& all() const { return per_second_; }

 private:
  PerSecond per_second_;
};

}  // namespace omicsfs

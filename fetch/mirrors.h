// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace omicsfs {

// Other places for the same bytes: a url that begins with a rule's prefix is
// also found with that prefix replaced. Immutable, so thread-safe.
class Mirrors {
 public:
  using Rule = std::pair<std::string, std::vector<std::string>>;
  Mirrors() = default;
  explicit Mirrors(std::vector<Rule> rules) : rules_(std::move(rules)) {}

  // Every url to try, in order and without repeats: each of `urls` followed by
  // its mirrors in the order of the settings. The longest matching prefix
  // counts.
  [[nodiscard]] std::vector<std::string> candidates(
      const std::vector<std::string>& urls) const;

 private:
  std::vector<Rule> rules_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "catalog/result.h"

namespace omicsfs {

// What was learned of addresses: the url where each one's object lies, for as
// long as that is good, or why none could be found, for a while. Keeps a
// bounded number, those that were asked for last. Decides only: the time is
// given. Not thread-safe.
class LearnedUrls {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Each may take some KiB: a signature is long.
  static constexpr std::size_t kMost = 4096;

  explicit LearnedUrls(std::size_t most = kMost) : most_(most) {}

  // One is set at most; neither: it is to be asked for.
  struct State {
    std::string url;
    std::optional<Error> failure;
  };
  [[nodiscard]] State of(const std::string& address, Time now);

  void learned(const std::string& address, std::string url, Time until,
               Time now);
  void failed(const std::string& address, Error why, Time until, Time now);
  // Its server did not take `url`: forgotten, unless another is known by now.
  void refused(const std::string& address, const std::string& url);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    State state;
    Time until;
    Time used;
  };

  void keep(const std::string& address, Entry entry);

  const std::size_t most_;
  std::map<std::string, Entry> entries_;
};

}  // namespace omicsfs

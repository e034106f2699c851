// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace omicsfs {

// Lets at most `limit` items of each host run at a time; more wait in order.
// curl has such a queue too, but counts the time in it as time to connect, so
// that a busy server would look like a dead one. Not thread-safe.
template <typename Item>
class HostQueue {
 public:
  explicit HostQueue(std::size_t limit) : limit_(limit) {}

  // Returns `item` if it may run now; else keeps it.
  [[nodiscard]] std::optional<Item> enter(const std::string& host, Item item) {
    Line& line = lines_[host];
    if (line.running < limit_) {
      ++line.running;
      return item;
    }
    line.waiting.push_back(std::move(item));
    return std::nullopt;
  }

  // An item of `host` has ended. Returns the one whose turn it is now.
  // REQUIRES: one is running.
  [[nodiscard]] std::optional<Item> leave(const std::string& host) {
    const auto found = lines_.find(host);
    Line& line = found->second;
    if (!line.waiting.empty()) {
      std::optional<Item> next(std::move(line.waiting.front()));
      line.waiting.pop_front();
      return next;
    }
    if (--line.running == 0) {
      lines_.erase(found);
    }
    return std::nullopt;
  }

  // Takes out the waiting items for which `pick` is true.
  template <typename Pick>
  [[nodiscard]] std::vector<Item> take_if(const Pick& pick) {
    std::vector<Item> taken;
    for (auto& [host, line] : lines_) {
      std::deque<Item> kept;
      for (Item& item : line.waiting) {
        const bool picked = pick(item);
        if (picked) {
          taken.push_back(std::move(item));
        } else {
          kept.push_back(std::move(item));
        }
      }
      line.waiting = std::move(kept);
    }
    return taken;
  }

 private:
  struct Line {
    std::size_t running = 0;
    std::deque<Item> waiting;
  };

  std::size_t limit_;
  std::map<std::string, Line> lines_;
};

}  // namespace omicsfs

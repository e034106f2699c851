// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace omicsfs {

// Lets at most `limit` items of each host run at a time; more wait. Urgent ones
// go first, each kind in order, and the last place is kept for them: what
// nobody waits for yet never holds up what somebody does for long. `Urgent` is
// asked anew each time, as the answer for an item may change. curl has a queue
// too, but counts the time in it as time to connect, so that a busy server
// would look like a dead one. Not thread-safe.
template <typename Item, typename Urgent>
class HostQueue {
 public:
  HostQueue(std::size_t limit, Urgent urgent)
      : limit_(limit), urgent_(std::move(urgent)) {}

  // `item` waits for its turn: next() gives it out.
  void enter(const std::string& host, Item item) {
    lines_[host].waiting.push_back(std::move(item));
  }

  // An item of `host` has ended. REQUIRES: one is running.
  void leave(const std::string& host) { --lines_.at(host).running; }

  // An item that may run now, and from now on does. `admit` is asked of the
  // host last, when all else allows it; where it says no, the host's items
  // wait.
  template <typename Admit>
  [[nodiscard]] std::optional<Item> next(const Admit& admit) {
    for (auto at = lines_.begin(); at != lines_.end();) {
      Line& line = at->second;
      if (auto item = take_next(line, [&] { return bool{admit(at->first)}; })) {
        return item;
      }
      const bool idle = line.running == 0 && line.waiting.empty();
      at = idle ? lines_.erase(at) : std::next(at);
    }
    return std::nullopt;
  }

  // Whether any item waits.
  [[nodiscard]] bool has_waiting() const {
    return std::any_of(lines_.begin(), lines_.end(), [](const auto& entry) {
      return !entry.second.waiting.empty();
    });
  }

  // Takes out the waiting items for which `pick` is true.
  template <typename Pick>
  [[nodiscard]] std::vector<Item> take_if(const Pick& pick) {
    std::vector<Item> taken;
    for (auto& [host, line] : lines_) {
      auto& all = line.waiting;
      const auto first =
          std::stable_partition(all.begin(), all.end(),
                                [&](const Item& item) { return !pick(item); });
      // From here on nothing can fail and leave an item in neither.
      taken.reserve(taken.size() +
                    static_cast<std::size_t>(std::distance(first, all.end())));
      std::move(first, all.end(), std::back_inserter(taken));
      all.erase(first, all.end());
    }
    return taken;
  }

 private:
  struct Line {
    std::size_t running = 0;
    std::deque<Item> waiting;
  };

  template <typename Admit>
  std::optional<Item> take_next(Line& line, const Admit& admit) {
    if (line.running >= limit_ || line.waiting.empty()) {
      return std::nullopt;
    }
    auto first =
        std::find_if(line.waiting.begin(), line.waiting.end(),
                     [this](const Item& item) { return urgent_(item); });
    if (first == line.waiting.end()) {
      const std::size_t kept_free = limit_ > 1 ? 1 : 0;
      if (line.running + kept_free >= limit_) {
        return std::nullopt;
      }
      first = line.waiting.begin();
    }
    if (!admit()) {
      return std::nullopt;
    }
    std::optional<Item> item(std::move(*first));
    line.waiting.erase(first);
    ++line.running;
    return item;
  }

  std::size_t limit_;
  Urgent urgent_;
  std::map<std::string, Line> lines_;
};

}  // namespace omicsfs

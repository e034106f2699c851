// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

// Archives and arrays that a refresh reads at a time: each is a few short
// requests, one after another, that mostly wait. Fewer than
// network.connections_per_host leaves room for what is read of them.
inline constexpr std::size_t kReadAtOnce = 8;

// Things that are waited for, from the network mostly, and so several at a
// time.
struct InOrder {
  std::size_t count = 0;
  std::size_t at_once = 1;  // over 0
  // Makes the thing `index`: from any thread, each once, begun in order.
  std::function<void(std::size_t index)> make;
  // Takes what was made: from the calling thread, in order.
  std::function<Result<void>(std::size_t index)> take;
};

// Makes and takes the things 0 to `count`. make(i) begins when take(i -
// at_once) has returned, and so no more than `at_once` are held. After an error
// of `take` no other begins; those under way are waited for. Where the system
// gives no threads, the calling one makes them. Errors: the first of `take`;
// kIo, memory was spent.
Result<void> in_order(const InOrder& things);

// As in_order, where what is made are values: `make` returns one, and `take` is
// given it.
template <typename Make, typename Take>
Result<void> values_in_order(std::size_t count, std::size_t at_once,
                             const Make& make, const Take& take) {
  using Value = decltype(make(std::size_t{}));
  std::vector<std::optional<Value>> held(at_once);
  return in_order(
      {count, at_once,
       [&](std::size_t index) { held[index % at_once] = make(index); },
       [&](std::size_t index) {
         Value value = *std::move(held[index % at_once]);
         held[index % at_once].reset();
         return take(index, std::move(value));
       }});
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace omicsfs {

// Which names the directories of a tree have, for trees of millions of entries:
// 64 bits of each are kept, some 12 bytes with the room between them. Two names
// of one directory are taken for one with a chance of 2^-64. Thread-compatible.
class EntrySet {
 public:
  // False where `parent` has that name already.
  bool insert(std::int64_t parent, std::string_view name);
  [[nodiscard]] bool contains(std::int64_t parent, std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  // Where `key` is, or the free slot where it belongs.
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const;
  void grow();

  static constexpr std::uint64_t kFree = 0;
  std::vector<std::uint64_t> slots_;  // a power of two of them, or none
  std::size_t count_ = 0;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/entry_set.h"

#include <algorithm>
#include <functional>

#include "catalog/stable_hash.h"

namespace omicsfs {
namespace {

constexpr std::size_t kLeastSlots = 1024;

std::uint64_t key_of(std::int64_t parent, std::string_view name) {
  const std::uint64_t key = mixed(std::hash<std::string_view>()(name) +
                                  mixed(static_cast<std::uint64_t>(parent)));
  return std::max<std::uint64_t>(key, 1);  // 0 is a free slot
}

}  // namespace

std::size_t EntrySet::slot_of(std::uint64_t key) const {
  const std::size_t last = slots_.size() - 1;
  std::size_t slot = key & last;
  while (slots_[slot] != kFree && slots_[slot] != key) {
    slot = (slot + 1) & last;
  }
  return slot;
}

void EntrySet::grow() {
  std::vector<std::uint64_t> old(std::max(2 * slots_.size(), kLeastSlots),
                                 kFree);
  old.swap(slots_);
  for (const std::uint64_t key : old) {
    if (key != kFree) {
      slots_[slot_of(key)] = key;
    }
  }
}

bool EntrySet::insert(std::int64_t parent, std::string_view name) {
  if (count_ + 1 > slots_.size() / 8 * 7) {
    grow();
  }
  const std::uint64_t key = key_of(parent, name);
  const std::size_t slot = slot_of(key);
  if (slots_[slot] == key) {
    return false;
  }
  slots_[slot] = key;
  ++count_;
  return true;
}

bool EntrySet::contains(std::int64_t parent, std::string_view name) const {
  if (slots_.empty()) {
    return false;
  }
  const std::uint64_t key = key_of(parent, name);
  return slots_[slot_of(key)] == key;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/inode.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>

#include "catalog/stable_hash.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kSlotSeed = 0x736C6F74;
constexpr std::uint64_t kSlots = std::numeric_limits<std::uint16_t>::max();

std::uint16_t hashed_slot(const std::string& name) {
  return static_cast<std::uint16_t>(
      1 + StableHash(kSlotSeed).add(name).value() % kSlots);
}

std::uint16_t next_slot(std::uint16_t slot) {
  return static_cast<std::uint16_t>(1 + slot % kSlots);
}

}  // namespace

std::vector<std::uint16_t> source_slots(const std::vector<std::string>& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t left, std::size_t right) {
              return names[left] < names[right];
            });
  std::vector<std::uint16_t> slots(names.size(), 0);
  for (const std::size_t index : order) {
    std::uint16_t slot = hashed_slot(names[index]);
    while (std::find(slots.begin(), slots.end(), slot) != slots.end()) {
      slot = next_slot(slot);
    }
    slots[index] = slot;
  }
  return slots;
}

}  // namespace omicsfs

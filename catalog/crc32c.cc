// SPDX-License-Identifier: MIT
#include "catalog/crc32c.h"

#include <isa-l/crc.h>

namespace omicsfs {

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
  // ISA-L's signature lacks a const that its code keeps.
  auto* data = const_cast<unsigned char*>(
      reinterpret_cast<const unsigned char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~before);
}

}  // namespace omicsfs

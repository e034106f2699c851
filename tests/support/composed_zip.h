// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace omicsfs {

// How a member is packed.
enum class Packing { kStored, kDeflated, kFixedHuffman, kOnlyStoredBlocks };

struct ZipEntry {
  std::string name;
  std::string bytes;
  Packing packing = Packing::kDeflated;
  // What the headers say where that is not the truth.
  int method = -1;
  int flags = 0;
  std::int64_t stated_size = -1;
  std::int64_t stated_crc = -1;
  std::string local_extra{};     // the directory's entry has none
  int made_by = 0x031e;          // version and system (APPNOTE.TXT 4.4.2): Unix
  std::int64_t attributes = -1;  // external ones, where not those of a file
};

// `bytes` as a raw deflate stream.
[[nodiscard]] std::string deflated(const std::string& bytes,
                                   Packing packing = Packing::kDeflated);

// A zip archive (APPNOTE.TXT), its entries in this order, dated 2024-09-19
// 14:14:40; `prefix` stands before it and is not counted by its offsets.
[[nodiscard]] std::string composed_zip(const std::vector<ZipEntry>& entries,
                                       const std::string& comment = "",
                                       const std::string& prefix = "");

// Lines of tab-separated numbers, some `bytes` long: what deflates as a table
// does.
[[nodiscard]] std::string composed_table(std::size_t bytes,
                                         std::uint64_t seed = 1);

}  // namespace omicsfs

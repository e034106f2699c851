// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <vector>

#include "fetch/cached_file.h"
#include "fetch/counters.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {

using Block = std::vector<std::byte>;

class CachedFileTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBlocks = 64;
  static constexpr std::uint64_t kSize = kBlocks * kBlockBytes - 100;

  const TemporaryDirectory dir_;
  Counters counters_;
  const RemoteFile remote_{{"http://origin/x"}, kSize, std::nullopt, "v1"};

  static std::size_t length(BlockIndex block) {
    return bytes_of({block, 1}, kSize).length;
  }
  static Block content(BlockIndex block) {
    return Block(length(block), static_cast<std::byte>(block + 1));
  }
  static void fill(CachedFile& file) {
    ASSERT_TRUE(file.create());
    for (BlockIndex block = 0; block < kBlocks; ++block) {
      ASSERT_TRUE(store(file, block));
    }
  }
  static bool store(CachedFile& file, BlockIndex block) {
    const Block bytes = content(block);
    return file.store({block, 1}, {{std::span<const std::byte>(bytes)}})
        .has_value();
  }
  static bool load(CachedFile& file, BlockIndex block, Block& out) {
    return file.load({block, 1}, out) == block + 1;
  }
  static bool loads(CachedFile& file, BlockIndex block) {
    Block out(length(block));
    return load(file, block, out) && out == content(block);
  }
  [[nodiscard]] UniqueFd open_data(const CachedFile& file) const {
    const auto path = cache_paths(dir_.path(), file.key()).data;
    return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  }
};

// Changes one bit of the byte at `offset`.
inline void flip(const std::filesystem::path& path, std::streamoff offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(offset);
  const int byte = file.get();
  file.seekp(offset);
  file.put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(file.good());
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/inline_chunks.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string noise(std::size_t count) {
  std::string bytes;
  std::uint64_t state = 7;
  for (std::size_t index = 0; index < count; ++index) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes += static_cast<char>(state >> 56U);
  }
  return bytes;
}

TEST(InlineChunks, ComeBackCompressedOrNot) {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string(kChunkBytes, 'a'),
        noise(100), noise(kChunkBytes)}) {
    const std::string kept = pack_chunk(bytes);
    EXPECT_LE(kept.size(), bytes.size() + 1);
    const auto back = unpack_chunk(bytes_of(kept));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, bytes);
  }
  EXPECT_LT(pack_chunk(std::string(kChunkBytes, 'a')).size(), 2000U);
}

TEST(InlineChunks, WhatIsNoneIsCorrupt) {
  const std::string kept = pack_chunk(std::string(5000, 'a'));
  const std::string raw = "r" + std::string(kChunkBytes + 1, 'a');
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("z"),
        kept.substr(0, kept.size() - 1), std::string("znonsense"), raw}) {
    const auto back = unpack_chunk(bytes_of(bad));
    ASSERT_FALSE(back) << bad.size();
    EXPECT_EQ(back.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace omicsfs

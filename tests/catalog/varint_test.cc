// SPDX-License-Identifier: MIT
#include "catalog/varint.h"

#include <gtest/gtest.h>

#include <limits>

namespace omicsfs {
namespace {

std::span<const std::byte> byte_span(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(Varint, EveryNumberComesBack) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1,
          kMost >> bits}) {
      std::string text;
      put_varint(text, value);
      text += "rest";
      auto rest = byte_span(text);
      EXPECT_EQ(take_varint(rest), value);
      EXPECT_EQ(rest.size(), 4U);
    }
  }
}

TEST(Varint, WhatEndsTooSoonOrIsTooLargeIsNone) {
  for (const std::string& text :
       {std::string(), std::string("\x80"), std::string(9, '\xff'),
        std::string(9, '\xff') + '\x02', std::string(11, '\x80')}) {
    auto bytes = byte_span(text);
    EXPECT_EQ(take_varint(bytes), std::nullopt) << text.size();
  }
}

}  // namespace
}  // namespace omicsfs

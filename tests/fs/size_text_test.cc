// SPDX-License-Identifier: MIT
#include "fs/size_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(ParseSize, TakesNumbersWithAndWithoutUnits) {
  const std::vector<std::pair<std::string, std::uint64_t>> cases = {
      {"0", 0},
      {"1", 1},
      {"500000", 500'000},
      {"10G", 10'000'000'000},
      {"10g", 10'000'000'000},
      {"500M", 500'000'000},
      {"500 MB", 500'000'000},
      {"1k", 1000},
      {"1KiB", 1024},
      {"20GiB", 20ULL << 30},
      {"20gi", 20ULL << 30},
      {"1.5T", 1'500'000'000'000},
      {"1.5KiB", 1536},
      {"0.001k", 1},
      {"7B", 7},
      {"16383P", 16'383'000'000'000'000'000U},
      {"18446744073709551615", kMax},
  };
  for (const auto& [text, bytes] : cases) {
    const auto parsed = parse_size(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ParseSize, RefusesAllElse) {
  for (const char* text : {"",        " ",        "G",
                           "-1",      "+1",       "1x",
                           "1Gx",     "1GiBs",    "1.",
                           ".5",      "1..5",     "1.2.3G",
                           "1.0001G", "1 000",    "1  G",
                           " 1G",     "1G ",      "1e9",
                           "0x10",    "10%",      "18446744073709551616",
                           "18447P",  "20000PiB", "1iB",
                           "1Bi"}) {
    const auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find("20GiB"), std::string::npos);
  }
}

TEST(SizeText, UsesTheLargestUnitThatGivesAtLeastOne) {
  const std::vector<std::pair<std::uint64_t, std::string>> cases = {
      {0, "0 B"},
      {999, "999 B"},
      {1000, "1.0 kB"},
      {1049, "1.0 kB"},
      {1050, "1.1 kB"},
      {999'949, "999.9 kB"},
      {999'950, "1.0 MB"},
      {646'800'000'000, "646.8 GB"},
      {1'000'000'000'000, "1.0 TB"},
      {kMax, "18.4 EB"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(size_text(bytes), text);
  }
}

TEST(SizeText, CanBeParsedBackToWithinHalfATenth) {
  for (std::uint64_t bytes = 1; bytes < kMax / 7; bytes = bytes * 7 + 3) {
    const auto parsed = parse_size(size_text(bytes));
    if (bytes >= 1'000'000'000'000'000'000U) {
      EXPECT_FALSE(parsed) << "exabytes are printed, not accepted";
      continue;
    }
    ASSERT_TRUE(parsed) << size_text(bytes);
    const std::uint64_t off =
        *parsed > bytes ? *parsed - bytes : bytes - *parsed;
    EXPECT_LE(off, bytes / 20) << size_text(bytes);
  }
}

}  // namespace
}  // namespace omicsfs

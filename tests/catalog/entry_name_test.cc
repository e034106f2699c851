// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omicsfs {
namespace {

// Every string over `alphabet` of up to `length` bytes.
std::vector<std::string> strings_over(const std::string& alphabet,
                                      std::size_t length) {
  std::vector<std::string> all = {""};
  std::size_t begin = 0;
  for (std::size_t size = 1; size <= length; ++size) {
    const std::size_t end = all.size();
    for (std::size_t at = begin; at < end; ++at) {
      for (const char c : alphabet) {
        all.push_back(all[at] + c);
      }
    }
    begin = end;
  }
  return all;
}

const std::vector<std::string>& small_world() {
  // A letter, '.', '/', '%', hex digits of an escape, NUL, DEL, bytes of "é",
  // of a C1 control and of an overlong form.
  static const std::vector<std::string> world =
      strings_over(std::string("a./%2F\0\x7F\xC3\xA9\xC2\x85\xC0", 13), 4);
  return world;
}

TEST(EntryName, ACleanedNameIsAlwaysValid) {
  for (const std::string& raw : small_world()) {
    const auto valid = check_entry_name(clean_entry_name(raw));
    ASSERT_TRUE(valid) << omicsfs::quoted(raw) << ": " << valid.error().message;
  }
}

TEST(EntryName, AValidNameIsReturnedUnchangedAndOnlyThat) {
  for (const std::string& raw : small_world()) {
    ASSERT_EQ(check_entry_name(raw).has_value(), clean_entry_name(raw) == raw)
        << omicsfs::quoted(raw);
  }
}

TEST(EntryName, NoTwoEscapedNamesMeet) {
  std::map<std::string, std::string> escaped;
  for (const std::string& raw : small_world()) {
    if (check_entry_name(raw)) {
      continue;
    }
    const auto [at, added] = escaped.emplace(clean_entry_name(raw), raw);
    ASSERT_TRUE(added) << omicsfs::quoted(raw) << " and "
                       << omicsfs::quoted(at->second);
  }
}

TEST(EntryName, EscapesAreTheDocumentedOnes) {
  EXPECT_EQ(clean_entry_name(""), "%");
  EXPECT_EQ(clean_entry_name("."), "%2E");
  EXPECT_EQ(clean_entry_name(".."), "%2E%2E");
  EXPECT_EQ(clean_entry_name("..."), "...");
  EXPECT_EQ(clean_entry_name("a/b"), "a%2Fb");
  EXPECT_EQ(clean_entry_name("5%/b"), "5%25%2Fb");
  EXPECT_EQ(clean_entry_name("5% b"), "5% b");
  EXPECT_EQ(clean_entry_name("\xC2\x85"), "%C2%85");
}

TEST(EntryName, ALongNameKeepsItsStartAndExtension) {
  const std::string raw = std::string(300, 'x') + ".h5ad";
  const std::string clean = clean_entry_name(raw);
  EXPECT_EQ(clean.size(), kMaxNameBytes);
  EXPECT_TRUE(clean.starts_with("xxxx"));
  EXPECT_TRUE(clean.ends_with(".h5ad"));
  EXPECT_NE(clean, clean_entry_name("y" + raw));
}

TEST(EntryName, ALongNameIsNeverCutWithinACharacter) {
  for (std::size_t lead = 0; lead < 4; ++lead) {
    std::string raw(lead, 'x');
    while (raw.size() < 300) {
      raw += "\xF0\x9F\xA7\xAC";  // a character of four bytes
    }
    EXPECT_TRUE(check_entry_name(clean_entry_name(raw))) << lead;
  }
}

TEST(EntryName, TheLengthLimitIsExact) {
  EXPECT_TRUE(check_entry_name(std::string(255, 'a')));
  EXPECT_FALSE(check_entry_name(std::string(256, 'a')));
}

// The code point of the `length` bytes at the front of `text` by arithmetic
// alone; none where they are no UTF-8 character: the oracle for the table that
// the code uses.
std::optional<unsigned> code_point(std::string_view text, std::size_t length) {
  const unsigned marks[] = {0, 0, 0xC0, 0xE0, 0xF0};  // of the first byte
  const unsigned spans[] = {0, 0x80, 0x20, 0x10, 0x08};
  const unsigned first[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned lead = static_cast<unsigned char>(text[0]);
  if (lead - marks[length] >= spans[length] || text.size() < length) {
    return std::nullopt;
  }
  unsigned code = lead - marks[length];
  for (const char c : text.substr(1, length - 1)) {
    const unsigned more = static_cast<unsigned char>(c) - 0x80U;
    if (more >= 0x40) {
      return std::nullopt;
    }
    code = code * 64 + more;
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool valid = code >= first[length] && code <= 0x10FFFF && !surrogate;
  return valid ? std::optional<unsigned>(code) : std::nullopt;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= 4 && !code_point(text, length).has_value()) {
      ++length;
    }
    if (length > 4) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

TEST(EntryName, Utf8IsAcceptedExactlyWhereItDecodes) {
  const std::string edges =
      "a\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0"
      "\xF1\xF3\xF4\xF5\xFF";
  for (const std::string& text : strings_over(edges, 4)) {
    // U+0080 to U+009F are UTF-8, but controls.
    const bool control = text.find("\xC2\x80") != std::string::npos ||
                         text.find("\xC2\x8F") != std::string::npos ||
                         text.find("\xC2\x90") != std::string::npos ||
                         text.find("\xC2\x9F") != std::string::npos;
    if (text.empty() || control) {
      continue;
    }
    ASSERT_EQ(check_entry_name(text).has_value(), is_utf8(text))
        << omicsfs::quoted(text);
  }
}

TEST(SplitPath, AcceptsExactlyTheJoinedValidNames) {
  for (const std::string& path : strings_over("a./", 7)) {
    std::vector<std::string> names = {""};
    for (const char c : path) {
      if (c == '/') {
        names.emplace_back();
      } else {
        names.back() += c;
      }
    }
    bool valid = true;
    for (const std::string& name : names) {
      valid = valid && check_entry_name(name).has_value();
    }
    const auto split = split_path(path);
    ASSERT_EQ(split.has_value(), valid) << path;
    if (valid) {
      ASSERT_EQ(std::vector<std::string>(split->begin(), split->end()), names);
    }
  }
}

TEST(SplitPath, TheErrorNamesTheRule) {
  EXPECT_EQ(split_path("a/../b").error().message,
            "path \"a/../b\" must not contain \"..\"");
  EXPECT_EQ(split_path("/a").error().message,
            "path \"/a\" must not be absolute");
  EXPECT_EQ(split_path("a//b").error().message,
            "path \"a//b\" must not contain an empty name");
}

TEST(SplitPath, TheLimitsAreExact) {
  std::string deep = "a";
  for (std::size_t depth = 1; depth < kMaxPathDepth; ++depth) {
    deep += "/a";
  }
  EXPECT_TRUE(split_path(deep));
  EXPECT_FALSE(split_path(deep + "/a"));
  std::string lengthy;
  while (lengthy.size() < kMaxPathBytes) {
    lengthy += std::string(255, 'a') + "/";
  }
  lengthy.resize(kMaxPathBytes);
  EXPECT_TRUE(split_path(lengthy));
  EXPECT_FALSE(split_path(lengthy + "a"));
}

TEST(Quoted, IsShortAndPrintableWhateverTheText) {
  EXPECT_EQ(omicsfs::quoted("a\n\"\\\xFF"), "\"a\\x0A\\\"\\\\\\xFF\"");
  for (const std::string& raw : small_world()) {
    for (const char c : omicsfs::quoted(raw + std::string(200, '\x01'))) {
      ASSERT_GE(static_cast<unsigned char>(c), 0x20U);
    }
    ASSERT_LE(omicsfs::quoted(raw + std::string(200, '\x01')).size(), 82U);
  }
}

}  // namespace
}  // namespace omicsfs

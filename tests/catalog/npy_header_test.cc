// SPDX-License-Identifier: MIT
#include "catalog/npy_header.h"

#include <gtest/gtest.h>

#include <utility>

namespace omicsfs {
namespace {

// A file's start: the magic, `version` and the length of `dictionary` in as
// many bytes as the version has.
std::string npy(int version, const std::string& dictionary) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  for (int shift = 0; shift < (version == 1 ? 16 : 32); shift += 8) {
    text += static_cast<char>(dictionary.size() >> shift & 0xFFU);
  }
  return text + dictionary;
}

Result<NpyHeader> parsed_npy(const std::string& dictionary) {
  return parse_npy_header(npy(1, dictionary));
}

std::string with_descr(const std::string& descr) {
  return "{'descr': " + descr + ", 'fortran_order': False, 'shape': (2, 3), }";
}

std::string with_shape(const std::string& shape) {
  return "{'descr': '<f2', 'fortran_order': False, 'shape': " + shape + ", }";
}

TEST(NpyHeader, IsReadOfEachVersion) {
  const std::string dictionary = with_descr("'<f2'") + "   \n";
  for (const auto& [version, start] :
       {std::pair{1, 10U}, std::pair{2, 12U}, std::pair{3, 12U}}) {
    const std::string text = npy(version, dictionary) + "elements";
    EXPECT_EQ(*npy_header_length(text), start + dictionary.size());
    const auto header = parse_npy_header(text);
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->descr, "<f2");
    EXPECT_EQ(header->item_bytes, 2U);
    EXPECT_FALSE(header->fortran_order);
    EXPECT_EQ(header->shape, (std::vector<std::uint64_t>{2, 3}));
    EXPECT_EQ(header->header_bytes, start + dictionary.size());
    EXPECT_EQ(npy_data_bytes(*header), 12U);
  }
}

TEST(NpyHeader, OfAnotherVersionIsRefused) {
  for (const int version : {0, 4, 255}) {
    const auto header = parse_npy_header(npy(version, with_shape("()")));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, ErrorCode::kUnsupported);
  }
  std::string minor = npy(1, with_shape("()"));
  minor[7] = '\x01';
  EXPECT_EQ(parse_npy_header(minor).error().code, ErrorCode::kUnsupported);
}

TEST(NpyHeader, IsNoneWhereAnythingIsCutOff) {
  const std::string whole = npy(1, with_shape("(2, 3)"));
  ASSERT_TRUE(parse_npy_header(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto header = parse_npy_header(std::span(whole.data(), length));
    ASSERT_FALSE(header) << length;
    EXPECT_EQ(header.error().code, ErrorCode::kInvalid) << length;
  }
}

TEST(NpyHeader, TakesWhatPythonTakes) {
  for (const char* text :
       {"{'shape': (2, 3), 'fortran_order': False, 'descr': '<f2'}",
        "{\"descr\": \"<f2\", \"fortran_order\": False, \"shape\": (2, 3)}",
        "{'descr':'<f2','fortran_order':False,'shape':(2,3,)}",
        "{ 'descr' : '<f2' , 'fortran_order' : False , 'shape' : ( 2L , 3L ) "
        ", }\n"}) {
    const auto header = parsed_npy(text);
    ASSERT_TRUE(header) << text << header.error().message;
    EXPECT_EQ(header->shape, (std::vector<std::uint64_t>{2, 3}));
  }
  EXPECT_TRUE(
      parsed_npy("{'descr': '<f2', 'fortran_order': True, 'shape': (1,)}")
          ->fortran_order);
}

TEST(NpyHeader, HasAnyNumberOfDimensions) {
  for (const auto& [text, bytes] : {
           std::pair{"()", 2U},
           std::pair{"(7,)", 14U},
           std::pair{"(7, 0)", 0U},
           std::pair{"(0, 18446744073709551615)", 0U},
           std::pair{"(2, 3, 4)", 48U},
       }) {
    const auto header = parsed_npy(with_shape(text));
    ASSERT_TRUE(header) << text;
    EXPECT_EQ(npy_data_bytes(*header), bytes) << text;
  }
}

TEST(NpyHeader, KnowsTheBytesOfAnElement) {
  for (const auto& [descr, bytes] : {
           std::pair{"<f2", 2U},
           std::pair{">i8", 8U},
           std::pair{"|b1", 1U},
           std::pair{"|u1", 1U},
           std::pair{"=c16", 16U},
           std::pair{"|S5", 5U},
           std::pair{"<U10", 40U},
           std::pair{"|V3", 3U},
           std::pair{"<U0", 0U},
           std::pair{"<M8[ns]", 8U},
           std::pair{"<m8[25us]", 8U},
       }) {
    const auto header = parsed_npy(with_descr("'" + std::string(descr) + "'"));
    ASSERT_TRUE(header) << descr << header.error().message;
    EXPECT_EQ(header->item_bytes, bytes) << descr;
    EXPECT_EQ(header->descr, descr);
  }
}

TEST(NpyHeader, RefusesElementsThatAreNoPlainOnes) {
  for (const char* descr :
       {"'|O'", "'|O8'", "[('a', '<f2')]", "('<f2', (3,))"}) {
    const auto header = parsed_npy(with_descr(descr));
    ASSERT_FALSE(header) << descr;
    EXPECT_EQ(header.error().code, ErrorCode::kUnsupported) << descr;
  }
}

TEST(NpyHeader, RefusesWhatIsNone) {
  for (const std::string& text : {
           std::string(),
           std::string("{}"),
           std::string("[]"),
           with_shape("(2, 3)") + "x",
           std::string("{'descr': '<f2', 'shape': (2,)}"),
           std::string("{'descr': '<f2', 'fortran_order': 0, 'shape': (2,)}"),
           std::string("{'descr' '<f2'}"),
           std::string("{'descr': '<f2' 'fortran_order': False}"),
           std::string("{'more': 1}"),
           std::string("{'descr': '<f2"),
           with_shape("2"),
           with_shape("(2"),
           with_shape("(2 3)"),
           with_shape("(-1,)"),
           with_shape("(1.5,)"),
           with_shape("(99999999999999999999,)"),
           with_shape("(4611686018427387904, 2)"),
           with_shape("(4294967296, 4294967296)"),
           with_descr("''"),
           with_descr("'f2'"),
           with_descr("'<f'"),
           with_descr("'<f2x'"),
           with_descr("'<f2[ns]'"),
           with_descr("'<M8[ns'"),
           with_descr("'<x2'"),
           with_descr("'<f-2'"),
           with_descr("'<f99999999999'"),
           with_descr("'<M8[\\n]'"),
           with_descr("7"),
       }) {
    const auto header = parsed_npy(text);
    ASSERT_FALSE(header) << text;
    EXPECT_EQ(header.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(NpyHeader, OfAnyLengthIsNotHeld) {
  std::string huge = npy(2, "");
  huge.replace(8, 4, "\x00\x00\x01\x00", 4);  // 65,536 bytes
  EXPECT_EQ(npy_header_length(huge).error().code, ErrorCode::kInvalid);
  const std::string large(60'000, ' ');
  EXPECT_TRUE(parsed_npy(with_shape("(1,)") + large));
}

TEST(NpyTableHeader, IsWhatIsReadAgainAtEachLength) {
  std::uint64_t rows = 0;
  for (int digits = 0; digits < 19; ++digits, rows = rows * 10 + 9) {
    const std::string text = npy_table_header("<f2", rows, 3);
    EXPECT_EQ(text.size(), 4096U);
    EXPECT_EQ(text.back(), '\n');
    const auto header = parse_npy_header(text);
    if (digits == 18) {
      ASSERT_FALSE(header) << "more than an array has";
      continue;
    }
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->header_bytes, text.size());
    EXPECT_EQ(header->shape, (std::vector<std::uint64_t>{rows, 3}));
    EXPECT_EQ(header->descr, "<f2");
    EXPECT_FALSE(header->fortran_order);
  }
}

}  // namespace
}  // namespace omicsfs

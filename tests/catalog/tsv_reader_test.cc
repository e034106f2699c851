// SPDX-License-Identifier: MIT
#include "catalog/tsv_reader.h"

#include <gtest/gtest.h>

#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

// Rows as "1:a|b", or the error as the last.
std::vector<std::string> rows_of(const std::string& text, std::size_t piece) {
  TextPieces pieces(text, piece);
  TsvReader reader(pieces.reader());
  std::vector<std::string> rows;
  while (true) {
    const auto more = reader.next();
    if (!more) {
      rows.push_back("error: " + more.error().message);
      return rows;
    }
    if (!*more) {
      return rows;
    }
    std::string row = std::to_string(reader.line()) + ":";
    for (const std::string_view cell : reader.cells()) {
      row += row.back() == ':' ? "" : "|";
      row += cell;
    }
    rows.push_back(row);
  }
}

using Lines = std::vector<std::string>;

// Read a byte, a few, and all at a time.
class TsvReaderTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  static Lines rows(const std::string& text) {
    return rows_of(text, GetParam());
  }
};

TEST_P(TsvReaderTest, CellsBetweenTabs) {
  EXPECT_EQ(rows("a\tb\nc\td\n"), (Lines{"1:a|b", "2:c|d"}));
  EXPECT_EQ(rows("a\tb\nc\td"), (Lines{"1:a|b", "2:c|d"}));
  EXPECT_EQ(rows("a\t\n\tb\n"), (Lines{"1:a|", "2:b"}));
}

TEST_P(TsvReaderTest, EmptyCellsCount) {
  TextPieces pieces("\t\t\n", GetParam());
  TsvReader reader(pieces.reader());
  ASSERT_TRUE(*reader.next());
  EXPECT_EQ(reader.cells().size(), 3U);
}

TEST_P(TsvReaderTest, LinesEndInEitherWayAndEmptyOnesArePassedOver) {
  EXPECT_EQ(rows("a\tb\r\n\r\n\nc\r\n"), (Lines{"1:a|b", "4:c"}));
  EXPECT_EQ(rows(""), Lines{});
  EXPECT_EQ(rows("\n\n"), Lines{});
}

TEST_P(TsvReaderTest, QuotesHoldTabsQuotesAndLineBreaks) {
  EXPECT_EQ(rows("\"a\tb\"\tc\nd\n"), (Lines{"1:a\tb|c", "2:d"}));
  EXPECT_EQ(rows("\"say \"\"so\"\"\"\tc\n"), (Lines{"1:say \"so\"|c"}));
  EXPECT_EQ(rows("\"a\nb\"\tc\nd\n"), (Lines{"1:a\nb|c", "3:d"}));
  EXPECT_EQ(rows("\"\"\tx\n"), (Lines{"1:x"}));
}

TEST_P(TsvReaderTest, AQuoteWithinACellIsItself) {
  EXPECT_EQ(rows("5\" wide\tb\n"), (Lines{"1:5\" wide|b"}));
  EXPECT_EQ(rows("\"a\"b\tc\n"), (Lines{"1:ab|c"}));
}

TEST_P(TsvReaderTest, AQuoteThatIsNotClosedIsAnErrorWithItsLine) {
  EXPECT_EQ(rows("a\n\"b\tc\n"),
            (Lines{"1:a", "error: a quote on line 2 is not closed"}));
}

INSTANTIATE_TEST_SUITE_P(Pieces, TsvReaderTest, testing::Values(1U, 3U, 1000U));

TEST(TsvReader, ARowWithoutEndIsAnErrorAndNotHeld) {
  std::size_t given = 0;
  TsvReader reader([&](std::span<char> out) -> Result<std::size_t> {
    std::fill(out.begin(), out.end(), 'a');
    given += out.size();
    return out.size();
  });
  const auto more = reader.next();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kInvalid);
  EXPECT_LT(given, 2 * TsvReader::kMaxRowBytes);
}

TEST(TsvReader, AnErrorOfTheSourceIsHandedOn) {
  TsvReader reader([](std::span<char>) -> Result<std::size_t> {
    return Error{ErrorCode::kUnavailable, "gone"};
  });
  EXPECT_EQ(reader.next().error().message, "gone");
}

}  // namespace
}  // namespace omicsfs

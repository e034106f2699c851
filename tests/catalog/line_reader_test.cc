// SPDX-License-Identifier: MIT
#include "catalog/line_reader.h"

#include <gtest/gtest.h>

#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

// Each line with its number; the error at the end.
std::string lines_of(const std::string& text, std::size_t piece,
                     std::size_t longest = 100) {
  TextPieces pieces(text, piece);
  const ReadPiece read = pieces.reader();
  LineReader lines(read, longest);
  std::string out;
  while (true) {
    const auto line = lines.next();
    if (!line) {
      return out + "! " + line.error().message;
    }
    if (!*line) {
      return out;
    }
    out += std::to_string(lines.line()) + "<" + std::string(**line) + ">";
  }
}

TEST(LineReader, GivesLinesWithoutTheirEnds) {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    EXPECT_EQ(lines_of("ab\nc\r\n\n\rd", piece), "1<ab>2<c>3<>4<\rd>");
    EXPECT_EQ(lines_of("ab\n", piece), "1<ab>");
    EXPECT_EQ(lines_of("", piece), "");
    EXPECT_EQ(lines_of("\n\n", piece), "1<>2<>");
  }
}

TEST(LineReader, ALongLineIsAnErrorThatNamesIt) {
  const std::string text = "a\n" + std::string(200, 'b') + "\n";
  EXPECT_EQ(lines_of(text, 10), "1<a>! line 2 is longer than 100 bytes");
  EXPECT_EQ(lines_of(text, 10, 250).substr(0, 10), "1<a>2<bbbb");
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/percent_encoding.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST(PercentEncoding, EveryByteComesBack) {
  for (const PlusSign plus : {PlusSign::kItself, PlusSign::kSpace}) {
    EXPECT_EQ(percent_decode(percent_encode(all_bytes(), ""), plus),
              all_bytes());
  }
}

TEST(PercentEncoding, KeepsOnlyTheUnreservedAndWhatIsAsked) {
  EXPECT_EQ(percent_encode("a-._~Z9 /+%\xC3\xA9", ""),
            "a-._~Z9%20%2F%2B%25%C3%A9");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(PercentEncoding, APlusIsASpaceOnlyInAForm) {
  EXPECT_EQ(percent_decode("a+b", PlusSign::kItself), "a+b");
  EXPECT_EQ(percent_decode("a+b", PlusSign::kSpace), "a b");
}

TEST(PercentEncoding, AnIncompleteEscapeIsRefused) {
  for (const char* text : {"%", "%4", "%4g", "%g4", "a%", "%-1", "% 1"}) {
    EXPECT_FALSE(percent_decode(text, PlusSign::kItself).has_value()) << text;
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/list_cell.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using Items = std::vector<std::string>;

TEST(ListItems, AreTexts) {
  EXPECT_EQ(*list_items("[]"), Items());
  EXPECT_EQ(*list_items(R"(["a"])"), Items({"a"}));
  EXPECT_EQ(*list_items(R"(["a", "", "b c, d"])"), Items({"a", "", "b c, d"}));
  EXPECT_EQ(*list_items(R"(["a","b"])"), Items({"a", "b"}));
}

TEST(ListItems, OfOtherKindsAndFormsAreReadAsWell) {
  EXPECT_EQ(*list_items(R"(["a", 5, true, false])"),
            Items({"a", "5", "true", "false"}));
  EXPECT_EQ(*list_items(R"(["\u00e9", "a\"b", "\\"])"),
            Items({"\xc3\xa9", "a\"b", "\\"}));
  EXPECT_EQ(*list_items("[\"\xc3\xa9\"]"), Items({"\xc3\xa9"}));
  EXPECT_EQ(*list_items(" [ \"a\" ,\n\"b\" ] "), Items({"a", "b"}));
}

TEST(ListItems, OfWhatIsNoListOfScalarsThereAreNone) {
  for (const char* cell :
       {"",           "[",           "]",        "[\"",
        "[\"]",       "\"a\"",       "5",        "{}",
        "[[]]",       "[{}]",        "[null]",   "[\"a\" \"b\"]",
        "[\"a\",]",   "[\"a\", ]",   "[,\"a\"]", "[\"a\"]]",
        "[\"a\nb\"]", "[\"\xff\"]",  "[\"a\"x]", "[\"a\"; \"b\"]",
        "[1.5]",      "[\"a\", \"b]"}) {
    const auto items = list_items(cell);
    ASSERT_FALSE(items) << cell;
    EXPECT_EQ(items.error().code, ErrorCode::kInvalid) << cell;
  }
}

}  // namespace
}  // namespace omicsfs

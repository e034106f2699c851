// SPDX-License-Identifier: MIT
#include "catalog/refresh_rules.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(RefreshRules, AServerOrDiskThatFailsEndsARefreshAndABadEntryDoesNot) {
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kTimedOut, ErrorCode::kInterrupted,
        ErrorCode::kNoSpace, ErrorCode::kIo}) {
    EXPECT_TRUE(ends_refresh({code, ""}));
    EXPECT_FALSE(leaves_out_entry({code, ""}));
  }
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kChanged, ErrorCode::kCorrupt,
        ErrorCode::kInvalid, ErrorCode::kUnsupported}) {
    EXPECT_FALSE(ends_refresh({code, ""}));
    EXPECT_TRUE(leaves_out_entry({code, ""}));
  }
}

TEST(RefreshRules, ARefusedDocumentEndsARefreshAndARefusedEntryIsLeftOut) {
  EXPECT_TRUE(ends_refresh({ErrorCode::kRefused, ""}));
  EXPECT_TRUE(leaves_out_entry({ErrorCode::kRefused, ""}));
}

TEST(RefreshRules, ADocumentOfBadEntriesAloneIsRefusedWithTheFirstReasons) {
  EntryTally tally;
  EXPECT_TRUE(tally.verdict()) << "a document may be empty";
  for (int number = 1; number <= 7; ++number) {
    tally.bad("line " + std::to_string(number), "no");
  }
  const auto refused = tally.verdict();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("line 5: no; and 2 more"),
            std::string::npos)
      << refused.error().message;
  EXPECT_EQ(refused.error().message.find("line 6"), std::string::npos);
  tally.good();
  EXPECT_TRUE(tally.verdict());
  EXPECT_EQ(tally.left_out(), 7U);
}

TEST(RefreshRules, OnlyAKnownDocumentThatIsGoneIsLeftOut) {
  for (const ErrorCode code : {ErrorCode::kChanged, ErrorCode::kCorrupt,
                               ErrorCode::kInvalid, ErrorCode::kUnsupported}) {
    const Error error = error_of_known({code, "it is no list"}, "https://h/l");
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_TRUE(error.message.starts_with("it is no list; ")) << error.message;
    EXPECT_NE(error.message.find("made of https://h/l,"), std::string::npos);
    EXPECT_NE(error.message.find("--allow-empty"), std::string::npos);
  }
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kUnavailable, ErrorCode::kRefused,
        ErrorCode::kTimedOut, ErrorCode::kInterrupted, ErrorCode::kNoSpace,
        ErrorCode::kIo}) {
    EXPECT_EQ(error_of_known({code, "why"}, "x").code, code);
    EXPECT_EQ(error_of_known({code, "why"}, "x").message, "why");
  }
}

TEST(RefreshRules, ACatalogWithoutFilesReplacesOnlyOneWithoutFiles) {
  EXPECT_TRUE(check_replacement(std::nullopt, 0, false));
  EXPECT_TRUE(check_replacement(0, 0, false));
  EXPECT_TRUE(check_replacement(5, 1, false));
  EXPECT_TRUE(check_replacement(5, 0, true));
  const auto refused = check_replacement(5, 0, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("--allow-empty"), std::string::npos);
}

TEST(RefreshRules, TheReadmeCountsAllWarningsAndHasTheFirstOnes) {
  WarningLog log;
  EXPECT_EQ(log.readme_text(), "");
  log.add("a\nb");
  EXPECT_EQ(log.readme_text(), "\nWarnings of the last refresh: 1\n  a b\n");
  for (int number = 2; number <= 30; ++number) {
    log.add("w" + std::to_string(number));
  }
  const std::string text = log.readme_text();
  EXPECT_NE(text.find("refresh: 30\n"), std::string::npos);
  EXPECT_NE(text.find("  w20\n  and 10 more\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace omicsfs

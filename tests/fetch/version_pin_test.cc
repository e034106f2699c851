// SPDX-License-Identifier: MIT
#include "fetch/version_pin.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace omicsfs {
namespace {

TEST(VersionPin, FirstAnswerOfAUrlIsPinned) {
  VersionPin pin;
  EXPECT_TRUE(pin.expected("u").empty());
  EXPECT_TRUE(pin.note("u", {"\"1\"", "Mon"}));
  EXPECT_EQ(pin.expected("u"), (Validator{"\"1\"", "Mon"}));
  EXPECT_TRUE(pin.expected("v").empty());
  EXPECT_EQ(pin.revision(), 1U);
}

TEST(VersionPin, AnswerWithoutValidatorPinsAndContradictsNothing) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("u", {}));
  EXPECT_EQ(pin.revision(), 0U);
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_TRUE(pin.note("u", {}));
  EXPECT_EQ(pin.revision(), 1U);
}

TEST(VersionPin, EachUrlHasItsOwnVersion) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_TRUE(pin.note("v", {"\"2\"", ""}));
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_EQ(pin.note("u", {"\"2\"", ""}).error().code, ErrorCode::kChanged);
  EXPECT_EQ(pin.entries().size(), 2U);
}

std::vector<Validator> small_world() {
  std::vector<Validator> world;
  for (const char* tag : {"", "\"1\"", "W/\"1\"", "\"2\""}) {
    for (const char* date : {"", "Mon", "Tue"}) {
      world.push_back({tag, date});
    }
  }
  return world;
}

// The rule of RFC 9110 8.8 told another way.
bool agree(const Validator& was, const Validator& is) {
  const auto opaque = [](const std::string& tag) {
    return tag.substr(tag.find('"') + 1);
  };
  const bool tags = !was.etag.empty() && !is.etag.empty();
  if (tags) {
    return opaque(was.etag) == opaque(is.etag);
  }
  const bool dates = !was.last_modified.empty() && !is.last_modified.empty();
  return !dates || was.last_modified == is.last_modified;
}

TEST(VersionPin, EtagsDecideWhereBothHaveOneElseTheDates) {
  for (const Validator& was : small_world()) {
    for (const Validator& is : small_world()) {
      VersionPin pin;
      ASSERT_TRUE(pin.note("u", was));
      EXPECT_EQ(pin.note("u", is).has_value(), agree(was, is))
          << was.etag << was.last_modified << " " << is.etag
          << is.last_modified;
    }
  }
}

TEST(VersionPin, ErrorNamesTheUrlWithoutItsSecretsAndBothVersions) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("http://h/f?sig=s3cret", {"\"1\"", ""}));
  const auto noted = pin.note("http://h/f?sig=s3cret", {"\"2\"", ""});
  ASSERT_FALSE(noted);
  EXPECT_EQ(noted.error().message,
            "http://h/f has changed: it was \"1\", now it is \"2\"");
}

TEST(VersionPin, EntriesOfAnEarlierSessionArePinnedAgain) {
  VersionPin first;
  ASSERT_TRUE(first.note("u", {"\"1\"", ""}));
  VersionPin second(first.entries());
  EXPECT_EQ(second.note("u", {"\"2\"", ""}).error().code, ErrorCode::kChanged);
  EXPECT_EQ(second.revision(), 0U);
}

TEST(VersionPin, OfThreadsThatDisagreeOneVersionIsBelieved) {
  VersionPin pin;
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int version = 0; version < 8; ++version) {
    threads.emplace_back([&pin, &accepted, version] {
      const std::string etag = "\"" + std::to_string(version) + "\"";
      accepted += pin.note("u", {etag, ""}) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(pin.revision(), 1U);
}

TEST(StrongEtag, OnlyWellFormedStrongTagsAreReturned) {
  EXPECT_EQ(strong_etag({"\"abc-1\"", ""}), "\"abc-1\"");
  EXPECT_EQ(strong_etag({"\"\"", ""}), "\"\"");
  for (const char* tag : {"", "\"", "W/\"a\"", "abc", "\"a", "a\"", "\"a\"b\"",
                          "\"a b\"", "\"a\r\nX: y\""}) {
    EXPECT_EQ(strong_etag({tag, "Mon"}), "") << tag;
  }
}

}  // namespace
}  // namespace omicsfs

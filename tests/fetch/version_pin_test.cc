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
  VersionPin second;
  ASSERT_TRUE(second.merge(first.entries()));
  EXPECT_EQ(second.note("u", {"\"2\"", ""}).error().code, ErrorCode::kChanged);
  EXPECT_EQ(second.revision(), 1U);
}

TEST(VersionPin, ANewSignatureIsNoNewPlace) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("https://h/f?sig=1", {"\"1\"", ""}));
  EXPECT_EQ(pin.expected("https://h/f?sig=2").etag, "\"1\"");
  EXPECT_FALSE(pin.note("https://h/f?sig=2", {"\"2\"", ""}));
  EXPECT_TRUE(pin.note("https://h:444/f?sig=2", {"\"2\"", ""}))
      << "another server has a version of its own";
}

TEST(VersionPin, PinsOfAnotherProcessAreMergedAndAConflictIsToldApart) {
  VersionPin mine;
  ASSERT_TRUE(mine.note("http://a/f", {"\"1\"", ""}));
  VersionPin theirs;
  ASSERT_TRUE(theirs.note("http://b/f", {"\"2\"", ""}));
  EXPECT_TRUE(mine.merge(theirs.entries()));
  EXPECT_EQ(mine.entries().size(), 2U);
  VersionPin others;
  ASSERT_TRUE(others.note("http://a/f", {"\"9\"", ""}));
  EXPECT_EQ(mine.merge(others.entries()).error().code, ErrorCode::kChanged);
  EXPECT_EQ(mine.entries().size(), 2U);
}

TEST(VersionPin, ReplicasOfOnePlaceMayEachHaveAValidator) {
  VersionPin pin;
  ASSERT_TRUE(pin.note("http://a/f", {"\"1\"", ""}));
  pin.add_replica("http://a/f", {"\"2\"", ""});
  EXPECT_TRUE(pin.note("http://a/f", {"\"1\"", ""}));
  EXPECT_TRUE(pin.note("http://a/f", {"\"2\"", ""}));
  EXPECT_FALSE(pin.note("http://a/f", {"\"3\"", ""}));
  EXPECT_TRUE(pin.expected("http://a/f").empty()) << "either may answer";
  EXPECT_TRUE(pin.is_pinned("http://a/f"));
  VersionPin one;
  ASSERT_TRUE(one.note("http://a/f", {"\"2\"", ""}));
  EXPECT_TRUE(one.merge(pin.entries()));
  EXPECT_TRUE(one.note("http://a/f", {"\"1\"", ""}));
}

TEST(VersionPin, ABoundedNumberOfReplicasIsKept) {
  VersionPin pin;
  ASSERT_TRUE(pin.note("http://a/f", {"\"0\"", ""}));
  for (int i = 1; i < 1000; ++i) {
    pin.add_replica("http://a/f", {"\"" + std::to_string(i) + "\"", ""});
  }
  EXPECT_EQ(pin.entries().size(), VersionPin::kMostPins);
  EXPECT_TRUE(pin.note("http://a/f", {"\"15\"", ""}));
  EXPECT_FALSE(pin.note("http://a/f", {"\"16\"", ""}));
}

std::string numbered(int i) { return std::to_string(i); }

// Fills `pin` with a version of its own for each of kMostPins places.
void fill(VersionPin& pin) {
  for (int i = 0; i < static_cast<int>(VersionPin::kMostPins); ++i) {
    ASSERT_TRUE(pin.note("http://h" + numbered(i) + "/f",
                         {"\"" + numbered(i) + "\"", "day " + numbered(i)}));
  }
}

TEST(VersionPin, APlaceForWhichNoRoomIsLeftMustShowAKnownVersion) {
  VersionPin pin;
  fill(pin);
  EXPECT_TRUE(pin.note("http://next/f", {"W/\"3\"", ""}));
  EXPECT_TRUE(pin.note("http://next/f", {"", "day 3"}));
  EXPECT_TRUE(pin.note("http://next/f", {}));
  for (const Validator& other : {Validator{"\"x\"", ""}, Validator{"", "day x"},
                                 Validator{"\"x\"", "day 3"}}) {
    EXPECT_EQ(pin.note("http://next/f", other).error().code,
              ErrorCode::kChanged);
  }
  EXPECT_EQ(pin.entries().size(), VersionPin::kMostPins);
}

TEST(VersionPin, PinsOfAnotherProcessBeyondTheRoomAreNoConflict) {
  VersionPin pin;
  fill(pin);
  EXPECT_TRUE(pin.merge({{"http://next/f", {"\"x\"", ""}}}));
  EXPECT_EQ(pin.entries().size(), VersionPin::kMostPins);
  EXPECT_FALSE(pin.merge({{"http://h0/f", {"\"x\"", ""}}}))
      << "it is another version at a known place";
}

TEST(VersionPin, FieldsOfAnyLengthAreComparedWhole) {
  const std::string place = "http://h/" + std::string(5000, 'x');
  const std::string tag(5000, 'y');
  VersionPin pin;
  ASSERT_TRUE(pin.note(place, {"\"" + tag + "\"", ""}));
  EXPECT_TRUE(pin.is_pinned(place + "?sig=1"));
  EXPECT_FALSE(pin.is_pinned(place + "x"));
  EXPECT_TRUE(pin.note(place, {"W/\"" + tag + "\"", ""}));
  EXPECT_FALSE(pin.note(place, {"\"" + tag + "y\"", ""}));
  EXPECT_EQ(strong_etag(pin.expected(place)), "") << "no condition to ask with";
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

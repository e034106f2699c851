// SPDX-License-Identifier: MIT
#include "fetch/version_pin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
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

TEST(VersionPin, AnAnswerWithoutAValidatorIsNeitherBelievedNorForgotten) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("u", {}));
  EXPECT_TRUE(pin.note("u", {}));
  EXPECT_FALSE(pin.is_pinned("u")) << "it names no version";
  EXPECT_EQ(pin.note("u", {"\"1\"", ""}).error().code, ErrorCode::kChanged);
  EXPECT_TRUE(pin.note("v", {"\"1\"", ""}));
  EXPECT_EQ(pin.note("v", {}).error().code, ErrorCode::kChanged);
  pin.add_replica("v", {});
  EXPECT_FALSE(pin.note("v", {})) << "the next may be of another version";
  VersionPin next;
  ASSERT_TRUE(next.merge(pin.entries()));
  EXPECT_FALSE(next.note("u", {"\"1\"", ""}));
}

TEST(VersionPin, EachUrlHasItsOwnVersion) {
  VersionPin pin;
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_TRUE(pin.note("v", {"\"2\"", ""}));
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_EQ(pin.note("u", {"\"2\"", ""}).error().code, ErrorCode::kChanged);
  EXPECT_EQ(pin.entries().size(), 2U);
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

VersionSample sample_at(std::uint64_t offset) {
  return {{offset, 10}, static_cast<std::uint32_t>(offset)};
}

// Two processes: what one has proved by its bytes, the other's may contradict.
TEST(VersionPin, WhatAnotherProcessHasProvedMustProveItselfHereAgain) {
  VersionPin mine;
  ASSERT_TRUE(mine.note("http://a/f", {"\"1\"", ""}));
  mine.keep_sample(sample_at(50));
  ASSERT_TRUE(mine.merge(
      {{"http://a/f", {"\"1\"", ""}}, {"http://a/f", {"\"2\"", ""}}}));
  EXPECT_EQ(mine.entries().size(), 2U) << "the header keeps both";
  EXPECT_EQ(mine.judge("http://a/f", {"\"2\"", ""}, true),
            VersionVerdict::kUnproven);
  EXPECT_EQ(mine.judge("http://a/f", {"\"2\"", ""}, false),
            VersionVerdict::kOther);
  mine.add_replica("http://a/f", {"\"2\"", ""});
  EXPECT_TRUE(mine.note("http://a/f", {"\"2\"", ""}));
  EXPECT_EQ(mine.entries().size(), 2U);
}

TEST(VersionPin, PinsOfTwoProcessesThatShareNoFieldAreAConflict) {
  const std::vector<Validator> different{
      {"\"1\"", ""}, {"", "Mon"}, {"\"2\"", "Tue"}, {}};
  for (const Validator& one : different) {
    for (const Validator& other : different) {
      VersionPin pin;
      ASSERT_TRUE(pin.note("u", one));
      EXPECT_EQ(pin.merge({{"u", other}}).has_value(), one == other);
    }
  }
}

// The header has what was met first, the process what it has proved since.
TEST(VersionPin, APlaceThatToldNothingAtFirstAndWasProvedIsNoConflict) {
  VersionPin pin;
  ASSERT_TRUE(pin.note("u", {}));
  const auto kept = pin.entries();
  pin.add_replica("u", {"\"1\"", ""});
  EXPECT_TRUE(pin.merge(kept));
  EXPECT_TRUE(pin.note("u", {"\"1\"", ""}));
  EXPECT_FALSE(pin.note("u", {}));
  EXPECT_FALSE(pin.merge({{"u", {}}, {"u", {"\"2\"", ""}}}));
}

TEST(VersionPin, ItsBytesAreAsOldAsTheOldestOfAnyProcess) {
  VersionPin pin(1000);
  ASSERT_TRUE(pin.merge({}, 10));
  EXPECT_EQ(pin.since(), 1000) << "nothing came under no pin";
  ASSERT_TRUE(pin.merge({{"u", {"\"1\"", ""}}}, 2000));
  EXPECT_EQ(pin.since(), 1000);
  ASSERT_TRUE(pin.merge({{"u", {"\"1\"", ""}}}, 900));
  EXPECT_EQ(pin.since(), 900);
}

// Whatever the order in which they come.
TEST(VersionPin, SamplesAreTheFirstTheLastAndTheOneNearestTheMiddle) {
  std::vector<std::uint64_t> order{0, 10, 40, 90, 100};
  do {
    std::vector<VersionSample> samples;
    for (const std::uint64_t offset : order) {
      spread_samples(samples, sample_at(offset));
      spread_samples(samples, sample_at(offset));
      ASSERT_LE(samples.size(), 3U);
    }
    EXPECT_EQ(samples.front(), sample_at(0));
    EXPECT_EQ(samples.back(), sample_at(100));
    ASSERT_EQ(samples.size(), 3U);
    EXPECT_GT(samples[1].range.offset, 0U);
    EXPECT_LT(samples[1].range.offset, 100U);
  } while (std::next_permutation(order.begin(), order.end()));
  std::vector<VersionSample> samples;
  for (const std::uint64_t offset : {0U, 100U, 10U, 40U, 90U}) {
    spread_samples(samples, sample_at(offset));
  }
  EXPECT_EQ(samples[1], sample_at(40));
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
  for (const Validator& other : {Validator{"\"x\"", ""}, Validator{"", "day x"},
                                 Validator{"\"x\"", "day 3"}, Validator{}}) {
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

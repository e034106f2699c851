// SPDX-License-Identifier: MIT
#include "fetch/range_fetch.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/fetch/range_fetch_fixture.h"

namespace omicsfs {
namespace {

using Rules = std::vector<Mirrors::Rule>;
using std::chrono::milliseconds;
using What = FakeFault::What;

TEST_F(RangeFetch, EveryRangeOfASmallObjectArrives) {
  text_ = text_of(8);
  transport_.add(kA, text_);
  for (std::size_t chunk = 1; chunk <= 9; chunk += 2) {
    transport_.set_chunk_bytes(chunk);
    for (std::uint64_t offset = 0; offset < 8; ++offset) {
      for (std::uint64_t length = 1; offset + length <= 8; ++length) {
        expect_bytes({offset, length});
      }
    }
  }
}

TEST_F(RangeFetch, SinkIsToldOfItsBytesAndThenOnceOfTheEnd) {
  transport_.add(kA, text_);
  transport_.set_chunk_bytes(7);
  const Sink sink = start({0, 100});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->calls(), "bd");
}

// Whatever byte an answer breaks at, the next one goes on from there. Of a body
// whose length is not told, nothing was given away.
TEST_F(RangeFetch, CutBodyIsGoneOnWithFromTheFirstMissingByte) {
  transport_.add(kA, text_);
  transport_.set_chunk_bytes(3);
  for (const What what : {What::kReset, What::kShort}) {
    for (std::uint64_t cut = 0; cut < 20; ++cut) {
      const std::size_t before = transport_.requests();
      transport_.fail_nth(1, {.what = what, .bytes = cut});
      expect_bytes({40, 20});
      const auto log = transport_.log();
      ASSERT_EQ(log.size(), before + 2);
      const std::uint64_t given = what == What::kReset ? cut : 0;
      EXPECT_EQ(log.back().range, (ByteRange{40 + given, 20 - given}));
    }
  }
}

TEST_F(RangeFetch, BodyThatIsWholeBeforeTheConnectionBreaksIsEnough) {
  transport_.add(kA, text_);
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 20});
  expect_bytes({0, 20});
  EXPECT_EQ(transport_.requests(), 1U);
}

// As of a server that sends the whole object, or another one, as a part.
TEST_F(RangeFetch, APartWithSurplusBytesIsWrong) {
  transport_.add(kA, text_);
  for (const std::size_t chunk : {1UL, 10UL, 100UL}) {
    transport_.set_chunk_bytes(chunk);
    transport_.fail_nth(1, {.what = What::kLongerBody, .bytes = 1});
    expect_bytes({10, 25});
  }
  EXPECT_EQ(transport_.requests(), 6U) << "each was asked for once more";
  transport_.fail_url(kA, {.what = What::kLongerBody, .bytes = 30});
  const Sink sink = start({10, 25});
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sink->bytes(), "");
}

TEST_F(RangeFetch, AnObjectOfUntoldLengthMustEndWhereTheCatalogSays) {
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kNoTotal});
  expect_bytes({10, 25});
  const auto log = transport_.log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[1].range, (ByteRange{99, 2}));
  expect_bytes({40, 60});
  EXPECT_EQ(transport_.requests(), 4U) << "the end is asked for once";
  for (const std::string& other : {text_ + "x", text_.substr(0, 80)}) {
    pin_ = std::make_shared<VersionPin>();
    transport_.add(kA, other);
    const Sink sink = start({10, 25});
    EXPECT_EQ(sink->wait().error().code, ErrorCode::kChanged);
    EXPECT_EQ(sink->bytes(), "");
  }
}

TEST_F(RangeFetch, AnotherUrlIsAskedWhereAnObjectEndsElsewhere) {
  urls_ = {kA, kB};
  transport_.add(kA, text_ + text_);  // decoded, perhaps
  transport_.add(kB, text_);
  transport_.fail_url(kA, {.what = What::kNoTotal});
  expect_bytes({10, 25});
}

TEST_F(RangeFetch, AServerThatIgnoresRangesServesTheWholeObjectOnly) {
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kIgnoreRange});
  EXPECT_EQ(error_of({0, 99}), ErrorCode::kUnsupported);
  EXPECT_EQ(error_of({40, 1}), ErrorCode::kUnsupported);
  for (std::size_t chunk = 1; chunk <= 13; chunk += 3) {
    transport_.set_chunk_bytes(chunk);
    expect_bytes({0, 100});
  }
  // What is left of a body that was cut, too.
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 30});
  expect_bytes({0, 100});
}

TEST_F(RangeFetch, AnAnswerOfUnknownLengthGivesNothingAwayBeforeItsEnd) {
  transport_.add(kA, text_);
  transport_.set_chunk_bytes(7);
  transport_.fail_url(kA, {.what = What::kUnknownLength});
  expect_bytes({0, 100});
  for (const std::string& other :
       {text_ + "x", text_.substr(0, 99), text_.substr(0, 50), text_ + text_}) {
    transport_.add(kA, other);
    const Sink sink = start({0, 100});
    EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(sink->bytes(), "");
  }
}

// As servers do that store an object compressed and decode it for those who do
// not accept gzip.
TEST_F(RangeFetch, AnObjectThatIsDecodedForOthersIsAskedForAsItIsStored) {
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kDecodes});
  expect_bytes({0, 100});
  const auto log = transport_.log();
  EXPECT_EQ(log.front().accept_encoding, "");
  EXPECT_EQ(log.back().accept_encoding, "gzip");
  EXPECT_EQ(log.size(), 2U);
}

TEST_F(RangeFetch, TransientFailuresAreRetriedUntilThePolicyIsSpent) {
  transport_.add(kA, text_);
  for (const FakeFault& fault :
       {FakeFault{.what = What::kRefuse},
        FakeFault{.what = What::kStatus, .status = 503},
        FakeFault{.what = What::kStatus, .status = 429}}) {
    const std::size_t before = transport_.requests();
    for (std::uint64_t nth = 1; nth <= 3; ++nth) {
      transport_.fail_nth(nth, fault);
    }
    expect_bytes({5, 5});
    EXPECT_EQ(transport_.requests(), before + 4);
    transport_.fail_url(kA, fault);
    EXPECT_EQ(error_of({5, 5}), ErrorCode::kUnavailable);
    EXPECT_EQ(transport_.requests(), before + 8);
    transport_.clear_faults();
  }
}

TEST_F(RangeFetch, TriesThatGetFurtherAreNotCounted) {
  text_ = text_of(10 * kBlockBytes);
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kReset, .bytes = kBlockBytes});
  expect_bytes({0, text_.size()});
  EXPECT_EQ(transport_.requests(), 10U);
  transport_.fail_url(kA, {.what = What::kReset, .bytes = kBlockBytes - 1});
  EXPECT_EQ(error_of({0, text_.size()}), ErrorCode::kUnavailable);
  EXPECT_EQ(transport_.requests(), 14U);
}

TEST_F(RangeFetch, RetriesWaitWithinTheDoublingCeilingAndTheFirstTryDoesNot) {
  transport_.fail_url(kA, {.what = What::kRefuse});
  EXPECT_EQ(error_of({0, 1}), ErrorCode::kUnavailable);
  const auto log = transport_.log();
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[0].delay, milliseconds{0});
  EXPECT_LE(log[1].delay, milliseconds{100});
  EXPECT_LE(log[2].delay, milliseconds{200});
  EXPECT_LE(log[3].delay, milliseconds{400});
  EXPECT_GT(log[1].delay + log[2].delay + log[3].delay, milliseconds{0});
}

TEST_F(RangeFetch, ServerThatAsksToBeLeftAloneIs) {
  transport_.add(kA, text_);
  transport_.fail_nth(
      1, {.what = What::kStatus, .status = 429, .retry_after = "1"});
  expect_bytes({0, 1});
  EXPECT_EQ(transport_.log().back().delay, milliseconds{1000});
}

TEST_F(RangeFetch, WrongAnswersAreNotAskedForAgain) {
  transport_.add(kA, text_);
  for (const FakeFault& fault :
       {FakeFault{.what = What::kWrongRange},
        FakeFault{.what = What::kWrongLength},
        FakeFault{.what = What::kGzipClaim},
        FakeFault{.what = What::kStatus, .status = 403}}) {
    const std::size_t before = transport_.requests();
    transport_.fail_url(kA, fault);
    EXPECT_EQ(error_of({5, 5}), fault.what == What::kStatus
                                    ? ErrorCode::kRefused
                                    : ErrorCode::kUnavailable);
    EXPECT_EQ(transport_.requests(), before + 1);
  }
}

TEST_F(RangeFetch, WhateverIsWrongWithOneUrlTheOtherIsUsed) {
  offer_both();
  for (const FakeFault& fault :
       {FakeFault{.what = What::kRefuse}, FakeFault{.what = What::kReset},
        FakeFault{.what = What::kShort}, FakeFault{.what = What::kWrongRange},
        FakeFault{.what = What::kWrongTotal},
        FakeFault{.what = What::kWrongLength},
        FakeFault{.what = What::kGzipClaim},
        FakeFault{.what = What::kStatus, .status = 404},
        FakeFault{.what = What::kStatus, .status = 403},
        FakeFault{.what = What::kStatus, .status = 500}}) {
    pin_ = std::make_shared<VersionPin>();
    transport_.fail_url(kA, fault);
    expect_bytes({30, 40});
    EXPECT_EQ(transport_.log().back().url, kB);
  }
}

TEST_F(RangeFetch, MirrorsOfTheSettingsAreTriedToo) {
  mirrors_ = Mirrors(Rules{{"http://a/", {"http://mirror/x/"}}});
  transport_.add("http://mirror/x/f", text_);
  expect_bytes({1, 2});
}

// Opens at the third failure in a row, for `pause`.
RetryPolicy nervous(milliseconds pause) {
  return {.max_retries = 3,
          .breaker = {.failures = 3,
                      .without_success = milliseconds{0},
                      .first_pause = pause,
                      .max_pause = pause}};
}

TEST_F(RangeFetch, AServerThatKeepsFailingIsLeftAlone) {
  policy_ = nervous(std::chrono::hours{1});
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kRefuse});
  RangeFetcher fetcher(transport_, mirrors_, policy_, counters_, 1);
  const auto result = fetch(fetcher, {0, 1})->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(result.error().message.find("left alone after 3 failures"),
            std::string::npos)
      << result.error().message;
  EXPECT_EQ(asked(kA), 3);
  EXPECT_FALSE(fetch(fetcher, {0, 1})->wait());
  EXPECT_EQ(asked(kA), 3) << "it fails at once";
}

TEST_F(RangeFetch, AServerLeftAloneThatAnswersItsProbeIsAskedAsBefore) {
  policy_ = nervous(milliseconds{0});
  transport_.add(kA, text_);
  transport_.fail_url(kA, {.what = What::kStatus, .status = 503});
  RangeFetcher fetcher(transport_, mirrors_, policy_, counters_, 1);
  EXPECT_FALSE(fetch(fetcher, {0, 1})->wait());
  transport_.clear_faults();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(fetch(fetcher, {0, 1})->wait());
  }
}

TEST_F(RangeFetch, WhileOneServerIsLeftAloneItsMirrorServes) {
  policy_ = nervous(std::chrono::hours{1});
  offer_both();
  transport_.fail_url(kA, {.what = What::kRefuse});
  RangeFetcher fetcher(transport_, mirrors_, policy_, counters_, 1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(fetch(fetcher, {0, 1})->wait());
  }
  const std::size_t before = transport_.requests();
  EXPECT_TRUE(fetch(fetcher, {0, 1})->wait());
  EXPECT_EQ(transport_.requests(), before + 1);
  EXPECT_EQ(transport_.log().back().url, kB);
}

TEST_F(RangeFetch, ABusyServerOrOneThatSaysNoIsNotLeftAlone) {
  policy_ = nervous(std::chrono::hours{1});
  transport_.add(kA, text_);
  RangeFetcher fetcher(transport_, mirrors_, policy_, counters_, 1);
  for (const FakeFault& fault :
       {FakeFault{.what = What::kStatus, .status = 429},
        FakeFault{.what = What::kStatus, .status = 503, .retry_after = "1"},
        FakeFault{.what = What::kStatus, .status = 404},
        FakeFault{.what = What::kReset, .bytes = 1}}) {
    transport_.fail_url(kA, fault);
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(fetch(fetcher, {5, 5})->wait());
    }
    transport_.clear_faults();
    EXPECT_TRUE(fetch(fetcher, {5, 5})->wait());
  }
}

// A fetch that may be asked again: enough requests have gone before.
class HedgedFetch : public RangeFetch {
 protected:
  HedgedFetch() {
    offer_both();
    transport_.add(kA, text_, "\"a\"");
    counters_.requests = 1000;
  }
  Sink begin(ByteRange range) {
    auto sink = std::make_shared<CollectingRangeSink>();
    ask_again_ = fetcher_.fetch(request(range), sink);
    return sink;
  }
  void expect_whole(const Sink& sink, ByteRange range) {
    const auto result = sink->wait();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(sink->bytes(), text_.substr(range.offset, range.length));
  }

  RangeFetcher fetcher_{transport_, mirrors_, policy_, counters_, 1};
  RangeFetcher::AskAgain ask_again_;
};

TEST_F(HedgedFetch, WhereTheFirstUrlIsLateTheSecondAnswers) {
  transport_.hold(kA);
  const Sink sink = begin({5, 50});
  ask_again_();
  expect_whole(sink, {5, 50});
  EXPECT_EQ(transport_.log().back().url, kB);
  transport_.release(kA);
  EXPECT_TRUE(begin({0, 1})->wait());  // the late answer has done no harm
  EXPECT_EQ(sink->bytes().size(), 50U);
  EXPECT_EQ(counters_.hedges.load(), 1U);
}

TEST_F(HedgedFetch, WhereTheFirstAnswersAfterAllTheSecondIsLeftAlone) {
  transport_.hold(kA);
  transport_.hold(kB);
  const Sink sink = begin({5, 50});
  ask_again_();
  transport_.wait_for_requests(2);
  transport_.release(kA);
  expect_whole(sink, {5, 50});
  transport_.release(kB);
  EXPECT_EQ(sink->bytes().size(), 50U);
}

TEST_F(HedgedFetch, AnAnswerThatIsWrongDoesNotTakeTheLead) {
  transport_.fail_url(kB, {.what = What::kStatus, .status = 404});
  transport_.hold(kA);
  const Sink sink = begin({5, 50});
  ask_again_();
  transport_.wait_for_requests(2);
  transport_.release(kA);
  expect_whole(sink, {5, 50});
}

TEST_F(HedgedFetch, AHedgeThatBreaksIsGoneOnWithLikeAnyTry) {
  transport_.fail_url(kB, {.what = What::kReset, .bytes = 10});
  transport_.hold(kA);
  const Sink sink = begin({5, 50});
  ask_again_();
  transport_.wait_for_requests(3);
  transport_.release(kA);
  expect_whole(sink, {5, 50});
}

TEST_F(HedgedFetch, OnlyOneRequestInTwentyIsAskedAgain) {
  counters_.requests = 0;
  transport_.hold(kA);
  std::vector<Sink> sinks;
  for (int i = 0; i < 100; ++i) {
    sinks.push_back(begin({0, 1}));
    ask_again_();
  }
  EXPECT_LE(counters_.hedges.load(), 5U);
  EXPECT_GE(counters_.hedges.load(), 4U);
  transport_.release(kA);
  for (const Sink& sink : sinks) {
    EXPECT_TRUE(sink->wait());
  }
}

TEST_F(HedgedFetch, AskedWhenItIsOverNothingHappens) {
  EXPECT_TRUE(begin({0, 1})->wait());
  const auto ask_again = ask_again_;
  // By its end the network's thread has let the first one go.
  EXPECT_TRUE(begin({0, 1})->wait());
  const std::size_t before = transport_.requests();
  ask_again();
  EXPECT_TRUE(begin({0, 1})->wait());
  EXPECT_EQ(transport_.requests(), before + 1);
}

TEST_F(HedgedFetch, AnAnswerThatComesAfterTheEndIsNotTaken) {
  RetryPolicy once = policy_;
  once.max_retries = 0;
  RangeFetcher fetcher(transport_, mirrors_, once, counters_, 1);
  transport_.fail_url(kA, {.what = What::kRefuse});
  transport_.hold(kA);
  transport_.hold(kB);
  const auto sink = std::make_shared<CollectingRangeSink>();
  const auto ask_again = fetcher.fetch(request({5, 50}), sink);
  ask_again();
  transport_.wait_for_requests(2);
  transport_.release(kA);
  EXPECT_FALSE(sink->wait());
  transport_.release(kB);
  transport_.clear_faults();
  EXPECT_TRUE(begin({0, 1})->wait());
  EXPECT_EQ(sink->bytes(), "");
}

TEST_F(HedgedFetch, AServerThatIsLeftAloneCostsNoHedge) {
  RetryPolicy strict = policy_;
  strict.max_retries = 0;
  strict.breaker = {1, std::chrono::milliseconds(0), std::chrono::hours(1),
                    std::chrono::hours(1)};
  RangeFetcher fetcher(transport_, mirrors_, strict, counters_, 1);
  urls_ = {kB};
  transport_.fail_url(kB, {.what = What::kRefuse});
  EXPECT_FALSE(fetch(fetcher, {0, 1})->wait());
  transport_.clear_faults();
  urls_ = {kA, kB};
  transport_.hold(kA);
  const auto sink = std::make_shared<CollectingRangeSink>();
  fetcher.fetch(request({5, 50}), sink)();
  EXPECT_EQ(counters_.hedges.load(), 0U);
  transport_.release(kA);
  expect_whole(sink, {5, 50});
}

// Whatever goes wrong and whenever it is asked again, each byte comes once.
TEST_F(HedgedFetch, DeliversEachByteOnceWhateverHappens) {
  std::mt19937_64 dice(7);
  const std::vector<FakeFault> faults = {{.what = What::kRefuse},
                                         {.what = What::kReset, .bytes = 3},
                                         {.what = What::kStatus, .status = 503},
                                         {.what = What::kWrongRange},
                                         {.what = What::kIgnoreRange}};
  transport_.set_chunk_bytes(7);
  int whole = 0;
  for (int round = 0; round < 500; ++round) {
    pin_ = std::make_shared<VersionPin>();
    for (int i = 0; i < 3; ++i) {
      transport_.fail_nth(1 + dice() % 4, faults[dice() % faults.size()]);
    }
    const ByteRange range{dice() % 50, 1 + dice() % 50};
    const Sink sink = begin(range);
    for (std::uint64_t i = dice() % 3; i > 0; --i) {
      ask_again_();
    }
    const auto result = sink->wait();
    const std::string right = text_.substr(range.offset, range.length);
    ASSERT_TRUE(right.starts_with(sink->bytes())) << round;
    ASSERT_TRUE(!result || sink->bytes() == right) << round;
    whole += result ? 1 : 0;
    transport_.clear_faults();
  }
  EXPECT_GT(whole, 250) << "most faults are got over";
}

TEST_F(RangeFetch, NotFoundOnlyWhereEveryUrlSaysSo) {
  urls_ = {kA, kB};
  EXPECT_EQ(error_of({0, 1}), ErrorCode::kNotFound);
  transport_.add(kB, text_);
  transport_.fail_url(kB, {.what = What::kStatus, .status = 403});
  EXPECT_EQ(error_of({0, 1}), ErrorCode::kRefused);
  transport_.fail_url(kB, {.what = What::kRefuse});
  EXPECT_EQ(error_of({0, 1}), ErrorCode::kUnavailable);
}

TEST_F(RangeFetch, ErrorNamesUrlRangeAndReasonButNoSecret) {
  urls_ = {"http://user:secret@a/f?sig=secret"};
  const auto result = start({10, 5})->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "GET http://a/f bytes=10-14: the server answered 404");
}

TEST_F(RangeFetch, ErrorOfTheSinkEndsTheFetchUnchanged) {
  transport_.add(kA, text_);
  transport_.set_chunk_bytes(10);
  auto sink = std::make_shared<CollectingRangeSink>();
  sink->fail_after(20, {ErrorCode::kNoSpace, "full"});
  RangeFetcher(transport_, mirrors_, policy_, counters_)
      .fetch(request({0, 100}), sink);
  const auto result = sink->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(result.error().message, "full");
  EXPECT_EQ(transport_.requests(), 1U);
  EXPECT_EQ(sink->bytes().size(), 20U);
}

// Whatever byte the first answer breaks at, and wherever the sink refuses the
// bytes of the second one.
TEST_F(RangeFetch, ErrorOfTheSinkEndsAFetchThatWasResumed) {
  transport_.add(kA, text_);
  transport_.set_chunk_bytes(10);
  for (const std::uint64_t cut : {5U, 30U, 60U}) {
    for (const std::uint64_t refused :
         {cut + 1, cut + 15, std::uint64_t{100}}) {
      const std::size_t before = transport_.requests();
      transport_.fail_nth(1, {.what = What::kReset, .bytes = cut});
      const auto sink = std::make_shared<CollectingRangeSink>();
      sink->fail_after(refused, {ErrorCode::kNoSpace, "full"});
      RangeFetcher(transport_, mirrors_, policy_, counters_)
          .fetch(request({0, 100}), sink);
      const auto result = sink->wait();
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, ErrorCode::kNoSpace);
      EXPECT_EQ(transport_.requests(), before + 2);
      EXPECT_TRUE(text_.starts_with(sink->bytes()));
      EXPECT_EQ(sink->calls(), "bd");
    }
  }
}

TEST_F(RangeFetch, FetchThatIsNotWantedEndsWhileItsAnswerIsAwaited) {
  transport_.add(kA, text_);
  transport_.hold(kA);
  const Sink sink = start({0, 10});
  transport_.wait_for_requests(1);
  sink->cancel();
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(transport_.requests(), 1U);
  EXPECT_EQ(counters_.failed_fetches, 0U);
}

TEST_F(RangeFetch, EndOfTheTransportInterruptsTheFetch) {
  auto sink = std::make_shared<CollectingRangeSink>();
  {
    FakeTransport transport;
    transport.hold(kA);
    RangeFetcher(transport, mirrors_, policy_, counters_)
        .fetch(request({0, 10}), sink);
  }
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kInterrupted);
}

TEST_F(RangeFetch, FetchOfNoUrlFails) {
  urls_.clear();
  EXPECT_EQ(error_of({0, 10}), ErrorCode::kRefused);
}

TEST_F(RangeFetch, FetchWithoutAPinWorks) {
  transport_.add(kA, text_);
  pin_ = nullptr;
  expect_bytes({0, 10});
}

TEST_F(RangeFetch, CountersTellTriesAndBytes) {
  transport_.add(kA, text_);
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 10});
  expect_bytes({0, 50});
  EXPECT_EQ(counters_.requests, 2U);
  EXPECT_EQ(counters_.retries, 1U);
  EXPECT_EQ(counters_.bytes_fetched, 50U);
  EXPECT_EQ(counters_.failed_fetches, 0U);
  transport_.fail_url(kA, {.what = What::kStatus, .status = 403});
  EXPECT_EQ(error_of({0, 1}), ErrorCode::kRefused);
  EXPECT_EQ(counters_.failed_fetches, 1U);
}

TEST_F(RangeFetch, FetchesOfManyThreadsDoNotDisturbEachOther) {
  offer_both();
  transport_.set_chunk_bytes(3);
  std::vector<std::thread> threads;
  threads.reserve(9);
  for (std::uint64_t offset = 0; offset < 90; offset += 10) {
    threads.emplace_back([this, offset] { expect_bytes({offset, 10}); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

FakeFault random_fault(std::mt19937& dice) {
  const auto pick = [&dice](unsigned below) {
    return static_cast<unsigned>(dice()) % below;
  };
  constexpr What kFaults[] = {
      What::kRefuse,      What::kReset,         What::kShort,
      What::kStatus,      What::kWrongRange,    What::kWrongTotal,
      What::kWrongLength, What::kChangedEtag,   What::kIgnoreRange,
      What::kLongerBody,  What::kUnknownLength, What::kDecodes};
  constexpr int kStatuses[] = {200, 206, 302, 304, 403, 404,
                               408, 410, 412, 416, 429, 503};
  return {.what = kFaults[pick(std::size(kFaults))],
          .bytes = pick(60),
          .status = kStatuses[pick(std::size(kStatuses))]};
}

// Whatever fails in whatever order: the right bytes, or the first of them and
// an error. A fetch is short of tries now and then, so both ends are met.
TEST_F(RangeFetch, NeverDeliversAWrongByte) {
  offer_both();
  std::mt19937 dice(42);
  int whole = 0;
  int failed = 0;
  for (int round = 0; round < 2000; ++round) {
    pin_ = std::make_shared<VersionPin>();
    transport_.set_chunk_bytes(1 + dice() % 40);
    for (std::uint64_t nth = 1; nth <= 6; ++nth) {
      if (dice() % 4 != 0) {
        transport_.fail_nth(nth, random_fault(dice));
      }
    }
    const std::uint64_t offset = dice() % 100;
    const std::uint64_t length = 1 + dice() % (100 - offset);
    const Sink sink = start({offset, length});
    const bool done = sink->wait().has_value();
    const std::string expected = text_.substr(offset, length);
    const std::string got = sink->bytes();
    ASSERT_EQ(got, expected.substr(0, got.size())) << "round " << round;
    ASSERT_EQ(done, got.size() == expected.size()) << "round " << round;
    (done ? whole : failed) += 1;
    transport_.clear_faults();
  }
  EXPECT_GT(whole, 100);
  EXPECT_GT(failed, 100);
}

}  // namespace
}  // namespace omicsfs

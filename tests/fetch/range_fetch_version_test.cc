// SPDX-License-Identifier: MIT
//
// How RangeFetcher keeps the versions of an object apart.
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>

#include "tests/fetch/range_fetch_fixture.h"
#include "tests/support/hand_transport.h"

namespace omicsfs {
namespace {

using What = FakeFault::What;

TEST_F(RangeFetch, VersionIsPinnedByTheFirstAnswerAndAskedForAfterwards) {
  transport_.add(kA, text_);
  expect_bytes({0, 10});
  expect_bytes({10, 10});
  const auto log = transport_.log();
  EXPECT_EQ(log[0].if_match, "");
  EXPECT_EQ(log[1].if_match, "\"v1\"");
}

TEST_F(RangeFetch, WeakTagIsNotAskedForButStillCompared) {
  transport_.add(kA, text_, "W/\"v1\"");
  expect_bytes({0, 10});
  expect_bytes({10, 10});
  EXPECT_EQ(transport_.log()[1].if_match, "");
  transport_.add(kA, text_, "W/\"v2\"");
  EXPECT_EQ(error_of({20, 10}), ErrorCode::kChanged);
}

TEST_F(RangeFetch, ChangedObjectDeliversNoByte) {
  transport_.add(kA, text_);
  expect_bytes({0, 10});
  transport_.add(kA, std::string(100, 'z'), "\"v2\"");
  const Sink sink = start({10, 10});
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kChanged);
  EXPECT_EQ(sink->bytes(), "");
}

TEST_F(RangeFetch, ObjectThatChangesBetweenTwoTriesIsNotMixed) {
  transport_.add(kA, text_);
  transport_.hold(kA);
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 10});
  for (std::uint64_t nth = 2; nth <= 4; ++nth) {
    transport_.fail_nth(nth, {.what = What::kChangedEtag});
  }
  const Sink sink = start({0, 50});
  transport_.release(kA);
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kChanged);
  EXPECT_EQ(sink->bytes(), text_.substr(0, 10));
}

TEST_F(RangeFetch, ObjectOfAnotherSizeHasChanged) {
  transport_.add(kA, text_ + "x");
  EXPECT_EQ(error_of({0, 10}), ErrorCode::kChanged);
  transport_.add(kA, text_.substr(0, 50));
  EXPECT_EQ(error_of({0, 10}), ErrorCode::kChanged);
  EXPECT_EQ(error_of({60, 10}), ErrorCode::kChanged);
}

// One machine of many answers oddly, once or twice.
TEST_F(RangeFetch, AnOddAnswerIsNotBelievedBeforeItCameOverThreeConnections) {
  transport_.add(kA, text_);
  for (const FakeFault& fault :
       {FakeFault{.what = What::kWrongTotal},
        FakeFault{.what = What::kChangedEtag},
        FakeFault{.what = What::kStatus, .status = 412},
        FakeFault{.what = What::kStatus, .status = 416}}) {
    pin_ = std::make_shared<VersionPin>();
    expect_bytes({0, 10});
    for (std::uint64_t nth = 1; nth <= 2; ++nth) {
      transport_.fail_nth(nth, fault);
    }
    expect_bytes({10, 10});
    const auto log = transport_.log();
    EXPECT_TRUE(log[log.size() - 1].fresh_connection);
    EXPECT_TRUE(log[log.size() - 2].fresh_connection);
    EXPECT_FALSE(log[log.size() - 3].fresh_connection);
  }
}

TEST_F(RangeFetch, ARefusalBesideAStaleMirrorIsNoChange) {
  offer_both();
  transport_.fail_url(kA, {.what = What::kStatus, .status = 403});
  transport_.add(kB, "an older, shorter object");
  EXPECT_EQ(error_of({0, 10}), ErrorCode::kUnavailable);
}

// Behind one address, machines that make ETags of their own.
TEST_F(RangeFetch, APublishedDigestOutranksTheEtagsOfReplicas) {
  has_digest_ = true;
  const auto answer_with = [this](const std::string& etag) {
    transport_.add(kA, text_, etag);
    transport_.date(kA, "Mon, 01 Jan 2024 00:00:00 GMT");
  };
  answer_with("\"v1\"");
  expect_bytes({0, 10});
  answer_with("\"another machine\"");
  expect_bytes({10, 10});
  answer_with("\"v1\"");
  expect_bytes({20, 10});
  for (const auto& entry : transport_.log()) {
    EXPECT_EQ(entry.if_match, "");
  }
}

TEST_F(RangeFetch, AReplicaMustHaveTheBytesThatAreKnown) {
  has_digest_ = true;
  transport_.add(kA, text_);
  expect_bytes({0, 10});
  std::string other = text_;
  other[3] = '!';
  transport_.add(kA, other, "\"v2\"");
  const Sink sink = start({10, 10});
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kChanged);
  EXPECT_EQ(sink->bytes(), "");
}

// The bytes that are known may be those of both versions.
TEST_F(RangeFetch, AnObjectThatIsYoungerThanThePinIsNoReplica) {
  has_digest_ = true;
  transport_.add(kA, text_);
  expect_bytes({0, 10});
  transport_.add(kA, text_, "\"v2\"");
  transport_.date(kA, "Fri, 01 Jan 2100 00:00:00 GMT");
  EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
  transport_.date(kA, "Fri, 01 Jan 1999 00:00:00 GMT");
  expect_bytes({10, 10});
}

TEST_F(RangeFetch, AnAnswerThatDoesNotProveItselfPinsNoVersion) {
  transport_.add(kA, text_.substr(0, 50), "\"half\"");
  transport_.fail_url(kA, {.what = What::kUnknownLength});
  EXPECT_EQ(error_of({0, 100}), ErrorCode::kUnavailable);
  EXPECT_FALSE(pin_->is_pinned(kA));
  transport_.clear_faults();
  transport_.add(kA, text_);
  expect_bytes({0, 100});
}

// The head of an answer of the whole object, or of what its server takes for
// it.
ResponseHead whole_head(const std::string& etag) {
  ResponseHead head;
  head.status = 200;
  head.validator.etag = etag;
  return head;
}

// A proxy that decodes, or one that made a page of its own, and then the
// server.
TEST(UnprovenAnswer, ItsEtagIsForgottenWhenTheRightAnswerComes) {
  const std::string text = text_of(100);
  const auto bytes = std::as_bytes(std::span(text));
  const auto pin = std::make_shared<VersionPin>();
  const Mirrors mirrors;
  Counters counters;
  HandTransport network;
  RangeFetcher fetcher(network, mirrors, {.max_retries = 3}, counters, 1);
  const auto sink = std::make_shared<CollectingRangeSink>();
  fetcher.fetch({{kA}, text.size(), {0, text.size()}, pin, false}, sink);

  const auto plain = network.take();
  plain.sink->on_started();
  const auto refused = plain.sink->on_head(whole_head("\"page\""));
  ASSERT_FALSE(refused) << "it tells no length";
  plain.sink->on_done(refused);
  const auto stored = network.take();
  EXPECT_EQ(stored.request.accept_encoding, "gzip");
  stored.sink->on_started();
  ASSERT_TRUE(stored.sink->on_head(whole_head("\"page\"")));
  ASSERT_TRUE(stored.sink->on_body(bytes.first(50)));
  stored.sink->on_done({});  // its end shows that it is another object
  EXPECT_EQ(sink->bytes(), "");

  const auto right = network.take();
  EXPECT_EQ(right.request.if_match, "");
  right.sink->on_started();
  ResponseHead head = whole_head("\"v1\"");
  head.content_length = text.size();
  ASSERT_TRUE(right.sink->on_head(head));
  ASSERT_TRUE(right.sink->on_body(bytes));
  right.sink->on_done({});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->bytes(), text);
  EXPECT_EQ(pin->expected(kA).etag, "\"v1\"");
  EXPECT_TRUE(network.empty());
}

TEST_F(RangeFetch, StaleMirrorDoesNoHarmWhileAnotherUrlIsRight) {
  offer_both();
  transport_.add(kA, "an older, shorter object");
  expect_bytes({0, 50});
  transport_.fail_nth(2, {.what = What::kRefuse});
  expect_bytes({0, 50});
}

TEST_F(RangeFetch, OnceAPinnedUrlHasChangedAnUnpinnedOneIsNotTrusted) {
  offer_both();
  expect_bytes({0, 10});
  transport_.add(kA, std::string(100, 'z'), "\"v2\"");
  transport_.add(kB, std::string(100, 'z'), "\"b2\"");
  EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
  EXPECT_EQ(transport_.log().back().url, kA);
}

TEST_F(RangeFetch, OnceAPinnedUrlHasChangedAPinnedOneIsUsed) {
  offer_both();
  ASSERT_TRUE(pin_->note(kB, {"\"b\"", ""}));
  expect_bytes({0, 10});
  transport_.add(kA, std::string(100, 'z'), "\"v2\"");
  expect_bytes({10, 10});
  transport_.add(kB, std::string(100, 'z'), "\"b2\"");
  EXPECT_EQ(error_of({20, 10}), ErrorCode::kChanged);
}

}  // namespace
}  // namespace omicsfs

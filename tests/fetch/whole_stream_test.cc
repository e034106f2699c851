// SPDX-License-Identifier: MIT
#include "fetch/whole_stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fetch/curl_transport.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/fake_transport.h"
#include "tests/support/hand_transport.h"
#include "tests/support/origin.h"

// A server that ignores Range, behind the real transport.

namespace omicsfs {
namespace {

constexpr std::uint64_t kStreamBytes = (std::uint64_t{70} << 20) + 123;

class RangesIgnored : public ::testing::Test {
 protected:
  void SetUp() override {
    origin_.add("/f", bytes_);
    Fault fault;
    fault.kind = FaultKind::kRefuseRange;
    origin_.fail(fault);
  }
  ~RangesIgnored() override {
    cache_.end_unpacking();
    transport_.reset();
  }

  // Reads of 128 KiB of which another byte came than the object has.
  [[nodiscard]] int wrong_reads(std::uint64_t from, std::uint64_t to) const {
    int wrong = 0;
    for (std::uint64_t at = from; at < to; at += 128 * 1024) {
      const ByteRange range = clip({at, 128 * 1024}, bytes_.size());
      const auto read = read_range(*source_, range);
      wrong += read.error || read.bytes != bytes_.substr(at, range.length);
    }
    return wrong;
  }

  TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(kStreamBytes, 5);
  Origin origin_;
  Mirrors mirrors_;
  Counters counters_;
  // Time goes by with the bytes of the stream, at 4 KiB a second: a first byte
  // may come late, and a body that never stalls may take hours.
  const TransportOptions options_{
      .silence = {std::chrono::hours(1'000'000), std::chrono::seconds(15)},
      .silence_clock = [this] {
        return StallWatch::Time() +
               std::chrono::seconds(counters_.bytes_fetched / 4096);
      }};
  std::unique_ptr<CurlTransport> transport_ =
      std::make_unique<CurlTransport>(options_);
  RangeFetcher fetcher_{*transport_, mirrors_, {}, counters_, 1};
  BlockCache cache_{dir_.path(),
                    {CacheWorld::kPlenty, 0},
                    {fetcher_},
                    counters_,
                    [](const CacheReport&) {}};
  std::shared_ptr<CachedSource> source_ =
      cache_.open(remote_of(origin_.url("/f"), bytes_));
};

// A request that shows it, a few that were under way, and the stream.
constexpr std::uint64_t kFewRequests = 40;

TEST_F(RangesIgnored, OneStreamServesAReaderInOrderToTheEnd) {
  EXPECT_EQ(wrong_reads(0, bytes_.size()), 0);
  EXPECT_LE(origin_.log().size(), kFewRequests);
  std::uint64_t sent = 0;
  for (const auto& request : origin_.log()) {
    sent += request.bytes_sent >= bytes_.size() ? 1 : 0;
  }
  EXPECT_EQ(sent, 1U) << "the object is sent once";
}

TEST_F(RangesIgnored, ReadersOfAllPlacesWaitForTheOneStream) {
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (std::uint64_t reader = 0; reader < 8; ++reader) {
    readers.emplace_back([&, reader] {
      const std::uint64_t at = (7 - reader) * (std::uint64_t{9} << 20);
      wrong += wrong_reads(at, at + (std::uint64_t{1} << 20));
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(wrong_reads(0, bytes_.size()), 0);
  EXPECT_LE(origin_.log().size(), kFewRequests);
}

// The stream of one object over a network of the test's.
template <typename Network>
class StreamTest : public ::testing::Test {
 protected:
  static constexpr char kUrl[] = "http://origin/f";
  static constexpr std::uint64_t kBytes = 5 * kBlockBytes;

  Mirrors mirrors_;
  Counters counters_;
  Network network_;
  RangeFetcher fetcher_{
      network_,
      mirrors_,
      {1, std::chrono::milliseconds(1), std::chrono::milliseconds(1)},
      counters_,
      1};
  // By this clock, which only the test moves, the stream waits.
  std::chrono::steady_clock::time_point now_{};
  StreamPatience patience_{.now = [this] { return now_; }};
  const std::shared_ptr<WholeStream> stream_ = std::make_shared<WholeStream>(
      fetcher_,
      RangeRequest{{kUrl}, kBytes, {0, kBytes}, std::make_shared<VersionPin>()},
      patience_);
};

// A server that ignores Range, over a fake network.
class FakeStream : public StreamTest<FakeTransport> {
 protected:
  // Calls `then` once its range is here.
  class ThenSink final : public CollectingRangeSink {
   public:
    explicit ThenSink(std::function<void()> then) : then_(std::move(then)) {}
    void on_done(Result<void> result) override {
      then_();
      CollectingRangeSink::on_done(std::move(result));
    }

   private:
    const std::function<void()> then_;
  };

  FakeStream() {
    network_.add(kUrl, bytes_);
    network_.fail_url(kUrl, {.what = FakeFault::What::kIgnoreRange});
  }
  [[nodiscard]] std::string published(ByteRange range) const {
    return bytes_.substr(range.offset, range.length);
  }

  const std::string bytes_ = random_bytes(kBytes, 7);
};

TEST_F(FakeStream, ARangeThatHasBegunIsFinishedByTheStream) {
  network_.fail_nth(
      1, {.what = FakeFault::What::kReset, .bytes = kBlockBytes / 2});
  const auto sink = std::make_shared<CollectingRangeSink>();
  const ByteRange range{kBlockBytes, kBlockBytes};
  stream_->fetch(range, sink);
  const auto result = sink->wait();
  EXPECT_TRUE(result);
  EXPECT_EQ(sink->bytes(), published(range));
}

TEST_F(FakeStream, ARangeThatTheStreamHasPassedIsServedByTheNextOne) {
  const ByteRange before{0, 1000};
  const auto late = std::make_shared<CollectingRangeSink>();
  const auto first =
      std::make_shared<ThenSink>([&] { stream_->fetch(before, late); });
  const ByteRange range{kBlockBytes, kBlockBytes};
  stream_->fetch(range, first);
  EXPECT_TRUE(first->wait());
  EXPECT_EQ(first->bytes(), published(range));
  EXPECT_TRUE(late->wait());
  EXPECT_EQ(late->bytes(), published(before));
}

// A stream whose server's answers, and whose cache's, the test gives.
class StreamByHand : public StreamTest<HandTransport> {
 protected:
  using Sink = std::shared_ptr<CollectingRangeSink>;
  static constexpr std::uint64_t kPart = kBlockBytes;

  StreamByHand() {
    stream_->fill_by(
        [this](const auto& question) { questions_.push_back(question); });
  }
  ~StreamByHand() override {
    questions_.clear();
    stream_->close();
    while (!network_.empty()) {
      network_.take().sink->on_done(kGone);
    }
  }
  static Result<void> answer_whole(ResponseSink& sink) {
    ResponseHead head;
    head.status = 200;
    head.content_length = kBytes;
    sink.on_started();
    return sink.on_head(head);
  }
  // A pass for the first bytes, whose body has not begun.
  std::shared_ptr<ResponseSink> begin_pass() {
    join({0, kPart});
    if (network_.asks_part(kPart)) {
      const auto sink = network_.take().sink;
      sink->on_done(answer_whole(*sink));
    }
    return take_pass();
  }
  // The answer to a request that was sent for a pass.
  std::shared_ptr<ResponseSink> take_pass() {
    auto pass = network_.take().sink;
    EXPECT_TRUE(answer_whole(*pass));
    return pass;
  }
  // A pass that has brought its first bytes, and whose cache wants no others.
  std::shared_ptr<ResponseSink> begin_unkept_pass() {
    auto pass = begin_pass();
    EXPECT_FALSE(pass->ready());
    questions_.back()->answer(WholeStream::Fill::kNever);
    EXPECT_TRUE(pass->on_body(std::as_bytes(std::span(bytes_).first(kPart))));
    return pass;
  }
  Sink join(ByteRange range) {
    auto sink = std::make_shared<CollectingRangeSink>();
    stream_->fetch(range, sink);
    return sink;
  }
  void fail(const std::shared_ptr<ResponseSink>& pass) {
    pass->on_done(kGone);
    EXPECT_TRUE(network_.empty()) << "it is not asked for again";
  }
  // A new pass brings `reader` the last part of the object.
  void expect_served_by_next_pass(const Sink& reader) {
    ASSERT_FALSE(network_.empty()) << "no pass was begun for the reader";
    const auto next = take_pass();
    EXPECT_TRUE(next->on_body(std::as_bytes(std::span(bytes_))));
    EXPECT_EQ(reader->calls(), "bd");
    EXPECT_EQ(reader->bytes(), bytes_.substr(kBytes - kPart));
    next->on_done({});
  }

  // An end that is not tried again.
  const Error kGone{ErrorCode::kInterrupted, "gone"};
  const std::string bytes_ = random_bytes(kBytes, 7);
  std::vector<std::shared_ptr<WholeStream::Question>> questions_;
};

TEST_F(StreamByHand, AnAnswerToAnEarlierPassChangesNothingOfTheNext) {
  const auto first = begin_pass();
  EXPECT_FALSE(first->ready());
  ASSERT_EQ(questions_.size(), 1U);
  fail(first);
  const auto next = begin_pass();
  EXPECT_FALSE(next->ready());
  ASSERT_EQ(questions_.size(), 2U);
  questions_[0]->answer(WholeStream::Fill::kNever);
  EXPECT_FALSE(next->ready()) << "it waits for the answer to its own";
  questions_[1]->answer(WholeStream::Fill::kTaken);
  EXPECT_TRUE(next->ready());
  fail(next);
}

TEST_F(StreamByHand, AQuestionThatEndsWithoutAnAnswerIsAskedAgain) {
  const auto pass = begin_pass();
  EXPECT_FALSE(pass->ready());
  ASSERT_EQ(questions_.size(), 1U);
  questions_.clear();
  EXPECT_FALSE(pass->ready());
  EXPECT_TRUE(questions_.empty()) << "the cache has no memory yet";
  now_ += patience_.until_memory;
  EXPECT_FALSE(pass->ready());
  EXPECT_EQ(questions_.size(), 1U);
  fail(pass);
}

TEST_F(StreamByHand, APassThatNobodyWantsWaitsSoLongForAReader) {
  const auto pass = begin_unkept_pass();
  EXPECT_TRUE(pass->wanted());
  now_ += patience_.until_reader - std::chrono::milliseconds(1);
  EXPECT_TRUE(pass->wanted());
  now_ += std::chrono::milliseconds(1);
  EXPECT_FALSE(pass->wanted());
  fail(pass);
}

TEST_F(StreamByHand, AReaderThatJoinsAPassThatWasJustGivenUpGetsANewOne) {
  const auto pass = begin_unkept_pass();
  EXPECT_TRUE(pass->wanted());
  now_ += patience_.until_reader;
  EXPECT_FALSE(pass->wanted());
  const Sink reader = join({kBytes - kPart, kPart});
  EXPECT_TRUE(network_.empty()) << "the pass has not ended yet";
  pass->on_done(kGone);
  expect_served_by_next_pass(reader);
}

TEST_F(StreamByHand, AReaderThatJoinsAfterTheLastByteGetsANewPass) {
  const auto pass = begin_pass();
  EXPECT_TRUE(pass->on_body(std::as_bytes(std::span(bytes_))));
  const Sink reader = join({kBytes - kPart, kPart});
  EXPECT_TRUE(network_.empty()) << "the pass has not ended yet";
  pass->on_done({});
  expect_served_by_next_pass(reader);
}

}  // namespace
}  // namespace omicsfs

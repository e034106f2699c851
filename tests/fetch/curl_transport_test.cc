// SPDX-License-Identifier: MIT
#include "fetch/curl_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "fetch/rate_file.h"
#include "fetch/response_head.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/dead_port.h"
#include "tests/support/origin.h"
#include "tests/support/temporary_directory.h"

// What only the real transport does. The rest is in transport_contract_test.

namespace omicsfs {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using SinkPtr = std::shared_ptr<CollectingSink>;

class CurlTransportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // The loopback interface is not behind the machine's proxy.
    setenv("no_proxy", "*", 1);
    origin_.add("/f", "0123456789", "\"e\"");
    // No machine is so slow that an exchange is silent for so long.
    restart({.silence = {hours{1}, hours{1}}});
  }
  void restart(const TransportOptions& options) {
    transport_ = std::make_unique<CurlTransport>(options);
  }
  // Silence is measured in looks: each takes five seconds, once they count.
  void restart_counting_looks(const StallLimits& limits) {
    restart({.silence = limits, .silence_clock = [this] {
               const int looks = looks_count_ ? ++looks_ : looks_.load();
               return StallWatch::Time() + looks * seconds{5};
             }});
  }
  SinkPtr start(const Request& request) {
    auto sink = std::make_shared<CollectingSink>();
    transport_->start(request, sink);
    return sink;
  }
  SinkPtr get(const std::string& path) {
    SinkPtr sink = start({.url = origin_.url(path)});
    static_cast<void>(sink->wait());
    return sink;
  }
  static std::string message_of(const SinkPtr& sink) {
    const auto result = sink->wait();
    return result ? "" : result.error().message;
  }
  std::set<std::uint64_t> connections_used() {
    std::set<std::uint64_t> connections;
    for (const RequestRecord& record : origin_.log()) {
      connections.insert(record.connection);
    }
    return connections;
  }

  Origin origin_;
  std::atomic<bool> looks_count_ = true;
  std::atomic<int> looks_ = 0;
  std::unique_ptr<CurlTransport> transport_;
};

TEST_F(CurlTransportTest, ConnectionIsUsedAgain) {
  for (int count = 0; count < 20; ++count) {
    EXPECT_TRUE(get("/f")->wait());
  }
  EXPECT_EQ(connections_used().size(), 1U);
}

TEST_F(CurlTransportTest, ExchangesWithOneServerRunBesideEachOther) {
  restart({.connections_per_host = 3});
  origin_.fail({.kind = FaultKind::kStallHead});
  for (int count = 0; count < 3; ++count) {
    start({.url = origin_.url("/f")});
  }
  EXPECT_TRUE(origin_.wait_for_requests(3));
}

TEST_F(CurlTransportTest, ServerIsAskedNoMoreThanItsShareAtATime) {
  restart({.connections_per_host = 3});
  origin_.fail({.kind = FaultKind::kStallHead, .pause = milliseconds{10}});
  std::vector<SinkPtr> sinks;
  sinks.reserve(30);
  for (int count = 0; count < 30; ++count) {
    sinks.push_back(start({.url = origin_.url("/f")}));
  }
  for (const SinkPtr& sink : sinks) {
    EXPECT_TRUE(sink->wait());
  }
  EXPECT_LE(origin_.stats().requests.peak_in_flight, 3U);
  EXPECT_LE(connections_used().size(), 3U);
}

// libcurl's time to connect begins where an exchange is given to it, and so
// does on_started().
TEST_F(CurlTransportTest, WaitingForATurnIsNotWaitingForAConnection) {
  restart({.connections_per_host = 1});
  origin_.fail({.kind = FaultKind::kStallHead, .count = 1});
  const SinkPtr first = start({.url = origin_.url("/f")});
  ASSERT_TRUE(origin_.wait_for_requests(1));
  const SinkPtr second = start({.url = origin_.url("/f")});
  Origin other;
  other.add("/f", "0123456789");
  // The loop takes exchanges in the order in which they come.
  const SinkPtr later = start({.url = other.url("/f")});
  EXPECT_TRUE(later->wait());
  EXPECT_TRUE(later->started);
  EXPECT_FALSE(second->started);
  origin_.release();
  EXPECT_TRUE(first->wait());
  EXPECT_EQ(message_of(second), "");
  EXPECT_TRUE(second->started);
}

TEST_F(CurlTransportTest, CancelledExchangeGivesItsTurnToTheNext) {
  restart({.connections_per_host = 1});
  origin_.fail({.kind = FaultKind::kStallHead, .count = 1});
  const SinkPtr first = start({.url = origin_.url("/f")});
  ASSERT_TRUE(origin_.wait_for_requests(1));
  const SinkPtr waiting = start({.url = origin_.url("/f")});
  const SinkPtr second = start({.url = origin_.url("/f")});
  waiting->cancel();
  EXPECT_EQ(waiting->wait().error().code, ErrorCode::kInterrupted);
  first->cancel();
  EXPECT_EQ(first->wait().error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(message_of(second), "");
}

TEST_F(CurlTransportTest, DelayedExchangeStartsNoEarlier) {
  const auto begin = std::chrono::steady_clock::now();
  const SinkPtr sink =
      start({.url = origin_.url("/f"), .delay = milliseconds{300}});
  EXPECT_TRUE(sink->wait());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds{300});
}

TEST_F(CurlTransportTest, DelayedExchangeDoesNotHoldUpOthers) {
  const SinkPtr late =
      start({.url = origin_.url("/f"), .delay = std::chrono::hours{1}});
  EXPECT_TRUE(get("/f")->wait());
  late->cancel();
  EXPECT_EQ(late->wait().error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(origin_.log().size(), 1U);
}

TEST_F(CurlTransportTest, ServerThatNeverAnswersIsGivenUp) {
  restart_counting_looks({seconds{15}, hours{1}});
  origin_.fail({.kind = FaultKind::kStallHead});
  const SinkPtr sink = get("/f");
  const auto result = sink->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().message,
            "GET " + origin_.url("/f") +
                ": no byte of the answer in 15 s (network.first_byte_s)");
  EXPECT_EQ(sink->calls(), "d");
}

// The other exchange stalls meanwhile.
TEST_F(CurlTransportTest, AFirstByteMayComeLaterThanAStall) {
  restart_counting_looks({hours{10'000}, seconds{15}});
  origin_.add("/g", "0123456789");
  origin_.fail({.kind = FaultKind::kStallHead, .glob = "/f"});
  origin_.fail({.kind = FaultKind::kStallBody, .glob = "/g", .bytes = 5});
  const SinkPtr late = start({.url = origin_.url("/f")});
  ASSERT_TRUE(origin_.wait_for_requests(1));
  EXPECT_FALSE(get("/g")->wait());
  looks_count_ = false;
  origin_.release();
  EXPECT_EQ(message_of(late), "");
}

TEST_F(CurlTransportTest, AFirstByteIsNotWaitedForWhereThereIsAnAlternative) {
  restart_counting_looks({seconds{600}, seconds{15}});
  origin_.fail({.kind = FaultKind::kStallHead});
  const SinkPtr sink =
      start({.url = origin_.url("/f"), .has_alternative = true});
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(message_of(sink),
            "GET " + origin_.url("/f") +
                ": no byte of the answer in 15 s (network.stall_s)");
}

TEST_F(CurlTransportTest, BodyThatStallsIsGivenUp) {
  looks_count_ = false;
  restart_counting_looks({hours{1}, seconds{15}});
  origin_.fail({.kind = FaultKind::kStallBody, .bytes = 5});
  const SinkPtr sink = start({.url = origin_.url("/f")});
  sink->wait_for_bytes(5);
  looks_count_ = true;
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(message_of(sink),
            "GET " + origin_.url("/f") +
                ": less than 1024 bytes a second for 15 s (network.stall_s)");
  EXPECT_EQ(sink->bytes(), "01234");
}

// Time goes by with the bytes alone, at 4 KiB a second.
TEST_F(CurlTransportTest, ABodyMayTakeFarLongerThanAStallWhereItNeverStalls) {
  constexpr std::size_t kBytes = 400'000;
  origin_.add("/g", std::string(kBytes, 'x'));
  origin_.fail({.kind = FaultKind::kTrickle, .bytes = kBytes});
  const auto sink = std::make_shared<CollectingSink>();
  restart({.silence = {seconds{15}, seconds{15}}, .silence_clock = [sink] {
             return StallWatch::Time() + seconds{sink->bytes().size() / 4096};
           }});
  transport_->start({.url = origin_.url("/g")}, sink);
  EXPECT_EQ(message_of(sink), "");
  EXPECT_EQ(sink->bytes().size(), kBytes);
}

TEST_F(CurlTransportTest, RunningBodyIsCancelled) {
  restart({});
  origin_.add("/g", std::string(100'000, 'x'));
  origin_.fail({.kind = FaultKind::kStallBody, .bytes = 50'000});
  const SinkPtr sink = start({.url = origin_.url("/g")});
  sink->wait_for_bytes(50'000);
  sink->cancel();
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kInterrupted);
}

TEST_F(CurlTransportTest, ConnectionClosedUnansweredIsUnavailable) {
  origin_.fail({.kind = FaultKind::kCloseUnanswered});
  EXPECT_EQ(get("/f")->wait().error().code, ErrorCode::kUnavailable);
}

TEST_F(CurlTransportTest, ResetInTheBodyIsUnavailable) {
  origin_.add("/g", std::string(100'000, 'x'));
  origin_.fail({.kind = FaultKind::kReset, .glob = "/g", .bytes = 10});
  EXPECT_EQ(get("/g")->wait().error().code, ErrorCode::kUnavailable);
}

TEST_F(CurlTransportTest, LengthThatPromisesTooMuchIsUnavailable) {
  origin_.fail({.kind = FaultKind::kWrongLength, .bytes = 5});
  const SinkPtr sink = get("/f");
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(sink->bytes(), "0123456789");
}

TEST_F(CurlTransportTest, EncodedBodyIsPassedOnAsItIs) {
  origin_.fail({.kind = FaultKind::kGzipClaim});
  const SinkPtr sink = get("/f");
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->head->content_encoding, "gzip");
  EXPECT_EQ(sink->bytes(), "0123456789");
}

TEST_F(CurlTransportTest, RedirectIsFollowedAndOnlyTheLastHeadIsSeen) {
  origin_.fail(
      {.kind = FaultKind::kRedirect, .glob = "/old", .url = origin_.url("/f")});
  const SinkPtr sink =
      start({.url = origin_.url("/old"), .range = ByteRange{3, 4}});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->calls(), "hbd");
  EXPECT_EQ(sink->head->status, 206);
  EXPECT_EQ(sink->bytes(), "3456");
}

TEST_F(CurlTransportTest, LoopOfRedirectsIsLeftAfterFive) {
  origin_.fail({.kind = FaultKind::kRedirect, .url = origin_.url("/f")});
  const SinkPtr sink = get("/f");
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(origin_.log().size(), 6U);
  EXPECT_EQ(sink->calls(), "d");
}

TEST_F(CurlTransportTest, ARedirectMayBeRelative) {
  origin_.fail({.kind = FaultKind::kRedirect, .glob = "/a/b", .url = "../f"});
  const SinkPtr sink = get("/a/b");
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->bytes(), "0123456789");
  EXPECT_TRUE(sink->started);
}

TEST_F(CurlTransportTest, ARedirectWaitsForItsServersTurn) {
  restart({.connections_per_host = 1});
  origin_.fail(
      {.kind = FaultKind::kRedirect, .glob = "/old", .url = origin_.url("/f")});
  std::vector<SinkPtr> sinks;
  for (int count = 0; count < 10; ++count) {
    sinks.push_back(start({.url = origin_.url("/old")}));
  }
  for (const SinkPtr& sink : sinks) {
    EXPECT_TRUE(sink->wait());
    EXPECT_EQ(sink->bytes(), "0123456789");
  }
  EXPECT_LE(origin_.stats().requests.peak_in_flight, 1U);
}

TEST_F(CurlTransportTest, RedirectAwayFromHttpIsRefused) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/f", "gopher://127.0.0.1/f"}) {
    origin_.clear_faults();
    origin_.fail({.kind = FaultKind::kRedirect, .url = url});
    const SinkPtr sink = get("/f");
    ASSERT_FALSE(sink->wait()) << url;
    EXPECT_EQ(sink->wait().error().code, ErrorCode::kInvalid);
    EXPECT_NE(message_of(sink).find("refused a redirect"), std::string::npos)
        << message_of(sink);
    EXPECT_EQ(sink->bytes(), "");
  }
}

TEST_F(CurlTransportTest, HeadOverItsMostIsRefused) {
  origin_.fail({.kind = FaultKind::kStatus,
                .status = 503,
                .header = "X: " + std::string(kMaxHeadBytes, 'x')});
  const SinkPtr sink = get("/f");
  EXPECT_EQ(message_of(sink), "GET " + origin_.url("/f") +
                                  ": the head of the response is over 64 KiB");
  EXPECT_EQ(sink->calls(), "d");
}

TEST_F(CurlTransportTest, NoMessageShowsUserPasswordOrQuery) {
  const DeadPort dead;
  ASSERT_TRUE(dead.bound());
  std::string url = dead.url("/f?X-Signature=s3cret");
  url.insert(7, "user:s3cret@");
  const SinkPtr sink = start({.url = url});
  EXPECT_EQ(message_of(sink), "GET " + dead.url("/f") + ": Connection refused");
}

TEST_F(CurlTransportTest, AHostWithoutAnAddressIsRefused) {
  // RFC 6761 6.4: a name that never resolves.
  const SinkPtr sink = start({.url = "http://nowhere.invalid/f"});
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kRefused);
}

TEST_F(CurlTransportTest, ServerThatDoesNotSpeakTlsIsUnavailable) {
  restart({.connect_timeout = seconds{1}});
  std::string url = origin_.url("/f");
  url.insert(4, "s");
  const SinkPtr sink = start({.url = url});
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
}

// Servers that are asked only so often. The times at which requests arrive have
// lower bounds alone: a slow machine asks later, never sooner.
class LimitedServer : public CurlTransportTest {
 protected:
  void SetUp() override {
    CurlTransportTest::SetUp();
    restart(limited());
  }
  [[nodiscard]] TransportOptions limited() const {
    return {.rates = RateRules(RateRules::PerSecond{{"127.0.0.1", kPerSecond}}),
            .rate_directory = dir_.path()};
  }
  // Over one connection, whose first request the origin holds back: what is
  // started until it is released waits.
  SinkPtr hold_first() {
    TransportOptions options = limited();
    options.connections_per_host = 1;
    restart(options);
    origin_.fail({.kind = FaultKind::kStallHead, .glob = "/held", .count = 1});
    SinkPtr held = start({.url = origin_.url("/held")});
    EXPECT_TRUE(origin_.wait_for_requests(1));
    return held;
  }
  // The most requests that the origin saw within a second.
  std::size_t most_in_a_second() {
    std::size_t most = 0;
    const auto log = origin_.log();
    for (const RequestRecord& last : log) {
      const auto close =
          std::count_if(log.begin(), log.end(), [&](const auto& other) {
            return other.arrived <= last.arrived &&
                   last.arrived - other.arrived < seconds{1};
          });
      most = std::max(most, static_cast<std::size_t>(close));
    }
    return most;
  }
  // Waits until all processes know of a pause, also one that is over.
  void wait_for_pause() {
    bool paused = false;
    while (!paused) {
      RateFile(dir_.path() / "rate-127.0.0.1", kPerSecond)
          .update([&](RateSlots& slots, RateTime /*now*/) {
            paused = slots.paused_until > RateTime{0};
          });
      std::this_thread::yield();
    }
  }

  static constexpr int kPerSecond = 5;
  const TemporaryDirectory dir_;
};

TEST_F(LimitedServer, SeesNoMoreRequestsInASecondThanItAllows) {
  CurlTransport other(limited());
  std::vector<SinkPtr> sinks;
  for (int count = 0; count < 16; ++count) {
    sinks.push_back(std::make_shared<CollectingSink>());
    Transport& transport = count % 2 == 0 ? other : *transport_;
    transport.start({.url = origin_.url("/f")}, sinks.back());
  }
  for (const SinkPtr& sink : sinks) {
    EXPECT_TRUE(sink->wait());
  }
  EXPECT_EQ(origin_.log().size(), 16U);
  EXPECT_LE(most_in_a_second(), std::size_t{kPerSecond});
}

TEST_F(LimitedServer, CountsEachRedirectAsARequest) {
  origin_.fail(
      {.kind = FaultKind::kRedirect, .glob = "/old", .url = origin_.url("/f")});
  std::vector<SinkPtr> sinks;
  for (int count = 0; count < 6; ++count) {
    sinks.push_back(start({.url = origin_.url("/old")}));
  }
  for (const SinkPtr& sink : sinks) {
    EXPECT_TRUE(sink->wait());
  }
  EXPECT_EQ(origin_.log().size(), 12U);
  EXPECT_LE(most_in_a_second(), std::size_t{kPerSecond});
}

TEST_F(LimitedServer, IsAskedForWhatIsUrgentFirst) {
  class Patient : public CollectingSink {
   public:
    [[nodiscard]] bool urgent() const override { return false; }
  };
  const SinkPtr held = hold_first();
  std::vector<SinkPtr> sinks;
  for (int count = 0; count < 6; ++count) {
    sinks.push_back(std::make_shared<Patient>());
    transport_->start({.url = origin_.url("/ahead")}, sinks.back());
  }
  for (int count = 0; count < 3; ++count) {
    sinks.push_back(start({.url = origin_.url("/f")}));
  }
  origin_.release();
  for (const SinkPtr& sink : sinks) {
    EXPECT_TRUE(sink->wait());
  }
  std::string order;
  for (const RequestRecord& record : origin_.log()) {
    order += record.path == "/f" ? 'u' : '-';
  }
  // The held one; one more may have been chosen before the others came.
  EXPECT_LE(order.find_last_of('u'), 4U) << order;
}

TEST_F(LimitedServer, IsNotAskedForWhatNobodyWantsAnyMore) {
  const SinkPtr held = hold_first();
  std::vector<SinkPtr> sinks;
  for (int count = 0; count < 30; ++count) {
    sinks.push_back(start({.url = origin_.url("/f")}));
  }
  for (const SinkPtr& sink : sinks) {
    sink->cancel();
  }
  origin_.release();
  EXPECT_TRUE(get("/f")->wait());
  for (const SinkPtr& sink : sinks) {
    EXPECT_FALSE(sink->wait());
  }
  EXPECT_EQ(origin_.log().size(), 2U);
}

TEST_F(LimitedServer, ThatAsksForAPauseIsLeftAloneByAll) {
  origin_.fail({.kind = FaultKind::kStatus,
                .glob = "/busy",
                .status = 403,
                .header = "Retry-After: 2"});
  EXPECT_EQ(get("/busy")->head->status, 403);
  wait_for_pause();
  CurlTransport other(limited());
  auto sink = std::make_shared<CollectingSink>();
  other.start({.url = origin_.url("/f")}, sink);
  EXPECT_TRUE(get("/f")->wait());
  EXPECT_TRUE(sink->wait());
  const auto log = origin_.log();
  ASSERT_EQ(log.size(), 3U);
  EXPECT_GE(log[1].arrived - log[0].arrived, seconds{2});
}

TEST_F(LimitedServer, ThatAsksForALongPauseIsNotWaitedFor) {
  origin_.fail({.kind = FaultKind::kStatus,
                .glob = "/busy",
                .status = 429,
                .header = "Retry-After: 3000"});
  EXPECT_EQ(get("/busy")->head->status, 429);
  const SinkPtr sink = get("/f");
  ASSERT_FALSE(sink->wait());
  EXPECT_EQ(sink->wait().error().code, ErrorCode::kUnavailable);
  EXPECT_NE(message_of(sink).find("asked to be left alone"), std::string::npos)
      << message_of(sink);
  EXPECT_EQ(origin_.log().size(), 1U);
}

TEST_F(LimitedServer, EndsItsWaitersWithTheTransport) {
  const SinkPtr held = hold_first();
  std::vector<SinkPtr> sinks = {held};
  for (int count = 0; count < 30; ++count) {
    sinks.push_back(start({.url = origin_.url("/f")}));
  }
  transport_.reset();
  for (const SinkPtr& sink : sinks) {
    const auto end = sink->wait();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kInterrupted);
  }
}

TEST_F(CurlTransportTest, TransportsLiveAndEndBesideEachOther) {
  for (int count = 0; count < 10; ++count) {
    CurlTransport other;
    auto sink = std::make_shared<CollectingSink>();
    other.start({.url = origin_.url("/f")}, sink);
    EXPECT_TRUE(get("/f")->wait());
  }
}

}  // namespace
}  // namespace omicsfs

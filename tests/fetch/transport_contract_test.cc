// SPDX-License-Identifier: MIT
//
// What transport.h promises, asked of the real transport and of the fake one
// that other tests believe in.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fetch/curl_transport.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/dead_port.h"
#include "tests/support/fake_transport.h"
#include "tests/support/origin.h"

namespace omicsfs {
namespace {

using SinkPtr = std::shared_ptr<CollectingSink>;

// A transport with a far end that can be told what to offer.
class World {
 public:
  virtual ~World() = default;
  virtual Transport& transport() = 0;
  virtual void end_transport() = 0;
  // Offers an object; returns its url.
  virtual std::string add(const std::string& path, const std::string& bytes,
                          const std::string& etag) = 0;
  virtual std::string missing_url() = 0;
  virtual std::string dead_url() = 0;
  // From now on requests of `path` get no answer.
  virtual void hold(const std::string& path) = 0;
  virtual void wait_for_requests(std::size_t count) = 0;
  // From now on answers break after `bytes` bytes of the body.
  virtual void break_after(const std::string& path, std::uint64_t bytes) = 0;
  virtual void ignore_range(const std::string& path) = 0;
  virtual void refuse(const std::string& path, int status) = 0;
  // From now on `path` leads to `url`; returns its own url.
  virtual std::string redirect(const std::string& path,
                               const std::string& url) = 0;
};

class FakeWorld : public World {
 public:
  Transport& transport() override { return *transport_; }
  void end_transport() override { transport_.reset(); }
  std::string add(const std::string& path, const std::string& bytes,
                  const std::string& etag) override {
    transport_->add(url(path), bytes, etag);
    return url(path);
  }
  std::string missing_url() override { return url("/missing"); }
  std::string dead_url() override {
    transport_->fail_url(url("/dead"), {.what = FakeFault::What::kRefuse});
    return url("/dead");
  }
  void hold(const std::string& path) override { transport_->hold(url(path)); }
  void wait_for_requests(std::size_t count) override {
    transport_->wait_for_requests(count);
  }
  void break_after(const std::string& path, std::uint64_t bytes) override {
    transport_->fail_url(url(path),
                         {.what = FakeFault::What::kReset, .bytes = bytes});
  }
  void ignore_range(const std::string& path) override {
    transport_->fail_url(url(path), {.what = FakeFault::What::kIgnoreRange});
  }
  void refuse(const std::string& path, int status) override {
    transport_->fail_url(url(path), {.what = FakeFault::What::kStatus,
                                     .status = status,
                                     .retry_after = "3"});
  }
  std::string redirect(const std::string& path,
                       const std::string& to) override {
    transport_->redirect(url(path), to);
    return url(path);
  }

 private:
  static std::string url(const std::string& path) {
    return "http://fake" + path;
  }
  std::unique_ptr<FakeTransport> transport_ = std::make_unique<FakeTransport>();
};

class CurlWorld : public World {
 public:
  CurlWorld() {
    // The loopback interface is not behind the machine's proxy.
    setenv("no_proxy", "*", 1);
    transport_ = std::make_unique<CurlTransport>();
  }

  Transport& transport() override { return *transport_; }
  void end_transport() override { transport_.reset(); }
  std::string add(const std::string& path, const std::string& bytes,
                  const std::string& etag) override {
    origin_.add(path, bytes, etag);
    return origin_.url(path);
  }
  std::string missing_url() override { return origin_.url("/missing"); }
  std::string dead_url() override { return dead_port_.url("/dead"); }
  void hold(const std::string& path) override {
    origin_.fail({.kind = FaultKind::kStallHead, .glob = path});
  }
  void wait_for_requests(std::size_t count) override {
    ASSERT_TRUE(origin_.wait_for_requests(count));
  }
  void break_after(const std::string& path, std::uint64_t bytes) override {
    origin_.fail({.kind = FaultKind::kTruncate, .glob = path, .bytes = bytes});
  }
  void ignore_range(const std::string& path) override {
    origin_.fail({.kind = FaultKind::kRefuseRange, .glob = path});
  }
  void refuse(const std::string& path, int status) override {
    origin_.fail({.kind = FaultKind::kStatus,
                  .glob = path,
                  .status = status,
                  .header = "Retry-After: 3"});
  }
  std::string redirect(const std::string& path,
                       const std::string& to) override {
    origin_.fail({.kind = FaultKind::kRedirect, .glob = path, .url = to});
    return origin_.url(path);
  }

 private:
  Origin origin_;
  DeadPort dead_port_;
  std::unique_ptr<CurlTransport> transport_;
};

struct WorldKind {
  const char* name;
  std::function<std::unique_ptr<World>()> make;
};

class TransportContract : public ::testing::TestWithParam<WorldKind> {
 protected:
  SinkPtr start(const Request& request) {
    auto sink = std::make_shared<CollectingSink>();
    world_->transport().start(request, sink);
    return sink;
  }
  SinkPtr get(const Request& request) {
    SinkPtr sink = start(request);
    static_cast<void>(sink->wait());
    return sink;
  }
  static ErrorCode error_of(const SinkPtr& sink) {
    const auto result = sink->wait();
    return result ? ErrorCode::kIo : result.error().code;
  }

  std::unique_ptr<World> world_ = GetParam().make();
};

TEST_P(TransportContract, WholeObjectArrivesInOrder) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  const SinkPtr sink = get({.url = url});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->calls(), "hbd");
  EXPECT_TRUE(sink->started_before_head);
  EXPECT_EQ(sink->bytes(), "0123456789");
  EXPECT_EQ(sink->head->status, 200);
  EXPECT_EQ(sink->head->content_length, 10U);
  EXPECT_EQ(sink->head->validator.etag, "\"e\"");
  EXPECT_EQ(sink->head->content_encoding, "");
}

TEST_P(TransportContract, RangeArrivesAsAsked) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  const SinkPtr sink = get({.url = url, .range = ByteRange{2, 5}});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->bytes(), "23456");
  EXPECT_EQ(sink->head->status, 206);
  EXPECT_EQ(sink->head->content_range, "bytes 2-6/10");
  EXPECT_EQ(sink->head->content_length, 5U);
}

TEST_P(TransportContract, RangeBehindTheEndIsAnswered416) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  const SinkPtr sink = get({.url = url, .range = ByteRange{10, 5}});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->head->status, 416);
  EXPECT_EQ(sink->head->content_range, "bytes */10");
}

TEST_P(TransportContract, ServerThatIgnoresRangeIsSeenAs200) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  world_->ignore_range("/f");
  const SinkPtr sink = get({.url = url, .range = ByteRange{2, 5}});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->head->status, 200);
  EXPECT_EQ(sink->bytes(), "0123456789");
}

TEST_P(TransportContract, IfMatchIsSentAsGiven) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  EXPECT_EQ(get({.url = url, .if_match = "\"e\""})->head->status, 200);
  const SinkPtr other = get({.url = url, .if_match = "\"x\""});
  EXPECT_TRUE(other->wait());
  EXPECT_EQ(other->head->status, 412);
}

TEST_P(TransportContract, AnswersThatAreNotSuccessesEndWell) {
  const SinkPtr missing = get({.url = world_->missing_url()});
  EXPECT_TRUE(missing->wait());
  EXPECT_EQ(missing->head->status, 404);
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  world_->refuse("/f", 503);
  const SinkPtr refused = get({.url = url});
  EXPECT_TRUE(refused->wait());
  EXPECT_EQ(refused->head->status, 503);
  EXPECT_EQ(refused->head->retry_after, "3");
}

TEST_P(TransportContract, ARedirectIsFollowedByThoseWhoDoNotAskForIt) {
  const auto url =
      world_->redirect("/old", world_->add("/f", "0123456789", "\"e\""));
  const SinkPtr sink = get({.url = url, .range = ByteRange{3, 4}});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->calls(), "hbd");
  EXPECT_EQ(sink->head->status, 206);
  EXPECT_EQ(sink->bytes(), "3456");
}

TEST_P(TransportContract, ARedirectIsTheAnswerOfThoseWhoAskForIt) {
  const auto target = world_->add("/f", "0123456789", "\"e\"");
  const auto url = world_->redirect("/old", target);
  const SinkPtr told = get({.url = url, .redirects = Redirects::kTell});
  EXPECT_TRUE(told->wait());
  EXPECT_EQ(told->head->status / 100, 3);
  EXPECT_EQ(told->head->location, target);
}

TEST_P(TransportContract, ASecretFollowsNoRedirect) {
  const auto target = world_->add("/f", "0123456789", "\"e\"");
  const auto url = world_->redirect("/old", target);
  const SinkPtr sink = get({.url = url, .secret_header = "API-KEY: s3cret"});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->head->status / 100, 3);
}

TEST_P(TransportContract, EmptyObjectHasAHeadAndNoBody) {
  const auto url = world_->add("/f", "", "\"e\"");
  const SinkPtr sink = get({.url = url});
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->calls(), "hd");
  EXPECT_EQ(sink->head->status, 200);
}

TEST_P(TransportContract, LargeBodyArrivesWhole) {
  std::string bytes(3'000'001, '\0');
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = static_cast<char>(at * 2654435761U >> 24);
  }
  const auto url = world_->add("/f", bytes, "\"e\"");
  EXPECT_EQ(get({.url = url})->bytes(), bytes);
}

TEST_P(TransportContract, ErrorOfOnHeadEndsTheExchangeUnchanged) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  auto sink = std::make_shared<CollectingSink>();
  sink->head_result = Error{ErrorCode::kNoSpace, "mine"};
  world_->transport().start({.url = url}, sink);
  const auto result = sink->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(result.error().message, "mine");
  EXPECT_EQ(sink->calls(), "hd");
}

TEST_P(TransportContract, ErrorOfOnHeadOfAnEmptyBodyIsNotLost) {
  const auto url = world_->add("/f", "", "\"e\"");
  auto sink = std::make_shared<CollectingSink>();
  sink->head_result = Error{ErrorCode::kNoSpace, "mine"};
  world_->transport().start({.url = url}, sink);
  EXPECT_EQ(error_of(sink), ErrorCode::kNoSpace);
}

TEST_P(TransportContract, ErrorOfOnBodyEndsTheExchangeUnchanged) {
  const auto url = world_->add("/f", std::string(3'000'000, 'x'), "\"e\"");
  auto sink = std::make_shared<CollectingSink>();
  sink->fail_after(1, {ErrorCode::kNoSpace, "mine"});
  world_->transport().start({.url = url}, sink);
  const auto result = sink->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "mine");
  EXPECT_LT(sink->bytes().size(), 3'000'000U);
}

TEST_P(TransportContract, BodyThatBreaksIsUnavailableAfterItsFirstBytes) {
  const auto url = world_->add("/f", std::string(100'000, 'x'), "\"e\"");
  world_->break_after("/f", 70'000);
  const SinkPtr sink = get({.url = url});
  EXPECT_EQ(error_of(sink), ErrorCode::kUnavailable);
  EXPECT_EQ(sink->calls(), "hbd");
  EXPECT_EQ(sink->bytes(), std::string(70'000, 'x'));
}

TEST_P(TransportContract, RefusedConnectionIsUnavailableAndNamesTheRequest) {
  const auto url = world_->dead_url();
  const SinkPtr sink = get({.url = url, .range = ByteRange{0, 65536}});
  const auto result = sink->wait();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(result.error().message,
            "GET " + url + " bytes=0-65535: Connection refused");
  EXPECT_EQ(sink->calls(), "d");
}

TEST_P(TransportContract, UrlThatIsNotHttpIsInvalid) {
  for (const char* url : {"", "file:///etc/passwd", "ftp://h/f", "http://"}) {
    EXPECT_EQ(error_of(get({.url = url})), ErrorCode::kInvalid) << url;
  }
}

TEST_P(TransportContract, ExchangeThatIsNotWantedEndsWhileItsHeadIsAwaited) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  world_->hold("/f");
  const SinkPtr sink = start({.url = url});
  world_->wait_for_requests(1);
  sink->cancel();
  EXPECT_EQ(error_of(sink), ErrorCode::kInterrupted);
  EXPECT_EQ(sink->calls(), "d");
}

TEST_P(TransportContract, ExchangeThatWasNeverWantedIsNotAnswered) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  world_->hold("/f");
  auto sink = std::make_shared<CollectingSink>();
  sink->cancel();
  world_->transport().start({.url = url}, sink);
  EXPECT_EQ(error_of(sink), ErrorCode::kInterrupted);
}

TEST_P(TransportContract, SinkMayStartAnotherExchangeAtItsEnd) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  auto second = std::make_shared<CollectingSink>();
  auto first = std::make_shared<CollectingSink>();
  first->then = [&] { world_->transport().start({.url = url}, second); };
  world_->transport().start({.url = url}, first);
  EXPECT_TRUE(second->wait());
  EXPECT_EQ(second->bytes(), "0123456789");
}

TEST_P(TransportContract, EndOfTheTransportEndsEveryExchangeOnce) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  world_->hold("/f");
  std::vector<SinkPtr> sinks;
  sinks.reserve(50);
  for (int count = 0; count < 50; ++count) {
    sinks.push_back(start({.url = url}));
  }
  world_->wait_for_requests(1);
  world_->end_transport();
  for (const SinkPtr& sink : sinks) {
    EXPECT_EQ(error_of(sink), ErrorCode::kInterrupted);
    EXPECT_EQ(sink->calls(), "d");
  }
}

TEST_P(TransportContract, ExchangesOfManyThreadsAllEnd) {
  const auto url = world_->add("/f", "0123456789", "\"e\"");
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int count = 0; count < 8; ++count) {
    threads.emplace_back([&] {
      for (std::uint64_t offset = 0; offset < 10; ++offset) {
        const SinkPtr sink = get({.url = url, .range = ByteRange{offset, 1}});
        EXPECT_EQ(sink->bytes(), std::to_string(offset));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Every, TransportContract,
    ::testing::Values(
        WorldKind{"Fake", [] { return std::make_unique<FakeWorld>(); }},
        WorldKind{"Curl", [] { return std::make_unique<CurlWorld>(); }}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace omicsfs

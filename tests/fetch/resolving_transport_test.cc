// SPDX-License-Identifier: MIT
#include "fetch/resolving_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <thread>

#include "fetch/block_origin.h"
#include "fetch/curl_transport.h"
#include "fetch/url.h"
#include "tests/fetch/cache_world.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/origin.h"

namespace omicsfs {
namespace {

constexpr char kApi[] = "http://api/v1/dataset/7/";
constexpr char kSecret[] = "API-KEY: secret";
constexpr char kActual[] = "http://store/a.zip?X-Amz-Signature=1";
constexpr char kNewer[] = "http://store/a.zip?X-Amz-Signature=2";

// A cache over the fake network, by way of a ResolvingTransport.
class ResolvingTransportTest : public ::testing::Test {
 protected:
  ResolvingTransportTest() {
    network_->add(kActual, bytes_);
    tell(kActual);
  }
  ~ResolvingTransportTest() override {
    cache_.end_unpacking();
    network_.reset();
  }

  void tell(const std::string& url) {
    network_->add(kApi, R"({"id": 7, "download_url": ")" + url + R"("})");
  }
  ReadOutcome read(ByteRange range) {
    return read_range(*cache_.open(remote_), range);
  }
  // Reads `remote` from its start, and the error that there was.
  std::string trouble_of(const RemoteFile& remote) {
    const auto outcome = read_range(*cache_.open(remote), {0, 100});
    return outcome.error ? outcome.error->message : "";
  }
  // Requests of `url` until now.
  static std::size_t asked_of(const FakeTransport& network,
                              const std::string& url) {
    std::size_t count = 0;
    for (const auto& entry : network.log()) {
      count += entry.url == url ? 1 : 0;
    }
    return count;
  }
  [[nodiscard]] std::size_t asked(const std::string& url) const {
    return asked_of(*network_, url);
  }

  const TemporaryDirectory dir_;
  const std::string bytes_ = random_bytes(20 * kBlockBytes, 1);
  const RemoteFile remote_ =
      remote_of(resolve_url(kApi, "download_url"), bytes_);
  std::unique_ptr<FakeTransport> network_ = std::make_unique<FakeTransport>();
  void advance(LearnedUrls::Time::duration by) { now_ += by.count(); }
  std::atomic<LearnedUrls::Time::rep> now_{
      LearnedUrls::Time::duration(std::chrono::hours{1}).count()};
  ResolvingTransport transport_{
      *network_,
      [](const MarkedUrl& address) {
        return std::string(address.url == kApi ? kSecret : "");
      },
      [this] { return LearnedUrls::Time(LearnedUrls::Time::duration(now_)); }};
  Mirrors mirrors_;
  Counters counters_;
  RangeFetcher fetcher_{transport_, mirrors_, RetryPolicy{0}, counters_, 1};
  BlockCache cache_{
      dir_.path(), {CacheWorld::kPlenty, 0}, {fetcher_}, counters_, {}};
};

TEST_F(ResolvingTransportTest, AsksOnceWhereTheObjectIs) {
  EXPECT_EQ(read({0, 100}).bytes, bytes_.substr(0, 100));
  EXPECT_EQ(read({kBlockBytes * 9, 100}).bytes,
            bytes_.substr(kBlockBytes * 9, 100));
  EXPECT_EQ(asked(kApi), 1U);
  EXPECT_EQ(asked(kActual), 2U);
}

TEST_F(ResolvingTransportTest, TheSecretGoesToTheApiAlone) {
  ASSERT_FALSE(read({0, 100}).error);
  for (const auto& entry : network_->log()) {
    EXPECT_EQ(entry.secret_header, entry.url == kApi ? kSecret : "");
  }
}

TEST_F(ResolvingTransportTest, AnExpiredUrlIsRenewedOnceByOneOfThoseWhoWait) {
  ASSERT_FALSE(read({0, 100}).error);
  network_->fail_url(kActual, {FakeFault::What::kStatus, 0, 403});
  network_->add(kNewer, bytes_);
  tell(kNewer);
  network_->hold(kActual);
  std::vector<std::thread> readers;
  std::atomic<int> wrong{0};
  for (std::uint64_t i = 1; i <= 6; ++i) {
    readers.emplace_back([&, i] {
      const ByteRange range{3 * i * kBlockBytes, 100};
      wrong += read(range).bytes == bytes_.substr(range.offset, 100) ? 0 : 1;
    });
  }
  network_->wait_for_requests(2 + 6);
  network_->release(kActual);
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(asked(kApi), 2U);
}

TEST_F(ResolvingTransportTest, ASecond403IsTheAnswer) {
  network_->fail_url(kActual, {FakeFault::What::kStatus, 0, 403});
  const auto outcome = read({0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kRefused);
  EXPECT_NE(outcome.error->message.find("403"), std::string::npos);
  EXPECT_EQ(outcome.error->message.find("Signature"), std::string::npos);
  EXPECT_EQ(asked(kApi), 2U);
}

TEST_F(ResolvingTransportTest, AnAnswerThatTellsNoUrlIsToldAndRemembered) {
  for (const char* document :
       {"{}", R"({"download_url": null})", R"({"download_url": 7})",
        R"({"download_url": "file:///etc/passwd"})", "no JSON"}) {
    SCOPED_TRACE(document);
    const TemporaryDirectory dir;
    auto network = std::make_unique<FakeTransport>();
    ResolvingTransport transport(
        *network, [](const MarkedUrl&) { return std::string(); });
    network->add(kApi, document);
    RangeFetcher fetcher(transport, mirrors_, RetryPolicy{0}, counters_, 1);
    BlockCache cache(dir.path(), {CacheWorld::kPlenty, 0}, {fetcher}, counters_,
                     {});
    for (int i = 0; i < 3; ++i) {
      const auto outcome = read_range(*cache.open(remote_), {0, 10});
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
    }
    EXPECT_EQ(asked_of(*network, kApi), 1U);
    cache.end_unpacking();
    network.reset();
  }
}

// The same over a portal that redirects.
class RedirectTest : public ResolvingTransportTest {
 protected:
  static constexpr char kPortal[] = "http://portal/files/F/@@download/F.bam";

  RedirectTest() { network_->redirect(kPortal, kActual); }

  const RemoteFile remote_ = remote_of(redirect_url(kPortal), bytes_);
  ReadOutcome read(ByteRange range) {
    return read_range(*cache_.open(remote_), range);
  }
  // Reads of the first bytes of six places far from each other, at once.
  int wrong_of_six_readers(const std::function<void()>& meanwhile) {
    std::vector<std::thread> readers;
    std::atomic<int> wrong{0};
    for (std::uint64_t i = 1; i <= 6; ++i) {
      readers.emplace_back([&, i] {
        const ByteRange range{3 * i * kBlockBytes, 100};
        wrong += read(range).bytes == bytes_.substr(range.offset, 100) ? 0 : 1;
      });
    }
    meanwhile();
    for (std::thread& reader : readers) {
      reader.join();
    }
    return wrong;
  }
};

TEST_F(RedirectTest, IsAskedForOnceAndNeverForTheObject) {
  EXPECT_EQ(read({0, 100}).bytes, bytes_.substr(0, 100));
  EXPECT_EQ(read({kBlockBytes * 9, 100}).bytes,
            bytes_.substr(kBlockBytes * 9, 100));
  EXPECT_EQ(asked(kPortal), 1U);
  EXPECT_EQ(asked(kActual), 2U);
  EXPECT_EQ(network_->log().front().range, (ByteRange{0, 1}));
}

TEST_F(RedirectTest, IsAskedForByOneOfThoseWhoWait) {
  network_->hold(kPortal);
  EXPECT_EQ(wrong_of_six_readers([this] {
              network_->wait_for_requests(1);
              network_->release(kPortal);
            }),
            0);
  EXPECT_EQ(asked(kPortal), 1U);
}

TEST_F(RedirectTest, ASecretGoesToThePortalAlone) {
  ResolvingTransport transport(
      *network_, [](const MarkedUrl&) { return std::string(kSecret); });
  const auto sink = std::make_shared<CollectingSink>();
  transport.start({.url = redirect_url(kPortal)}, sink);
  EXPECT_TRUE(sink->wait());
  EXPECT_EQ(sink->bytes(), bytes_);
  for (const auto& entry : network_->log()) {
    EXPECT_EQ(entry.secret_header, entry.url == kPortal ? kSecret : "");
  }
}

// The real transport, which sees addresses.
TEST(RedirectOfAPortal, ToAPrivateAddressIsFollowedOnlyWhereItIsAllowed) {
  setenv("no_proxy", "*", 1);
  Origin portal;
  Origin store;
  store.add("/f", "0123456789");
  portal.fail({.kind = FaultKind::kRedirect, .url = store.url("/f")});
  for (const bool allowed : {false, true}) {
    std::vector<std::string> servers = {server_of(portal.url("/"))};
    if (allowed) {
      servers.push_back(server_of(store.url("/")));
    }
    const auto sink = std::make_shared<CollectingSink>();
    CurlTransport direct({.private_servers = servers});
    ResolvingTransport transport(
        direct, [](const MarkedUrl&) { return std::string(); });
    transport.start({.url = redirect_url(portal.url("/f"))}, sink);
    EXPECT_EQ(sink->wait().has_value(), allowed);
    EXPECT_EQ(sink->bytes(), allowed ? "0123456789" : "");
    EXPECT_EQ(store.log().size(), allowed ? 1U : 0U);
  }
}

TEST(ResolvedByAnApi, ToAPrivateAddressIsGoneToOnlyWhereItIsAllowed) {
  setenv("no_proxy", "*", 1);
  Origin api;
  Origin store;
  store.add("/f", "0123456789");
  api.add("/a", R"({"url": ")" + store.url("/f") + R"("})");
  for (const bool allowed : {false, true}) {
    std::vector<std::string> servers = {server_of(api.url("/"))};
    if (allowed) {
      servers.push_back(server_of(store.url("/")));
    }
    const auto sink = std::make_shared<CollectingSink>();
    CurlTransport direct({.private_servers = servers});
    ResolvingTransport transport(
        direct, [](const MarkedUrl&) { return std::string(); });
    transport.start({.url = resolve_url(api.url("/a"), "url")}, sink);
    EXPECT_EQ(sink->wait().has_value(), allowed);
    EXPECT_EQ(sink->bytes(), allowed ? "0123456789" : "");
    EXPECT_EQ(store.log().size(), allowed ? 1U : 0U);
  }
}

TEST_F(RedirectTest, ThatHasExpiredIsAskedForAnewOnce) {
  ASSERT_FALSE(read({0, 100}).error);
  network_->fail_url(kActual, {FakeFault::What::kStatus, 0, 403});
  network_->add(kNewer, bytes_);
  network_->redirect(kPortal, kNewer);
  network_->hold(kActual);
  EXPECT_EQ(wrong_of_six_readers([this] {
              network_->wait_for_requests(2 + 6);
              network_->release(kActual);
            }),
            0);
  EXPECT_EQ(asked(kPortal), 2U);
}

TEST_F(RedirectTest, ASecond403IsTheAnswer) {
  network_->fail_url(kActual, {FakeFault::What::kStatus, 0, 403});
  const auto outcome = read({0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kRefused);
  EXPECT_NE(outcome.error->message.find("403"), std::string::npos);
  EXPECT_EQ(outcome.error->message.find("Signature"), std::string::npos);
  EXPECT_EQ(asked(kPortal), 2U);
}

TEST_F(RedirectTest, WithoutOneTheUrlIsTheObjects) {
  const std::string plain = "http://portal/files/plain";
  for (const bool whole : {false, true}) {
    auto network = std::make_unique<FakeTransport>();
    network->add(plain, bytes_);
    if (whole) {
      network->fail_nth(1, {FakeFault::What::kIgnoreRange});
    }
    const TemporaryDirectory dir;
    ResolvingTransport transport(
        *network, [](const MarkedUrl&) { return std::string(); });
    RangeFetcher fetcher(transport, mirrors_, RetryPolicy{0}, counters_, 1);
    BlockCache cache(dir.path(), {CacheWorld::kPlenty, 0}, {fetcher}, counters_,
                     {});
    const RemoteFile remote = remote_of(redirect_url(plain), bytes_);
    EXPECT_EQ(read_range(*cache.open(remote), {70'000, 100}).bytes,
              bytes_.substr(70'000, 100));
    EXPECT_EQ(asked_of(*network, plain), 2U);
    cache.end_unpacking();
    network.reset();
  }
}

TEST_F(RedirectTest, ThatLeadsOnIsFollowedAndItsEndLearned) {
  const std::string other = "http://region/a.zip?Signature=3";
  network_->redirect(kActual, "//region/a.zip?Signature=3");
  network_->add(other, bytes_);
  ASSERT_EQ(read({0, 100}).bytes, bytes_.substr(0, 100));
  ASSERT_EQ(read({kBlockBytes * 9, 100}).bytes,
            bytes_.substr(kBlockBytes * 9, 100));
  EXPECT_EQ(asked(kPortal), 1U);
  EXPECT_EQ(asked(kActual), 1U);
  EXPECT_EQ(asked(other), 2U);
}

TEST_F(RedirectTest, InALoopEnds) {
  network_->redirect(kActual, kNewer);
  network_->redirect(kNewer, kActual);
  const auto outcome = read({0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kRefused);
  EXPECT_NE(outcome.error->message.find("redirect"), std::string::npos);
  EXPECT_EQ(asked(kActual) + asked(kNewer), 6U);
}

TEST_F(RedirectTest, AwayFromHttpIsRefusedAndRemembered) {
  network_->redirect(kPortal, "file:///etc/passwd");
  for (int i = 0; i < 3; ++i) {
    const auto outcome = read({0, 100});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::kRefused);
    EXPECT_NE(outcome.error->message.find("refused a redirect"),
              std::string::npos);
  }
  EXPECT_EQ(asked(kPortal), 1U);
}

TEST_F(RedirectTest, OfAMissingFileIsNotFound) {
  const RemoteFile missing = remote_of("redirect:http://portal/no", bytes_);
  const auto outcome = read_range(*cache_.open(missing), {0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ErrorCode::kNotFound);
}

TEST_F(RedirectTest, APortalThatIsBusyIsAskedAgain) {
  network_->fail_nth(1, {FakeFault::What::kStatus, 0, 403});
  network_->fail_nth(2, {FakeFault::What::kStatus, 0, 429, "57"});
  network_->fail_nth(3, {FakeFault::What::kRefuse});
  EXPECT_EQ(read({0, 100}).bytes, bytes_.substr(0, 100));
  EXPECT_EQ(asked(kPortal), 4U);
  std::vector<long> delays;
  for (const auto& entry : network_->log()) {
    delays.push_back(entry.delay.count());
  }
  EXPECT_EQ(delays, (std::vector<long>{0, 500, 57'000, 2'000, 0}));
}

TEST_F(RedirectTest, APortalThatStaysBusyIsGivenUpForAWhile) {
  network_->fail_url(kPortal, {FakeFault::What::kStatus, 0, 403});
  for (int i = 0; i < 3; ++i) {
    const auto outcome = read({0, 100});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  }
  EXPECT_EQ(asked(kPortal), 4U);
}

TEST_F(RedirectTest, WhatNobodyWantsAnyMoreIsNotAskedFor) {
  network_->hold(kPortal);
  std::vector<std::shared_ptr<CollectingSink>> sinks;
  for (int i = 0; i < 3; ++i) {
    sinks.push_back(std::make_shared<CollectingSink>());
    transport_.start({.url = redirect_url(kPortal)}, sinks.back());
  }
  sinks[0]->cancel();
  EXPECT_EQ(sinks[0]->wait().error().code, ErrorCode::kInterrupted)
      << "it waits for the others no longer than they do";
  sinks[1]->cancel();
  sinks[2]->cancel();
  for (const auto& sink : sinks) {
    EXPECT_EQ(sink->wait().error().code, ErrorCode::kInterrupted);
  }
  network_->release(kPortal);
  EXPECT_EQ(read({0, 100}).bytes, bytes_.substr(0, 100));
  EXPECT_EQ(asked(kActual), 1U);
}

TEST_F(RedirectTest, AUrlThatSaysWhenItEndsIsAskedForAnewBefore) {
  const auto ending_in = [](std::chrono::hours left) {
    const auto end = std::chrono::system_clock::now() + left;
    return "http://store/a?Expires=" +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                              end.time_since_epoch())
                              .count());
  };
  const std::string brief = ending_in(std::chrono::hours{10});
  network_->redirect(kPortal, brief);
  network_->add(brief, bytes_);
  ASSERT_FALSE(read({0, 100}).error);
  advance(std::chrono::hours{1});
  ASSERT_FALSE(read({kBlockBytes * 3, 100}).error);
  EXPECT_EQ(asked(kPortal), 1U);
  advance(std::chrono::hours{9});
  const std::string lasting = ending_in(std::chrono::hours{30});
  network_->redirect(kPortal, lasting);
  network_->add(lasting, bytes_);
  ASSERT_FALSE(read({kBlockBytes * 9, 100}).error);
  ASSERT_FALSE(read({kBlockBytes * 15, 100}).error);
  EXPECT_EQ(asked(kPortal), 2U);
  EXPECT_EQ(asked(brief), 2U);
}

TEST_F(ResolvingTransportTest, AUrlThatNeedsHeadersIsNotAskedFor) {
  network_->add(kApi, R"({"download_url": ")" + std::string(kActual) +
                          R"(", "headers": ["Authorization: x"]})");
  EXPECT_NE(trouble_of(remote_).find("headers"), std::string::npos);
  EXPECT_EQ(asked(kActual), 0U);
}

TEST_F(ResolvingTransportTest, WithoutHeadersToBeSentItIs) {
  network_->add(kApi, R"({"headers": [], "download_url": ")" +
                          std::string(kActual) + R"("})");
  EXPECT_EQ(trouble_of(remote_), "");
}

TEST_F(ResolvingTransportTest, AnApiLeadsToTheWebAlone) {
  int number = 0;
  for (const char* url : {"file:///etc/passwd", "s3://b/k", "/relative", "",
                          "redirect:http://store/a.zip", "ftp://h/x"}) {
    const std::string api = "http://api-" + std::to_string(++number) + "/";
    network_->add(api, R"({"download_url": ")" + std::string(url) + R"("})");
    // Each has bytes of its own: what has the same shares one reader.
    const RemoteFile remote =
        remote_of(resolve_url(api, "download_url"),
                  bytes_.substr(static_cast<std::size_t>(number)));
    EXPECT_NE(trouble_of(remote), "") << url;
    EXPECT_EQ(asked(api), 1U);
  }
  EXPECT_EQ(network_->log().size(), static_cast<std::size_t>(number));
}

TEST_F(ResolvingTransportTest, AnApiOfHttpsLeadsToHttpsAlone) {
  for (const auto& [url, is_taken] : {std::pair{"http://store/b.zip", false},
                                      {"https://store/b.zip", true}}) {
    const std::string api =
        std::string("https://api/") + (is_taken ? "good/" : "bad/");
    network_->add(url, bytes_);
    network_->add(api, R"({"download_url": ")" + std::string(url) + R"("})");
    const auto sink = std::make_shared<CollectingSink>();
    transport_.start({.url = resolve_url(api, "download_url")}, sink);
    EXPECT_EQ(sink->wait().has_value(), is_taken) << url;
    EXPECT_EQ(asked(url), is_taken ? 1U : 0U);
  }
}

// The one who asked leaves; another comes before the lookup has ended.
TEST_F(RedirectTest, ALookupThatWasLeftIsMadeAgainForThoseWhoCameSince) {
  network_->hold(kPortal);
  const auto left = std::make_shared<CollectingSink>();
  const auto came = std::make_shared<CollectingSink>();
  left->then = [this, came] {
    transport_.start({.url = redirect_url(kPortal)}, came);
  };
  transport_.start({.url = redirect_url(kPortal)}, left);
  network_->wait_for_requests(1);
  left->cancel();
  EXPECT_EQ(left->wait().error().code, ErrorCode::kInterrupted);
  network_->release(kPortal);
  EXPECT_TRUE(came->wait());
  EXPECT_EQ(came->bytes(), bytes_);
}

// A request that is sent on late must not put an older place over a newer one.
TEST_F(RedirectTest, WhereALateRequestIsSentIsNotLearnedOverANewerPlace) {
  constexpr char kOn[] = "http://store/on";
  constexpr char kEnd[] = "http://store/end";
  const auto ask = [this] {
    auto sink = std::make_shared<CollectingSink>();
    transport_.start({.url = redirect_url(kPortal)}, sink);
    return sink;
  };
  ASSERT_TRUE(ask()->wait());
  network_->hold(kActual);
  network_->hold(kOn);
  network_->fail_nth(1, {FakeFault::What::kStatus, 0, 403});
  const auto renewing = ask();
  const auto late = ask();
  network_->redirect(kActual, kOn);
  network_->redirect(kOn, kEnd);
  network_->redirect(kPortal, kNewer);
  for (const char* url : {kNewer, kOn, kEnd}) {
    network_->add(url, bytes_);
  }
  network_->release(kActual);
  EXPECT_TRUE(renewing->wait());
  network_->release(kOn);
  EXPECT_TRUE(late->wait());
  EXPECT_TRUE(ask()->wait());
  EXPECT_EQ(network_->log().back().url, kNewer);
}

// Files whose server is shown the token "lab".
class TokenTest : public ResolvingTransportTest {
 protected:
  static constexpr const char* kHome = "http://lab/f";

  RemoteFile named(const std::string& token) {
    return remote_of(token_url(token, kHome), bytes_);
  }
  // The url of each request, with a "!" where it was sent the secret.
  [[nodiscard]] std::string asked_with() const {
    std::string text;
    for (const auto& entry : network_->log()) {
      if (entry.url.empty()) {
        continue;  // which is how a failure is told
      }
      text += entry.url;
      text += entry.secret_header.empty() ? " " : "! ";
      EXPECT_TRUE(entry.secret_header.empty() ||
                  entry.secret_header == kSecret);
    }
    return text;
  }

  ResolvingTransport tokens_{
      *network_, [](const MarkedUrl& address) -> Result<std::string> {
        return address.token == "lab"
                   ? Result<std::string>(std::string(kSecret))
                   : Error{ErrorCode::kInvalid, "no token " + address.token};
      }};
  RangeFetcher with_tokens_{tokens_, mirrors_, RetryPolicy{0}, counters_, 1};
  const TemporaryDirectory token_dir_;
  BlockCache kept_{token_dir_.path(),
                   {CacheWorld::kPlenty, 0},
                   {with_tokens_},
                   counters_,
                   {}};
};

TEST_F(TokenTest, GoesWithEveryRequestToItsServer) {
  network_->add(kHome, bytes_);
  const auto outcome = read_range(*kept_.open(named("lab")), {0, 100});
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.bytes, bytes_.substr(0, 100));
  EXPECT_EQ(asked_with(), std::string(kHome) + "! ");
  kept_.end_unpacking();
  network_.reset();
}

TEST_F(TokenTest, StaysBehindWhereItsServerLeadsElsewhere) {
  network_->redirect(kHome, kActual);
  for (const std::uint64_t at : {std::uint64_t{0}, 10 * kBlockBytes}) {
    EXPECT_FALSE(read_range(*kept_.open(named("lab")), {at, 100}).error);
  }
  EXPECT_EQ(asked_with(),
            std::string(kHome) + "! " + kActual + " " + kActual + " ");
  kept_.end_unpacking();
  network_.reset();
}

TEST_F(TokenTest, IsNotShownToAServerWhoseNameOnlyBeginsLikeItsServers) {
  for (const char* there :
       {"http://lab.evil/f", "http://lab:444/f", "http://labs/f",
        "http://lab@evil/f", "https://lab/f"}) {
    auto network = std::make_unique<FakeTransport>();
    ResolvingTransport tokens(*network, [](const MarkedUrl&) {
      return Result<std::string>(std::string(kSecret));
    });
    network->add(there, bytes_);
    network->redirect(kHome, there);
    const auto sink = std::make_shared<CollectingSink>();
    tokens.start({.url = token_url("lab", kHome)}, sink);
    EXPECT_TRUE(sink->wait());
    const auto log = network->log();
    EXPECT_EQ(log.front().secret_header, kSecret);
    EXPECT_EQ(log.back().url, there);
    EXPECT_EQ(log.back().secret_header, "") << there;
  }
}

TEST_F(TokenTest, IsShownAgainWhereWhatItLedToHasExpired) {
  network_->redirect(kHome, kActual);
  EXPECT_FALSE(read_range(*kept_.open(named("lab")), {0, 100}).error);
  network_->fail_url(kActual, {FakeFault::What::kStatus, 0, 403});
  network_->add(kNewer, bytes_);
  network_->redirect(kHome, kNewer);
  const ByteRange later{10 * kBlockBytes, 100};
  EXPECT_FALSE(read_range(*kept_.open(named("lab")), later).error);
  EXPECT_TRUE(asked_with().ends_with(std::string(kActual) + " " + kHome + "! " +
                                     kNewer + " "))
      << asked_with();
  kept_.end_unpacking();
  network_.reset();
}

TEST_F(TokenTest, WithoutOneNoServerIsAsked) {
  network_->add(kHome, bytes_);
  const auto outcome = read_range(*kept_.open(named("other")), {0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_NE(outcome.error->message.find("no token other"), std::string::npos);
  EXPECT_EQ(asked_with(), "");
  kept_.end_unpacking();
  network_.reset();
}

TEST_F(TokenTest, ThatIsRefusedIsNotShownTwice) {
  network_->add(kHome, bytes_);
  network_->fail_url(kHome, {FakeFault::What::kStatus, 0, 403});
  const auto outcome = read_range(*kept_.open(named("lab")), {0, 100});
  ASSERT_TRUE(outcome.error);
  EXPECT_NE(outcome.error->message.find("403"), std::string::npos);
  EXPECT_EQ(outcome.error->message.find("secret"), std::string::npos);
  EXPECT_EQ(asked_with(), std::string(kHome) + "! ");
  kept_.end_unpacking();
  network_.reset();
}

TEST_F(ResolvingTransportTest, OtherUrlsGoThroughAsTheyAre) {
  network_->add("http://h/x", "plain");
  const auto outcome =
      read_all(*cache_.open(without_digest(remote_of("http://h/x", "plain"))));
  EXPECT_EQ(outcome.bytes, "plain");
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/resolving_transport.h"

#include <gtest/gtest.h>

#include <thread>

#include "fetch/block_origin.h"
#include "tests/fetch/cache_world.h"

namespace omicsfs {
namespace {

constexpr char kApi[] = "http://api/v1/dataset/7/";
constexpr char kActual[] = "http://store/a.zip?X-Amz-Signature=1";
constexpr char kNewer[] = "http://store/a.zip?X-Amz-Signature=2";

TEST(ResolveUrl, IsAnApisDocumentAndAFieldInIt) {
  const auto url = parse_resolve_url("resolve:https://h/v1/7/#file.url");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->api_url, "https://h/v1/7/");
  EXPECT_EQ(url->field, (std::vector<std::string>{"file", "url"}));
  EXPECT_EQ(resolve_url("https://h/v1/7/", "file.url"),
            "resolve:https://h/v1/7/#file.url");
  for (const char* text :
       {"https://h/#x", "resolve:https://h/", "resolve:https://h/#",
        "resolve:https://h/#a..b", "resolve:https://h/#a.",
        "resolve:file:///x#a", "resolve:resolve:https://h/#a", ""}) {
    EXPECT_FALSE(parse_resolve_url(text)) << text;
  }
}

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
  ResolvingTransport transport_{*network_, [](const std::string& url) {
                                  return url == kApi ? "API-KEY: secret" : "";
                                }};
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
    EXPECT_EQ(entry.secret_header, entry.url == kApi ? "API-KEY: secret" : "");
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
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
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
    CacheWorld world(dir.path());  // for its network
    ResolvingTransport transport(world.network(),
                                 [](const std::string&) { return ""; });
    world.network().add(kApi, document);
    RangeFetcher fetcher(transport, mirrors_, RetryPolicy{0}, counters_, 1);
    BlockCache cache(dir.path() / "other", {CacheWorld::kPlenty, 0}, {fetcher},
                     counters_, {});
    for (int i = 0; i < 3; ++i) {
      const auto outcome = read_range(*cache.open(remote_), {0, 10});
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
    }
    EXPECT_EQ(asked_of(world.network(), kApi), 1U);
    cache.end_unpacking();
  }
}

TEST_F(ResolvingTransportTest, OtherUrlsGoThroughAsTheyAre) {
  network_->add("http://h/x", "plain");
  const auto outcome =
      read_all(*cache_.open(without_digest(remote_of("http://h/x", "plain"))));
  EXPECT_EQ(outcome.bytes, "plain");
}

}  // namespace
}  // namespace omicsfs

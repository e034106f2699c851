// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fetch/range_fetch.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/fake_transport.h"

namespace omicsfs {

inline constexpr const char* kA = "http://a/f";
inline constexpr const char* kB = "http://b/f";

inline std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t at = 0; at < size; ++at) {
    text += static_cast<char>('a' + at % 26);
  }
  return text;
}

// A fetcher over an in-memory world with one object at one or two urls.
class RangeFetch : public ::testing::Test {
 protected:
  using Sink = std::shared_ptr<CollectingRangeSink>;

  RangeRequest request(ByteRange range) {
    return {urls_, text_.size(), range, pin_, has_digest_};
  }
  Sink start(ByteRange range) {
    RangeFetcher fetcher(transport_, mirrors_, policy_, counters_, 1);
    return fetch(fetcher, range);
  }
  Sink fetch(RangeFetcher& fetcher, ByteRange range) {
    auto sink = std::make_shared<CollectingRangeSink>();
    fetcher.fetch(request(range), sink);
    return sink;
  }
  // Requests of `url` until now.
  [[nodiscard]] std::ptrdiff_t asked(const std::string& url) const {
    const auto log = transport_.log();
    return std::count_if(log.begin(), log.end(),
                         [&](const auto& entry) { return entry.url == url; });
  }
  ErrorCode error_of(ByteRange range) {
    const auto result = start(range)->wait();
    return result ? ErrorCode::kIo : result.error().code;
  }
  void expect_bytes(ByteRange range) {
    const Sink sink = start(range);
    const auto result = sink->wait();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(sink->bytes(), text_.substr(range.offset, range.length));
  }
  void offer_both() {
    urls_ = {kA, kB};
    transport_.add(kA, text_);
    transport_.add(kB, text_, "\"b\"");
  }

  std::string text_ = text_of(100);
  std::vector<std::string> urls_ = {kA};
  std::shared_ptr<VersionPin> pin_ = std::make_shared<VersionPin>();
  bool has_digest_ = false;
  Mirrors mirrors_;
  RetryPolicy policy_{.max_retries = 3,
                      .first_delay = std::chrono::milliseconds{100},
                      .max_delay = std::chrono::milliseconds{1000}};
  Counters counters_;
  FakeTransport transport_;
};

}  // namespace omicsfs

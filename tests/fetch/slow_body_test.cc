// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "catalog/unique_fd.h"
#include "fetch/curl_transport.h"
#include "fetch/document_fetch.h"
#include "fetch/range_fetch.h"
#include "fetch/whole_stream.h"
#include "tests/support/collecting_sink.h"
#include "tests/support/origin.h"
#include "tests/support/temporary_directory.h"

// Bodies that come slowly, and never stall, through the real transport. Time
// goes by with the bytes alone, at 4 KiB a second, so none comes too late.

namespace omicsfs {
namespace {

class SlowBody : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 400'000;

  SlowBody() {
    // The loopback interface is not behind the machine's proxy.
    setenv("no_proxy", "*", 1);
    origin_.add("/f", bytes_);
    trickle();
  }
  void trickle() {
    origin_.fail({.kind = FaultKind::kTrickle, .bytes = kBytes});
  }

  // A transport whose clock stands at what `bytes_here` says.
  static TransportOptions clocked_by(
      const std::function<std::uint64_t()>& bytes_here) {
    const std::chrono::seconds stall{15};
    return {.silence = {stall, stall}, .silence_clock = [bytes_here] {
              return StallWatch::Time() +
                     std::chrono::seconds(bytes_here() / 4096);
            }};
  }

  const std::string bytes_ = std::string(kBytes, 'x');
  const TemporaryDirectory dir_;
  Origin origin_;
  Mirrors mirrors_;
  Counters counters_;
};

TEST_F(SlowBody, ADocumentMayTakeFarLongerThanAStall) {
  const UniqueFd file(::open((dir_.path() / "document").c_str(),
                             O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CurlTransport transport(clocked_by([&file] {
    struct stat facts {};
    return ::fstat(file.get(), &facts) == 0
               ? static_cast<std::uint64_t>(facts.st_size)
               : 0;
  }));
  DocumentFetcher fetcher(transport, mirrors_, {.max_retries = 0}, counters_);
  const auto facts =
      fetcher.fetch_to(origin_.url("/f"), {file.get(), 2 * kBytes}, {}, {});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size, kBytes);
}

TEST_F(SlowBody, AWholeObjectMayTakeFarLongerThanAStall) {
  const auto sink = std::make_shared<CollectingRangeSink>();
  CurlTransport transport(clocked_by([sink] { return sink->bytes().size(); }));
  RangeFetcher fetcher(transport, mirrors_, {.max_retries = 0}, counters_, 1);
  fetcher.fetch({{origin_.url("/f")},
                 kBytes,
                 {0, kBytes},
                 std::make_shared<VersionPin>()},
                sink);
  const auto result = sink->wait();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(sink->bytes(), bytes_);
}

// The stream of a server that ignores Range, as its first answer shows.
TEST_F(SlowBody, AStreamMayTakeFarLongerThanAStall) {
  origin_.clear_faults();
  origin_.fail({.kind = FaultKind::kRefuseRange, .count = 1});
  trickle();
  const auto sink = std::make_shared<CollectingRangeSink>();
  CurlTransport transport(clocked_by([sink] { return sink->bytes().size(); }));
  RangeFetcher fetcher(transport, mirrors_, {.max_retries = 0}, counters_, 1);
  const auto stream = std::make_shared<WholeStream>(
      fetcher, RangeRequest{{origin_.url("/f")},
                            kBytes,
                            {0, kBytes},
                            std::make_shared<VersionPin>()});
  stream->fetch({1, kBytes - 1}, sink);
  const auto result = sink->wait();
  stream->close();
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(sink->bytes(), bytes_.substr(1));
  EXPECT_EQ(origin_.log().size(), 2U);
}

}  // namespace
}  // namespace omicsfs

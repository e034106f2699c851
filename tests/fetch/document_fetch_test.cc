// SPDX-License-Identifier: MIT
#include "fetch/document_fetch.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using Rules = std::vector<Mirrors::Rule>;
using std::chrono::milliseconds;
using What = FakeFault::What;

constexpr const char* kUrl = "http://a/index.json";
constexpr std::uint64_t kPlenty = 1 << 20;

class DocumentFetch : public ::testing::Test {
 protected:
  Result<std::string> fetch(const std::string& url = kUrl,
                            std::uint64_t max_bytes = kPlenty) {
    return DocumentFetcher(transport_, mirrors_, policy_, counters_, 1)
        .fetch(url, max_bytes, stop_.get_token());
  }
  Result<ObjectFacts> probe() {
    return DocumentFetcher(transport_, mirrors_, policy_, counters_, 1)
        .probe(kUrl, stop_.get_token());
  }
  // What a file holds after fetch_to, or its error.
  Result<std::string> fetch_to(std::uint64_t max_bytes = kPlenty) {
    const auto facts =
        DocumentFetcher(transport_, mirrors_, policy_, counters_, 1)
            .fetch_to(kUrl, {file_.get(), max_bytes}, stop_.get_token(),
                      [this](std::uint64_t done, std::uint64_t total) {
                        told_.emplace_back(done, total);
                      });
    if (!facts) {
      return facts.error();
    }
    std::string text(facts->size + 1, '\0');
    text.resize(
        read_up_to(file_.get(), 0, std::as_writable_bytes(std::span(text))));
    return text;
  }
  ErrorCode error_of_fetch(const std::string& url = kUrl,
                           std::uint64_t max_bytes = kPlenty) {
    const auto got = fetch(url, max_bytes);
    return got ? ErrorCode::kIo : got.error().code;
  }

  Mirrors mirrors_;
  RetryPolicy policy_{.max_retries = 3};
  Counters counters_;
  std::stop_source stop_;
  const TemporaryDirectory dir_;
  UniqueFd file_{::open((dir_.path() / "document").c_str(),
                        O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told_;
  FakeTransport transport_;
};

TEST_F(DocumentFetch, WholeDocumentArrives) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(100'000, 'x')}) {
    transport_.add(kUrl, text);
    const auto got = fetch();
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, text);
  }
  EXPECT_EQ(transport_.log().front().range, std::nullopt);
}

TEST_F(DocumentFetch, DocumentOverTheLimitIsRefusedAndOneOfThatSizeIsNot) {
  transport_.add(kUrl, std::string(100, 'x'));
  transport_.set_chunk_bytes(7);
  EXPECT_TRUE(fetch(kUrl, 100));
  EXPECT_EQ(error_of_fetch(kUrl, 99), ErrorCode::kInvalid);
  EXPECT_EQ(transport_.requests(), 2U);
}

TEST_F(DocumentFetch, DocumentOfUnknownLengthIsLimitedWhileItArrives) {
  transport_.add(kUrl, std::string(100, 'x'));
  transport_.set_chunk_bytes(7);
  transport_.fail_url(kUrl, {.what = What::kLongerBody, .bytes = 1});
  EXPECT_TRUE(fetch(kUrl, 101));
  EXPECT_EQ(error_of_fetch(kUrl, 100), ErrorCode::kInvalid);
}

TEST_F(DocumentFetch, TransientFailuresAreRetriedFromTheBeginning) {
  transport_.add(kUrl, "document");
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 4});
  transport_.fail_nth(2, {.what = What::kStatus, .status = 503});
  transport_.fail_nth(3, {.what = What::kRefuse});
  const auto got = fetch();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "document");
  EXPECT_EQ(counters_.requests, 4U);
  EXPECT_EQ(counters_.retries, 3U);
}

TEST_F(DocumentFetch, SpentRetriesEndUnavailableWithTheLastReason) {
  transport_.fail_url(kUrl, {.what = What::kRefuse});
  const auto got = fetch("http://a/index.json");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(got.error().message,
            "GET http://a/index.json: Connection refused "
            "(given up after 4 tries)");
}

TEST_F(DocumentFetch, ServerThatAsksToBeLeftAloneIs) {
  transport_.add(kUrl, "x");
  transport_.fail_nth(
      1, {.what = What::kStatus, .status = 503, .retry_after = "7"});
  EXPECT_TRUE(fetch());
  EXPECT_EQ(transport_.log().back().delay, std::chrono::seconds{7});
}

TEST_F(DocumentFetch, MissingDocumentIsNotFoundAndNotRetried) {
  const auto got = fetch();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(got.error().message,
            "GET http://a/index.json: the server answered 404");
  EXPECT_EQ(transport_.requests(), 1U);
}

TEST_F(DocumentFetch, AnswersOtherThanAPlain200AreRefused) {
  transport_.add(kUrl, "x");
  transport_.fail_url(kUrl, {.what = What::kGzipClaim});
  EXPECT_EQ(error_of_fetch(), ErrorCode::kUnavailable);
  for (const int status : {204, 206, 301, 304, 400, 403}) {
    transport_.fail_url(kUrl, {.what = What::kStatus, .status = status});
    EXPECT_EQ(error_of_fetch(),
              status < 400 ? ErrorCode::kUnavailable : ErrorCode::kRefused)
        << status;
  }
}

TEST_F(DocumentFetch, MirrorIsUsedWhereTheUrlFails) {
  mirrors_ = Mirrors(Rules{{"http://a/", {"http://m/"}}});
  transport_.add("http://m/index.json", "mirrored");
  const auto got = fetch();
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, "mirrored");
}

TEST_F(DocumentFetch, UrlThatIsNotHttpIsInvalid) {
  for (const char* url : {"file:///etc/passwd", "", "index.json"}) {
    EXPECT_EQ(error_of_fetch(url), ErrorCode::kInvalid) << url;
  }
  EXPECT_EQ(transport_.requests(), 0U);
}

TEST_F(DocumentFetch, StopEndsTheWait) {
  transport_.add(kUrl, "x");
  transport_.hold(kUrl);
  std::thread stopper([this] {
    transport_.wait_for_requests(1);
    stop_.request_stop();
  });
  EXPECT_EQ(error_of_fetch(), ErrorCode::kInterrupted);
  stopper.join();
  EXPECT_EQ(transport_.requests(), 1U);
}

TEST_F(DocumentFetch, ABodyOfAnotherLengthThanWasToldIsNoDocument) {
  transport_.add(kUrl, "document");
  transport_.fail_nth(1, {.what = What::kWrongLength});
  EXPECT_EQ(*fetch(), "document");
  EXPECT_EQ(transport_.requests(), 2U);
  transport_.fail_url(kUrl, {.what = What::kWrongLength});
  EXPECT_EQ(error_of_fetch(), ErrorCode::kUnavailable);
}

TEST_F(DocumentFetch, IntoAFileADocumentOfAnySizeArrives) {
  for (const std::size_t size : {300'000, 10, 0}) {
    transport_.add(kUrl, std::string(size, 'x'));
    const auto got = fetch_to();
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(*got == std::string(size, 'x')) << size;
    EXPECT_EQ(told_.back(),
              (std::pair<std::uint64_t, std::uint64_t>{size, size}));
  }
}

TEST_F(DocumentFetch, IntoAFileARetryBeginsAtItsStart) {
  transport_.add(kUrl, "document");
  transport_.fail_nth(1, {.what = What::kReset, .bytes = 4});
  transport_.fail_nth(2, {.what = What::kStatus, .status = 503});
  transport_.fail_nth(3, {.what = What::kWrongLength});
  const auto got = fetch_to();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, "document");
  EXPECT_EQ(counters_.retries, 3U);
}

TEST_F(DocumentFetch, IntoAFileABodyThatIsAlwaysCutIsAnError) {
  transport_.add(kUrl, "document");
  transport_.fail_url(kUrl, {.what = What::kReset, .bytes = 4});
  EXPECT_EQ(fetch_to().error().code, ErrorCode::kUnavailable);
}

TEST_F(DocumentFetch, IntoAFileOneOverTheLimitIsRefused) {
  transport_.add(kUrl, std::string(100, 'x'));
  transport_.set_chunk_bytes(7);
  EXPECT_TRUE(fetch_to(100));
  EXPECT_EQ(fetch_to(99).error().code, ErrorCode::kInvalid);
  transport_.fail_url(kUrl, {.what = What::kLongerBody, .bytes = 1});
  EXPECT_EQ(fetch_to(100).error().code, ErrorCode::kInvalid);
}

TEST_F(DocumentFetch, IntoAFileGzipIsAskedForAndKeptAsItIs) {
  transport_.add(kUrl, "encoded");
  transport_.fail_url(kUrl, {.what = What::kGzipClaim});
  EXPECT_EQ(*fetch_to(), "encoded");
  EXPECT_EQ(transport_.log().back().accept_encoding, "gzip");
}

TEST_F(DocumentFetch, AFileThatCannotBeWrittenEndsItAtOnce) {
  transport_.add(kUrl, "document");
  file_ = UniqueFd(::open("/dev/full", O_RDWR | O_CLOEXEC));
  const auto got = fetch_to();
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().code, ErrorCode::kUnavailable) << got.error().message;
  EXPECT_LE(transport_.requests(), 1U);
}

TEST_F(DocumentFetch, StopEndsTheWaitForAFile) {
  transport_.add(kUrl, "x");
  transport_.hold(kUrl);
  std::thread stopper([this] {
    transport_.wait_for_requests(1);
    stop_.request_stop();
  });
  EXPECT_EQ(fetch_to().error().code, ErrorCode::kInterrupted);
  stopper.join();
}

TEST_F(DocumentFetch, ProbeTellsSizeAndVersionFromTheFirstByte) {
  transport_.add(kUrl, std::string(12345, 'x'), "\"e\"");
  const auto facts = probe();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size, 12345U);
  EXPECT_EQ(facts->validator.etag, "\"e\"");
  EXPECT_EQ(transport_.log().back().range, (ByteRange{0, 1}));
}

TEST_F(DocumentFetch, ProbeTakesTheLengthWhereRangeIsIgnored) {
  transport_.add(kUrl, std::string(12345, 'x'));
  transport_.fail_url(kUrl, {.what = What::kIgnoreRange});
  const auto facts = probe();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size, 12345U);
}

TEST_F(DocumentFetch, ProbeOfAnEmptyObjectTellsZero) {
  transport_.add(kUrl, "");
  const auto facts = probe();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size, 0U);
}

TEST_F(DocumentFetch, ProbeFailsAsAFetchDoes) {
  EXPECT_EQ(probe().error().code, ErrorCode::kNotFound);
  transport_.add(kUrl, "x");
  transport_.fail_url(kUrl, {.what = What::kStatus, .status = 416});
  EXPECT_EQ(probe().error().code, ErrorCode::kChanged);
  transport_.fail_url(kUrl, {.what = What::kStatus, .status = 206});
  EXPECT_EQ(probe().error().code, ErrorCode::kRefused);
  transport_.clear_faults();
  transport_.fail_nth(1, {.what = What::kRefuse});
  EXPECT_TRUE(probe());
}

}  // namespace
}  // namespace omicsfs

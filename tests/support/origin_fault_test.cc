// SPDX-License-Identifier: MIT
#include "tests/support/origin_fault.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/origin.h"
#include "tests/support/raw_client.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

// Which of ten requests of /o are struck, as "x" and ".".
std::string struck(Fault fault) {
  FaultRules rules;
  rules.add(std::move(fault));
  std::string pattern;
  for (int request = 0; request < 10; ++request) {
    pattern += rules.strike("/o").empty() ? '.' : 'x';
  }
  return pattern;
}

TEST(FaultRules, StrikeTheRequestsTheyAreToldTo) {
  EXPECT_EQ(struck({}), "xxxxxxxxxx");
  EXPECT_EQ(struck({.count = 2}), "xx........");
  EXPECT_EQ(struck({.skip = 3, .count = 1}), "...x......");
  EXPECT_EQ(struck({.skip = 1, .every = 3}), ".x..x..x..");
  EXPECT_EQ(struck({.probability = 0}), "..........");
}

TEST(FaultRules, StrikeByTheirGlobAlone) {
  EXPECT_EQ(struck({.glob = "/p", .count = 1}), "..........");
  EXPECT_EQ(struck({.glob = "/[op]", .count = 1}), "x.........");
  FaultRules rules;
  rules.add({.glob = "/a*z"});
  EXPECT_EQ(rules.strike("/a/b/z").size(), 1U);
  EXPECT_EQ(rules.strike("/b/z").size(), 0U);
}

TEST(FaultRules, DrawTheSameLotsForTheSameSeed) {
  const std::string first = struck({.probability = 0.5, .seed = 7});
  EXPECT_EQ(first, struck({.probability = 0.5, .seed = 7}));
  EXPECT_NE(first.find('x'), std::string::npos) << first;
  EXPECT_NE(first.find('.'), std::string::npos) << first;
}

TEST(FaultKind, HasANameForEachAndNoOther) {
  EXPECT_EQ(*parse_fault_kind("status"), FaultKind::kStatus);
  EXPECT_EQ(*parse_fault_kind("close-on-accept"), FaultKind::kCloseOnAccept);
  EXPECT_FALSE(parse_fault_kind("Status").has_value());
}

class OriginFaults : public testing::Test {
 protected:
  OriginFaults() { origin_.add("/o", "0123456789", "\"v1\""); }

  // The answer to one request of /o that `fault` strikes.
  Reply get_struck(Fault fault, const std::string& headers = "") {
    origin_.clear_faults();
    origin_.fail(std::move(fault));
    return RawClient(origin_.port()).get("/o", headers);
  }

  Origin origin_;
};

constexpr const char* kRange = "Range: bytes=2-5\r\n";

TEST_F(OriginFaults, AnswerAStatusWithAHeader) {
  const Reply reply = get_struck({.status = 429, .header = "Retry-After: 7"});
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.header("Retry-After"), "7");
}

TEST_F(OriginFaults, SendTheWholeForARange) {
  const Reply reply = get_struck({.kind = FaultKind::kRefuseRange}, kRange);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "0123456789");
}

TEST_F(OriginFaults, ChangeTheEtagForRequestAndAnswer) {
  const Fault fault{.kind = FaultKind::kChangedEtag};
  EXPECT_EQ(get_struck(fault).header("ETag"), "\"changed\"");
  EXPECT_EQ(get_struck(fault, "If-Match: \"v1\"\r\n").status, 412);
}

TEST_F(OriginFaults, IgnoreConditions) {
  const Fault fault{.kind = FaultKind::kIgnoreConditions};
  EXPECT_EQ(get_struck(fault, "If-Match: \"v9\"\r\n").status, 200);
}

TEST_F(OriginFaults, LieInContentRange) {
  EXPECT_EQ(get_struck({.kind = FaultKind::kWrongContentRange}, kRange)
                .header("Content-Range"),
            "bytes 3-6/10");
  EXPECT_EQ(get_struck({.kind = FaultKind::kWrongTotal}, kRange)
                .header("Content-Range"),
            "bytes 2-5/11");
  EXPECT_EQ(get_struck({.kind = FaultKind::kWrongTotal}).status, 200);
}

TEST_F(OriginFaults, PromiseMoreThanThereIs) {
  const Reply reply =
      get_struck({.kind = FaultKind::kWrongLength, .bytes = 3}, kRange);
  EXPECT_EQ(reply.header("Content-Length"), "7");
  EXPECT_EQ(reply.body, "2345");
  EXPECT_FALSE(reply.whole);
}

TEST_F(OriginFaults, SendMoreThanAskedFor) {
  const Reply reply =
      get_struck({.kind = FaultKind::kLongerBody, .bytes = 3}, kRange);
  EXPECT_EQ(reply.header("Content-Range"), "bytes 2-5/10");
  EXPECT_EQ(reply.body, "2345+++");
}

TEST_F(OriginFaults, CutTheBodyShort) {
  for (const FaultKind kind : {FaultKind::kTruncate, FaultKind::kReset}) {
    const Reply reply = get_struck({.kind = kind, .bytes = 3});
    EXPECT_EQ(reply.header("Content-Length"), "10");
    EXPECT_FALSE(reply.whole);
    EXPECT_EQ(reply.reset, kind == FaultKind::kReset);
  }
  EXPECT_EQ(get_struck({.kind = FaultKind::kTruncate, .bytes = 3}).body, "012");
}

TEST_F(OriginFaults, ClaimGzip) {
  const Reply reply = get_struck({.kind = FaultKind::kGzipClaim});
  EXPECT_EQ(reply.header("Content-Encoding"), "gzip");
  EXPECT_EQ(reply.body, "0123456789");
}

TEST_F(OriginFaults, SendAPageOfHtml) {
  const Reply reply = get_struck({.kind = FaultKind::kHtml}, kRange);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), "text/html");
}

TEST_F(OriginFaults, RedirectElsewhere) {
  const Reply reply = get_struck(
      {.kind = FaultKind::kRedirect, .url = origin_.url("/elsewhere")});
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.header("Location"), origin_.url("/elsewhere"));
}

TEST_F(OriginFaults, FlipOneByte) {
  const Fault fault{.kind = FaultKind::kFlipByte, .bytes = 2};
  EXPECT_EQ(get_struck(fault).body, "0133456789");
  EXPECT_EQ(get_struck(fault, kRange).body, "2355");
  EXPECT_EQ(get_struck({.kind = FaultKind::kFlipByte, .bytes = 99}).body,
            "0123456789");
}

TEST_F(OriginFaults, CloseWithoutAnAnswer) {
  EXPECT_EQ(get_struck({.kind = FaultKind::kCloseUnanswered}).status, 0);
  EXPECT_EQ(origin_.log().at(0).status, 0);
  EXPECT_EQ(get_struck({.kind = FaultKind::kCloseOnAccept}).status, 0);
  EXPECT_EQ(origin_.log().size(), 1U);
  origin_.clear_faults();
  EXPECT_EQ(RawClient(origin_.port()).get("/o").status, 200);
}

TEST_F(OriginFaults, StallTheHeadUntilReleased) {
  origin_.fail({.kind = FaultKind::kStallHead});
  RawClient client(origin_.port());
  client.send("GET /o HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(origin_.wait_for_requests(1));
  EXPECT_FALSE(client.readable());
  EXPECT_EQ(origin_.stats().requests.in_flight, 1U);
  origin_.release();
  EXPECT_EQ(client.receive().body, "0123456789");
}

TEST_F(OriginFaults, StallTheBodyAfterSoManyBytesUntilReleased) {
  origin_.fail({.kind = FaultKind::kStallBody, .bytes = 4});
  RawClient client(origin_.port());
  client.send("GET /o HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(origin_.wait_for_requests(1));
  EXPECT_EQ(origin_.stats().requests.in_flight, 1U);
  origin_.release();
  EXPECT_EQ(client.receive().body, "0123456789");
  EXPECT_EQ(origin_.log().at(0).bytes_sent, 10U);
}

TEST_F(OriginFaults, StallForATime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(get_struck({.kind = FaultKind::kStallBody,
                          .bytes = 4,
                          .pause = milliseconds(40)})
                  .whole);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(40));
}

TEST_F(OriginFaults, TrickleTheBody) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(get_struck({.kind = FaultKind::kTrickle, .bytes = 100}).body,
            "0123456789");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(90));
}

TEST_F(OriginFaults, EndWithTheOriginThoughTheyStall) {
  auto origin = std::make_unique<Origin>();
  origin->add("/o", "1");
  origin->fail({.kind = FaultKind::kStallHead});
  RawClient client(origin->port());
  client.send("GET /o HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(origin->wait_for_requests(1));
  origin.reset();
  EXPECT_EQ(client.receive().status, 0);
}

TEST_F(OriginFaults, CombineWhereSeveralStrike) {
  origin_.fail({.kind = FaultKind::kChangedEtag});
  const Reply reply =
      RawClient(origin_.port()).get("/o", "If-None-Match: \"v1\"\r\n");
  EXPECT_EQ(reply.status, 200);
  origin_.fail({.kind = FaultKind::kFlipByte});
  EXPECT_EQ(RawClient(origin_.port()).get("/o").body, "1123456789");
}

TEST_F(OriginFaults, AreSteeredOverHttp) {
  RawClient client(origin_.port());
  EXPECT_EQ(client
                .post("/.control/faults?what=status&glob=/o&count=1&"
                      "status=500&header=X-A:%20b&ms=1&probability=1.0")
                .status,
            200);
  const Reply struck_reply = client.get("/o");
  EXPECT_EQ(struck_reply.status, 500);
  EXPECT_EQ(struck_reply.header("X-A"), "b");
  EXPECT_EQ(client.get("/o").status, 200);
  EXPECT_EQ(client.get("/.control/log").body,
            "1 GET /o - 500 18 1 1\n2 GET /o - 200 10 1 2\n");
  EXPECT_EQ(client.post("/.control/log/clear").status, 200);
  EXPECT_TRUE(origin_.log().empty());
  EXPECT_TRUE(client.get("/.control/stats").body.starts_with("requests 2\n"));
}

TEST_F(OriginFaults, AreClearedOverHttp) {
  RawClient client(origin_.port());
  client.post("/.control/faults?what=html");
  EXPECT_EQ(client.get("/o").header("Content-Type"), "text/html");
  EXPECT_EQ(client.post("/.control/clear").status, 200);
  EXPECT_EQ(client.get("/o").body, "0123456789");
}

TEST_F(OriginFaults, RefuseControlsThatMeanNothing) {
  RawClient client(origin_.port());
  EXPECT_EQ(client.post("/.control/faults?what=magic").status, 400);
  EXPECT_EQ(client.post("/.control/faults?what=html&count=x").status, 400);
  EXPECT_EQ(client.post("/.control/nothing").status, 404);
  EXPECT_EQ(client.get("/.control/faults?what=html").status, 404);
  EXPECT_TRUE(origin_.log().empty());
}

}  // namespace
}  // namespace omicsfs

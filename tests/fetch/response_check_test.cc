// SPDX-License-Identifier: MIT
#include "fetch/response_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kSize = 6;

ResponseHead head_with(int status) {
  ResponseHead head;
  head.status = status;
  return head;
}

std::optional<BodyPlan> plan_of(const Verdict& verdict) {
  const auto* plan = std::get_if<BodyPlan>(&verdict);
  return plan ? std::optional(*plan) : std::nullopt;
}

ErrorCode code_of(const Verdict& verdict) {
  const auto* refused = std::get_if<TryFailure>(&verdict);
  return refused ? refused->error.code : ErrorCode::kIo;
}

// All ranges of a small object, with every Content-Range of a slightly larger
// world and every Content-Length: a right answer is one that states exactly
// what was asked, whatever else there is.
void check_partial_answers(ByteRange asked, ByteRange sent,
                           std::uint64_t total) {
  ResponseHead head = head_with(206);
  head.content_range =
      fmt::format("bytes {}-{}/{}", sent.offset, sent.end() - 1, total);
  for (std::uint64_t length = 0; length <= kSize + 2; ++length) {
    // The largest stands for none.
    head.content_length =
        length == kSize + 2 ? std::nullopt : std::optional(length);
    const bool length_fits =
        !head.content_length || *head.content_length == asked.length;
    const Verdict verdict = check_response({asked, kSize}, head);
    const bool right = sent == asked && total == kSize && length_fits;
    ASSERT_EQ(plan_of(verdict).has_value(), right) << head.content_range;
    if (right) {
      EXPECT_EQ(plan_of(verdict),
                (BodyPlan{0, asked.length, false, !head.content_length}));
    } else if (total != kSize) {
      EXPECT_EQ(code_of(verdict), ErrorCode::kChanged);
    } else {
      EXPECT_EQ(code_of(verdict), ErrorCode::kUnavailable);
    }
  }
}

std::vector<ByteRange> ranges_within(std::uint64_t size) {
  std::vector<ByteRange> ranges;
  for (std::uint64_t offset = 0; offset < size; ++offset) {
    for (std::uint64_t length = 1; offset + length <= size; ++length) {
      ranges.push_back({offset, length});
    }
  }
  return ranges;
}

TEST(ResponseCheck, PartialAnswerMustStateExactlyWhatWasAsked) {
  for (const ByteRange asked : ranges_within(kSize)) {
    for (std::uint64_t total = 1; total <= kSize + 1; ++total) {
      for (const ByteRange sent : ranges_within(total)) {
        check_partial_answers(asked, sent, total);
      }
    }
  }
}

TEST(ResponseCheck, PartialAnswerWithoutUsableContentRangeIsRefused) {
  for (const char* text : {"", "bytes 1-2/*", "bytes */6", "bytes 0-1",
                           "bytes 0-1/6, bytes 0-1/6", "pages 0-1/6"}) {
    ResponseHead head = head_with(206);
    head.content_range = text;
    EXPECT_EQ(code_of(check_response({{0, 2}, kSize}, head)),
              ErrorCode::kUnavailable)
        << text;
  }
}

// RFC 9110 14.4: the size need not be told, and the catalog has it.
TEST(ResponseCheck, PartialAnswerNeedNotTellTheSizeOfTheObject) {
  ResponseHead head = head_with(206);
  head.content_range = "bytes 0-1/*";
  EXPECT_EQ(plan_of(check_response({{0, 2}, kSize}, head)),
            (BodyPlan{0, 2, false, true, true}));
  head.content_length = 2;
  EXPECT_EQ(plan_of(check_response({{0, 2}, kSize}, head)),
            (BodyPlan{0, 2, false, false, true}));
  EXPECT_EQ(code_of(check_response({{0, 3}, kSize}, head)),
            ErrorCode::kUnavailable);
  head.content_encoding = "gzip";
  EXPECT_EQ(code_of(check_response({{0, 2}, kSize}, head)),
            ErrorCode::kUnavailable)
      << "nothing tells whether the encoding is the stored object's";
}

TEST(ResponseCheck, ABodyOfUntoldLengthHasThatOfTheRangeOrOfTheObject) {
  EXPECT_EQ((BodyPlan{0, 2, false, true}.body_size(kSize)), 2U);
  EXPECT_EQ((BodyPlan{0, 2, true, true}.body_size(kSize)), kSize);
  EXPECT_EQ((BodyPlan{2, kSize - 2, false, true}.body_size(kSize)), kSize);
  ResponseHead head = head_with(206);
  const std::uint64_t large = kMaxHeldBytes + 1;
  head.content_range = fmt::format("bytes 0-{}/{}", large - 1, large + 9);
  EXPECT_EQ(code_of(check_response({{0, large}, large + 9}, head)),
            ErrorCode::kUnavailable);
  head.content_length = large;
  EXPECT_TRUE(plan_of(check_response({{0, large}, large + 9}, head)));
}

// All ends of small objects.
TEST(ResponseCheck, TheEndOfAnObjectIsSeenByItsLastByteAlone) {
  for (std::uint64_t size = 1; size <= kSize + 2; ++size) {
    ResponseHead head = head_with(206);
    const std::uint64_t end = std::min(size, kSize + 1);
    head.content_range = fmt::format("bytes {}-{}/*", kSize - 1, end - 1);
    if (size < kSize) {
      head = head_with(416);
    }
    const auto failure = check_end(kSize, head);
    EXPECT_EQ(failure.has_value(), size != kSize) << size;
    if (failure) {
      EXPECT_EQ(failure->error.code, ErrorCode::kChanged);
    }
  }
  EXPECT_EQ(end_range(kSize), (ByteRange{kSize - 1, 2}));
}

TEST(ResponseCheck, WhatElseTellsTheEndOfAnObject) {
  ResponseHead head = head_with(206);
  head.content_range = fmt::format("bytes {}-{}/{}", kSize - 1, kSize - 1, 9);
  EXPECT_EQ(check_end(kSize, head)->error.code, ErrorCode::kChanged);
  head.content_range = "bytes 0-0/*";
  EXPECT_TRUE(check_end(kSize, head));
  head.content_range = fmt::format("bytes {}-{}/*", kSize - 1, kSize - 1);
  head.content_encoding = "gzip";
  EXPECT_EQ(check_end(kSize, head)->error.code, ErrorCode::kUnavailable);
  head = head_with(200);
  EXPECT_TRUE(check_end(kSize, head)) << "it tells no length";
  head.content_length = kSize;
  EXPECT_FALSE(check_end(kSize, head));
  head.content_length = kSize + 1;
  EXPECT_EQ(check_end(kSize, head)->error.code, ErrorCode::kChanged);
  EXPECT_EQ(check_end(kSize, head_with(404))->error.code, ErrorCode::kNotFound);
  EXPECT_EQ(check_end(kSize, head_with(503))->failure, Failure::kTransient);
}

TEST(ResponseCheck, MultipartAnswerIsRefused) {
  ResponseHead head = head_with(206);
  head.content_range = "bytes 0-1/6";
  ASSERT_TRUE(plan_of(check_response({{0, 2}, kSize}, head)));
  head.content_type = "Multipart/Byteranges; boundary=x";
  EXPECT_EQ(code_of(check_response({{0, 2}, kSize}, head)),
            ErrorCode::kUnavailable);
}

TEST(ResponseCheck, WholeAnswerIsCutToTheRangeWhereItsLengthIsRight) {
  for (const ByteRange asked : ranges_within(kSize)) {
    ResponseHead head = head_with(200);
    const bool more = asked.end() < kSize;
    EXPECT_EQ(plan_of(check_response({asked, kSize, true}, head)),
              (BodyPlan{asked.offset, asked.length, more, true}))
        << "without a length nothing is proven before the end";
    for (std::uint64_t length = 0; length <= kSize + 2; ++length) {
      head.content_length = length;
      const Verdict verdict = check_response({asked, kSize, true}, head);
      if (length == kSize) {
        EXPECT_EQ(plan_of(verdict),
                  (BodyPlan{asked.offset, asked.length, more, false}));
      } else {
        EXPECT_EQ(code_of(verdict), ErrorCode::kChanged);
        EXPECT_TRUE(std::get<TryFailure>(verdict).may_be_decoded);
      }
    }
  }
}

TEST(ResponseCheck, WholeAnswerWillNotDoWhereAPartIsAskedFor) {
  ResponseHead head = head_with(200);
  for (const auto length :
       {std::optional(kSize), std::optional<std::uint64_t>{}}) {
    head.content_length = length;
    const Verdict verdict = check_response({{0, 2}, kSize}, head);
    EXPECT_EQ(code_of(verdict), ErrorCode::kUnsupported);
    EXPECT_NE(std::get<TryFailure>(verdict).error.message.find("ignores Range"),
              std::string::npos);
  }
}

TEST(ResponseCheck, ALargeObjectOfUnknownLengthIsRefusedWithTheReason) {
  const ResponseHead head = head_with(200);
  const RequestedRange most{{0, kMaxHeldBytes}, kMaxHeldBytes, true};
  EXPECT_TRUE(plan_of(check_response(most, head)));
  const RequestedRange more{{0, kMaxHeldBytes + 1}, kMaxHeldBytes + 1, true};
  const Verdict verdict = check_response(more, head);
  EXPECT_EQ(code_of(verdict), ErrorCode::kUnavailable);
  EXPECT_NE(std::get<TryFailure>(verdict).error.message.find("no length"),
            std::string::npos);
}

TEST(ResponseCheck, ABodyOfUnknownLengthIsTheObjectWhereItEndsAtItsSize) {
  for (std::uint64_t size = 0; size <= kSize + 2; ++size) {
    const auto failure = check_unproven(size, kSize);
    EXPECT_EQ(failure.has_value(), size != kSize);
    if (failure) {
      EXPECT_EQ(failure->error.code, ErrorCode::kUnavailable);
    }
  }
}

TEST(ResponseCheck, WebPageOfAnotherLengthSaysNothingOfTheObject) {
  ResponseHead head = head_with(200);
  head.content_type = "text/html; charset=utf-8";
  EXPECT_EQ(code_of(check_response({{0, 1}, kSize}, head)),
            ErrorCode::kUnavailable);
  head.content_length = kSize + 1;
  EXPECT_EQ(code_of(check_response({{0, 1}, kSize}, head)),
            ErrorCode::kUnavailable);
  head.content_length = kSize;
  EXPECT_TRUE(plan_of(check_response({{0, 1}, kSize, true}, head)));
}

// An encoding that a server makes on its way gives the body another size, or a
// size that is not told.
TEST(ResponseCheck, AnEncodingIsTheStoredObjectsWhereItHasTheCataloguedSize) {
  for (const char* encoding :
       {"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"}) {
    const bool plain =
        std::string(encoding).empty() || std::string(encoding) == "identity";
    ResponseHead part = head_with(206);
    part.content_encoding = encoding;
    part.content_range = "bytes 0-1/6";
    EXPECT_TRUE(plan_of(check_response({{0, 2}, kSize}, part)));
    part.content_range = "bytes 0-1/7";
    EXPECT_EQ(code_of(check_response({{0, 2}, kSize}, part)),
              plain ? ErrorCode::kChanged : ErrorCode::kUnavailable);
    ResponseHead whole = head_with(200);
    whole.content_encoding = encoding;
    EXPECT_EQ(
        plan_of(check_response({{0, kSize}, kSize, true}, whole)),
        plain ? std::optional(BodyPlan{0, kSize, false, true}) : std::nullopt);
    whole.content_length = kSize;
    EXPECT_EQ(plan_of(check_response({{0, kSize}, kSize, true}, whole)),
              (BodyPlan{0, kSize, false, false}));
    whole.content_length = kSize - 1;
    EXPECT_EQ(code_of(check_response({{0, kSize}, kSize, true}, whole)),
              plain ? ErrorCode::kChanged : ErrorCode::kUnavailable);
  }
}

struct Meaning {
  Failure failure;
  ErrorCode code;
  bool operator==(const Meaning&) const = default;
};

Meaning expected_meaning(int status) {
  if (status == 404 || status == 410) {
    return {Failure::kOtherUrlOnly, ErrorCode::kNotFound};
  }
  if (status == 412 || status == 416) {
    return {Failure::kDoubtful, ErrorCode::kChanged};
  }
  if (status == 408 || status == 429 || (status >= 500 && status <= 599)) {
    return {Failure::kTransient, ErrorCode::kUnavailable};
  }
  const bool is_refused = status >= 400 && status <= 499;
  return {Failure::kOtherUrlOnly,
          is_refused ? ErrorCode::kRefused : ErrorCode::kUnavailable};
}

// Headers that would make a 206 right do not save any other status.
TEST(ResponseCheck, EveryOtherStatusIsRefusedWithItsMeaning) {
  for (int status = 0; status <= 699; ++status) {
    if (status == 200 || status == 206) {
      continue;
    }
    for (const char* range : {"", "bytes 0-1/6", "bytes */5"}) {
      ResponseHead head = head_with(status);
      head.content_range = range;
      head.content_length = 2;
      const Verdict verdict = check_response({{0, 2}, kSize}, head);
      const auto* refused = std::get_if<TryFailure>(&verdict);
      ASSERT_TRUE(refused) << status;
      EXPECT_EQ((Meaning{refused->failure, refused->error.code}),
                expected_meaning(status))
          << status;
      EXPECT_NE(refused->error.message.find(std::to_string(status)),
                std::string::npos);
    }
  }
}

TEST(ResponseCheck, A403ThatSaysWhenToComeAgainIsTransient) {
  for (int status = 400; status <= 599; ++status) {
    ResponseHead head = head_with(status);
    head.retry_after = "1";
    const bool throttled = status == 403 || expected_meaning(status).failure ==
                                                Failure::kTransient;
    EXPECT_EQ(refused_answer(head).failure == Failure::kTransient, throttled)
        << status;
  }
}

TEST(ResponseCheck, OtherSizeIsNamedBesideTheCataloguedOne) {
  ResponseHead head = head_with(206);
  head.content_range = "bytes 0-1/7";
  const Verdict verdict = check_response({{0, 2}, kSize}, head);
  EXPECT_EQ(std::get<TryFailure>(verdict).error.message,
            "the object has 7 bytes, the catalog says 6");
}

TEST(ResponseCheck, BrokenExchangeIsTransientAndACancelledOneIsNot) {
  EXPECT_EQ(failed_exchange({ErrorCode::kUnavailable, "x"}).failure,
            Failure::kTransient);
  EXPECT_EQ(failed_exchange({ErrorCode::kRefused, "x"}).failure,
            Failure::kTransient);
  EXPECT_EQ(failed_exchange({ErrorCode::kInvalid, "x"}).failure,
            Failure::kOtherUrlOnly);
  EXPECT_EQ(failed_exchange({ErrorCode::kInterrupted, "x"}).failure,
            Failure::kFatal);
  EXPECT_EQ(failed_exchange({ErrorCode::kNoSpace, "x"}).failure,
            Failure::kFatal);
}

}  // namespace
}  // namespace omicsfs

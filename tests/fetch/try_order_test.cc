// SPDX-License-Identifier: MIT
#include "fetch/try_order.h"

#include <gtest/gtest.h>

#include <vector>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

TryFailure failed(Failure failure, ErrorCode code = ErrorCode::kUnavailable) {
  return {failure, {code, "it broke"}};
}

TryFailure changed() {
  return failed(Failure::kOtherUrlOnly, ErrorCode::kChanged);
}

TryFailure not_found() {
  return failed(Failure::kOtherUrlOnly, ErrorCode::kNotFound);
}

constexpr RetryPolicy kThree{.max_retries = 3,
                             .first_delay = milliseconds{100},
                             .max_delay = milliseconds{1000}};

TEST(TryOrder, TransientFailuresAlternateBetweenTheUrls) {
  TryOrder order({"a", "b"}, kThree);
  EXPECT_EQ(order.url(), "a");
  std::string seen;
  for (int retry = 0; retry < 3; ++retry) {
    ASSERT_TRUE(order.next(failed(Failure::kTransient), 1.0));
    seen += order.url();
  }
  EXPECT_EQ(seen, "bab");
  const auto last = order.next(failed(Failure::kTransient), 1.0);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(last.error().message, "it broke (given up after 4 tries)");
}

TEST(TryOrder, TransientFailuresBackOff) {
  TryOrder order({"a"}, kThree);
  EXPECT_EQ(*order.next(failed(Failure::kTransient), 1.0), milliseconds{100});
  EXPECT_EQ(*order.next(failed(Failure::kTransient), 1.0), milliseconds{200});
  EXPECT_EQ(*order.next(failed(Failure::kTransient), 0.5), milliseconds{200});
}

TEST(TryOrder, AFreshUrlIsTriedAtOnceAndCostsNoRetry) {
  const RetryPolicy none{.max_retries = 0};
  TryOrder order({"a", "b", "c"}, none);
  EXPECT_EQ(*order.next(failed(Failure::kOtherUrlOnly), 1.0), milliseconds{0});
  EXPECT_EQ(order.url(), "b");
  EXPECT_EQ(*order.next(not_found(), 1.0), milliseconds{0});
  EXPECT_EQ(order.url(), "c");
  EXPECT_FALSE(order.next(failed(Failure::kTransient), 1.0));
}

TEST(TryOrder, AStruckUrlIsNeverTriedAgain) {
  TryOrder order({"a", "b"}, kThree);
  ASSERT_TRUE(order.next(failed(Failure::kOtherUrlOnly), 1.0));
  for (int retry = 0; retry < 3; ++retry) {
    EXPECT_EQ(order.url(), "b");
    ASSERT_TRUE(order.next(failed(Failure::kTransient), 1.0));
  }
}

TEST(TryOrder, ServerThatAsksToBeLeftAloneIsWaitedForAndOthersAreNot) {
  TryOrder order({"a", "b"}, kThree);
  TryFailure busy = failed(Failure::kTransient);
  busy.retry_after = milliseconds{700};
  EXPECT_EQ(*order.next(busy, 0.0), milliseconds{0});
  EXPECT_EQ(order.url(), "b");
  EXPECT_EQ(*order.next(failed(Failure::kTransient), 0.0), milliseconds{700});
  EXPECT_EQ(order.url(), "a");
}

TEST(TryOrder, ABusyServerCostsNoRetryUntilThePatienceIsSpent) {
  constexpr RetryPolicy kOne{.max_retries = 1,
                             .first_delay = milliseconds{100},
                             .patience = milliseconds{10'000}};
  TryOrder order({"a"}, kOne);
  TryFailure busy = failed(Failure::kTransient);
  busy.busy = true;
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(order.next(busy, 0.05, milliseconds{i * 100}));
  }
  busy.retry_after = milliseconds{3'000};
  EXPECT_EQ(*order.next(busy, 1.0, milliseconds{7'000}), milliseconds{3'000});
  const auto last = order.next(busy, 1.0, milliseconds{7'001});
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().message,
            "it broke (it asks to be left alone for 3 s)");
  EXPECT_TRUE(order.next(failed(Failure::kTransient), 1.0));
  EXPECT_FALSE(order.next(failed(Failure::kTransient), 1.0));
}

TEST(TryOrder, ThePatienceIsSpentByItsOwnDelaysToo) {
  constexpr RetryPolicy kPolicy{.patience = milliseconds{10'000}};
  TryOrder order({"a"}, kPolicy);
  TryFailure busy = failed(Failure::kTransient);
  busy.busy = true;
  busy.retry_after = milliseconds{3'000};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(order.next(busy, 1.0));
  }
  EXPECT_FALSE(order.next(busy, 1.0));
}

TEST(TryOrder, AMirrorThatWasNotAskedYetIsAskedAtOnceInsteadOfABusyServer) {
  TryOrder order({"a", "b"}, kThree);
  TryFailure busy = failed(Failure::kTransient);
  busy.busy = true;
  busy.retry_after = milliseconds{900'000};
  EXPECT_EQ(*order.next(busy, 1.0), milliseconds{0});
  EXPECT_EQ(order.url(), "b");
}

TEST(TryOrder, AnUrlHasAnAlternativeWhileOneIsLeftThatWasNotTried) {
  TryOrder order({"a", "b", "c"}, kThree);
  EXPECT_TRUE(order.has_untried());
  order.keep_only([](const std::string& url) { return url != "c"; });
  EXPECT_TRUE(order.has_untried());
  ASSERT_TRUE(order.next(failed(Failure::kTransient), 1.0));
  EXPECT_EQ(order.url(), "b");
  EXPECT_FALSE(order.has_untried());
  EXPECT_FALSE(TryOrder({"a"}, kThree).has_untried());
}

TEST(TryOrder, FatalFailureEndsAtOnceWithItsOwnError) {
  TryOrder order({"a", "b"}, kThree);
  const auto end =
      order.next(failed(Failure::kFatal, ErrorCode::kNoSpace), 1.0);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kNoSpace);
}

// Each way in which two urls can end.
TEST(TryOrder, LastErrorSaysChangedBeforeNotFoundBeforeUnavailable) {
  const auto end_of = [](const TryFailure& one, const TryFailure& two) {
    TryOrder order({"a", "b"}, kThree);
    EXPECT_TRUE(order.next(one, 1.0));
    return order.next(two, 1.0).error().code;
  };
  const auto wrong = failed(Failure::kOtherUrlOnly);
  EXPECT_EQ(end_of(not_found(), not_found()), ErrorCode::kNotFound);
  EXPECT_EQ(end_of(not_found(), wrong), ErrorCode::kUnavailable);
  EXPECT_EQ(end_of(wrong, not_found()), ErrorCode::kUnavailable);
  EXPECT_EQ(end_of(wrong, wrong), ErrorCode::kUnavailable);
  EXPECT_EQ(end_of(changed(), not_found()), ErrorCode::kChanged);
  EXPECT_EQ(end_of(not_found(), changed()), ErrorCode::kChanged);
  EXPECT_EQ(end_of(changed(), wrong), ErrorCode::kUnavailable)
      << "the other url may still have the catalogued bytes";
  EXPECT_EQ(end_of(wrong, changed()), ErrorCode::kUnavailable);
  const auto whole_only =
      failed(Failure::kOtherUrlOnly, ErrorCode::kUnsupported);
  EXPECT_EQ(end_of(whole_only, changed()), ErrorCode::kUnsupported);
  EXPECT_EQ(end_of(wrong, whole_only), ErrorCode::kUnsupported);
}

TEST(TryOrder,
     ADoubtfulAnswerIsAskedForOverOtherConnectionsBeforeItIsBelieved) {
  const TryFailure odd = failed(Failure::kDoubtful, ErrorCode::kChanged);
  TryOrder alone({"a"}, {.max_retries = 0});
  for (int asked = 0; asked < 2; ++asked) {
    EXPECT_TRUE(alone.next(odd, 0.0));
    EXPECT_TRUE(alone.wants_fresh_connection());
  }
  EXPECT_EQ(alone.next(odd, 0.0).error().code, ErrorCode::kChanged);

  TryOrder two({"a", "b"}, kThree);
  EXPECT_TRUE(two.next(odd, 0.0));
  EXPECT_EQ(two.url(), "a");
  EXPECT_TRUE(two.wants_fresh_connection());
  EXPECT_TRUE(two.next(odd, 0.0));
  EXPECT_EQ(two.url(), "b") << "then another address";
  EXPECT_FALSE(two.wants_fresh_connection());
  for (int asked = 0; asked < 2; ++asked) {
    EXPECT_TRUE(two.next(odd, 0.0));
    EXPECT_EQ(two.url(), "b");
  }
  EXPECT_EQ(two.next(odd, 0.0).error().code, ErrorCode::kChanged);
}

TEST(TryOrder, UrlsThatAreInvalidOrRefusedEndRefused) {
  for (const ErrorCode code : {ErrorCode::kInvalid, ErrorCode::kRefused}) {
    TryOrder one({"a"}, kThree);
    const auto end = one.next(failed(Failure::kOtherUrlOnly, code), 1.0);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kRefused);
    TryOrder two({"a", "b"}, kThree);
    EXPECT_TRUE(
        two.next(failed(Failure::kOtherUrlOnly, ErrorCode::kUnavailable), 1.0));
    EXPECT_EQ(two.next(failed(Failure::kOtherUrlOnly, code), 1.0).error().code,
              ErrorCode::kUnavailable)
        << "the other one may be well again";
  }
}

TEST(TryOrder, AHostWithoutAnAddressIsTriedAgainAndEndsRefused) {
  TryOrder order({"a"}, {.max_retries = 1});
  const TryFailure none = failed(Failure::kTransient, ErrorCode::kRefused);
  EXPECT_TRUE(order.next(none, 1.0));
  const auto end = order.next(none, 1.0);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kRefused);
}

TEST(TryOrder, UrlsThatAreNotKeptAreNotTried) {
  TryOrder order({"a", "b", "c"}, kThree);
  order.keep_only([](const std::string& url) { return url != "b"; });
  ASSERT_TRUE(order.next(changed(), 1.0));
  EXPECT_EQ(order.url(), "c");
  EXPECT_EQ(order.next(not_found(), 1.0).error().code, ErrorCode::kChanged);
}

// Plays every sequence of outcomes; counts the tries.
void play(const TryOrder& order, int tries, int urls, int most) {
  ASSERT_LE(tries, most);
  for (const auto& outcome :
       {failed(Failure::kTransient), failed(Failure::kOtherUrlOnly),
        not_found(), changed(),
        failed(Failure::kDoubtful, ErrorCode::kChanged)}) {
    TryOrder next = order;
    if (next.next(outcome, 0.5)) {
      play(next, tries + 1, urls, most);
    }
  }
}

TEST(TryOrder, NeverTriesMoreThanItsUrlsRetriesAndDoubtsTogether) {
  for (int urls = 1; urls <= 3; ++urls) {
    for (int retries = 0; retries <= 3; ++retries) {
      const std::vector<std::string> names = {"a", "b", "c"};
      const RetryPolicy policy{.max_retries = retries};
      play(TryOrder({names.begin(), names.begin() + urls}, policy), 1, urls,
           3 * urls + retries);
    }
  }
}

}  // namespace
}  // namespace omicsfs

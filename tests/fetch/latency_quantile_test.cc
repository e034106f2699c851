// SPDX-License-Identifier: MIT
#include "fetch/latency_quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace omicsfs {
namespace {

using std::chrono::microseconds;

TEST(LatencyQuantile, SaysNothingOfFewAnswers) {
  LatencyQuantile quantile;
  for (int i = 0; i < 99; ++i) {
    EXPECT_FALSE(quantile.p99());
    quantile.note(microseconds{1000});
  }
  quantile.note(microseconds{1000});
  EXPECT_TRUE(quantile.p99());
}

// The class above the true quantile, or its own: a quarter of an octave.
TEST(LatencyQuantile, IsNotUnderTheTrueOneAndLittleOverIt) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 dice(seed);
    std::lognormal_distribution<double> times(8.0, 1.0);
    LatencyQuantile quantile;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 900; ++i) {
      all.push_back(1 + static_cast<std::int64_t>(times(dice)));
      quantile.note(microseconds{all.back()});
    }
    std::sort(all.begin(), all.end());
    const auto right = static_cast<double>(all[900 - 900 / 100 - 1]);
    const auto said = static_cast<double>(quantile.p99()->count());
    EXPECT_GE(said, right);
    EXPECT_LE(said, right * 1.2 + 2);
  }
}

TEST(LatencyQuantile, OneSlowAnswerInTwoHundredDoesNotCount) {
  LatencyQuantile quantile;
  for (int i = 0; i < 800; ++i) {
    quantile.note(microseconds{i % 200 == 0 ? 10'000'000 : 1000});
  }
  EXPECT_LT(quantile.p99()->count(), 1300);
}

TEST(LatencyQuantile, ForgetsWhatIsLongPast) {
  LatencyQuantile quantile;
  for (int i = 0; i < 999; ++i) {
    quantile.note(microseconds{1'000'000});
  }
  for (int i = 0; i < 10'000; ++i) {
    quantile.note(microseconds{1000});
  }
  EXPECT_LT(quantile.p99()->count(), 1300);
}

TEST(LatencyQuantile, TakesAnyTime) {
  LatencyQuantile quantile;
  for (int i = 0; i < 200; ++i) {
    quantile.note(microseconds{i % 2 == 0 ? -5 : INT64_MAX});
  }
  EXPECT_GT(quantile.p99()->count(), 100'000'000);
}

}  // namespace
}  // namespace omicsfs

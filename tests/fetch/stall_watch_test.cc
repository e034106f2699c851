// SPDX-License-Identifier: MIT
#include "fetch/stall_watch.h"

#include <gtest/gtest.h>

#include <functional>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Silence = StallWatch::Silence;

constexpr StallLimits kLimits{.first_byte = seconds{60}, .stall = seconds{15}};
constexpr StallWatch::Time kBegin{seconds{1'000}};

struct Ending {
  milliseconds after;
  Silence why;
  bool operator==(const Ending&) const = default;
};

// When an exchange ends whose bytes are `bytes_at` each time; looked at every
// `step`, for five minutes.
std::optional<Ending> ending(
    milliseconds step,
    const std::function<std::uint64_t(milliseconds)>& bytes_at) {
  StallWatch watch(kLimits, kBegin);
  for (milliseconds at{0}; at <= seconds{300}; at += step) {
    if (const auto silence = watch.look(bytes_at(at), kBegin + at)) {
      return Ending{at, *silence};
    }
  }
  return std::nullopt;
}

TEST(StallWatch, AnAnswerThatNeverBeginsEndsAtTheFirstByteLimit) {
  for (const milliseconds step : {milliseconds{200}, milliseconds{1'000}}) {
    EXPECT_EQ(ending(step, [](milliseconds) { return 0U; }),
              (Ending{seconds{60}, Silence::kNoFirstByte}));
  }
}

// Every second at which the answer may begin.
TEST(StallWatch, AnAnswerThatBeginsInTimeIsWaitedForAndMayThenStall) {
  for (seconds begins{0}; begins < seconds{60}; ++begins) {
    EXPECT_EQ(ending(milliseconds{200},
                     [&](milliseconds at) { return at >= begins ? 300U : 0U; }),
              (Ending{begins + seconds{15}, Silence::kStalled}))
        << begins.count();
  }
}

TEST(StallWatch, OneKibibyteASecondIsFastEnoughAndLessIsNot) {
  const auto rate = [](std::uint64_t per_second) {
    return ending(milliseconds{200}, [per_second](milliseconds at) {
      return 1 + per_second * static_cast<std::uint64_t>(at.count()) / 1'000;
    });
  };
  EXPECT_FALSE(rate(1'024));
  EXPECT_FALSE(rate(1'000'000));
  EXPECT_EQ(rate(1'000), (Ending{seconds{15}, Silence::kStalled}));
}

TEST(StallWatch, ABodyThatIsHeldBackDoesNotStallMeanwhile) {
  StallWatch watch(kLimits, kBegin);
  EXPECT_FALSE(watch.look(300, kBegin));
  for (seconds at{1}; at < seconds{100}; ++at) {
    watch.excuse(kBegin + at);
    EXPECT_FALSE(watch.look(300, kBegin + at));
  }
  EXPECT_FALSE(watch.look(300, kBegin + seconds{113}));
  EXPECT_TRUE(watch.look(300, kBegin + seconds{114}));
}

TEST(StallWatch, ItsTextNamesTheSettingThatDecided) {
  const StallLimits sooner{seconds{15}, seconds{15}};
  EXPECT_EQ(silence_text(Silence::kNoFirstByte, kLimits, kLimits),
            "no byte of the answer in 60 s (network.first_byte_s)");
  EXPECT_EQ(silence_text(Silence::kNoFirstByte, kLimits, sooner),
            "no byte of the answer in 15 s (network.stall_s)");
  for (const StallLimits& used : {kLimits, sooner}) {
    EXPECT_EQ(silence_text(Silence::kStalled, kLimits, used),
              "less than 1024 bytes a second for 15 s (network.stall_s)");
  }
}

TEST(StallWatch, PausesThatAreShorterThanTheLimitAreBorne) {
  // A burst every 14 s.
  EXPECT_FALSE(ending(milliseconds{200}, [](milliseconds at) {
    return 1 + 100'000 * static_cast<std::uint64_t>(at / seconds{14});
  }));
  // One every 17 s.
  EXPECT_EQ(ending(milliseconds{200},
                   [](milliseconds at) {
                     return 1 + 100'000 * static_cast<std::uint64_t>(
                                              at / seconds{17});
                   }),
            (Ending{seconds{15}, Silence::kStalled}));
}

}  // namespace
}  // namespace omicsfs

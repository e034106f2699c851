// SPDX-License-Identifier: MIT
#include "fetch/patient_source.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <stop_token>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Fails as often as it is told to; then its bytes are 'x'.
class FailingSource final : public ByteSource {
 public:
  FailingSource(int failures, ErrorCode code)
      : failures_(failures), code_(code) {}
  [[nodiscard]] std::uint64_t size() const override { return 8; }
  Result<void> read_at(std::uint64_t /*offset*/, std::span<std::byte> out,
                       const ReadLimits& /*limits*/) override {
    ++reads_;
    if (on_read) {
      on_read();
    }
    if (reads_ <= failures_) {
      return Error{code_, "failure " + std::to_string(reads_)};
    }
    std::fill(out.begin(), out.end(), std::byte{'x'});
    return {};
  }
  [[nodiscard]] int reads() const { return reads_; }
  std::function<void()> on_read;

 private:
  const int failures_;
  const ErrorCode code_;
  int reads_ = 0;
};

constexpr int kForEver = 1'000'000;

Result<void> read(const std::shared_ptr<FailingSource>& source,
                  const ReadLimits& limits) {
  PatientSource patient(source, milliseconds{1});
  std::array<std::byte, 4> out{};
  auto done = patient.read_at(2, out, limits);
  EXPECT_EQ(out[0] == std::byte{'x'}, done.has_value());
  return done;
}

ReadLimits within(milliseconds time) { return {Clock::now() + time, {}}; }

TEST(PatientSource, WhatCannotBeHadNowIsAskedForAgain) {
  for (int failures = 0; failures < 6; ++failures) {
    const auto source =
        std::make_shared<FailingSource>(failures, ErrorCode::kUnavailable);
    EXPECT_TRUE(read(source, within(std::chrono::minutes{5})));
    EXPECT_EQ(source->reads(), failures + 1);
  }
}

TEST(PatientSource, OtherFailuresAreTold) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kChanged, ErrorCode::kCorrupt,
        ErrorCode::kTimedOut, ErrorCode::kInterrupted, ErrorCode::kIo}) {
    const auto source = std::make_shared<FailingSource>(1, code);
    const auto done = read(source, within(std::chrono::minutes{5}));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, code);
    EXPECT_EQ(source->reads(), 1);
  }
}

TEST(PatientSource, AtTheDeadlineItsLastFailureIsTold) {
  const auto source =
      std::make_shared<FailingSource>(kForEver, ErrorCode::kUnavailable);
  const ReadLimits limits = within(milliseconds{50});
  const auto done = read(source, limits);
  ASSERT_FALSE(done);
  EXPECT_GE(Clock::now(), limits.deadline);
  EXPECT_GT(source->reads(), 1);
  EXPECT_EQ(done.error().message, "failure " + std::to_string(source->reads()));
}

TEST(PatientSource, WhoIsInterruptedWaitsNoLonger) {
  const auto source =
      std::make_shared<FailingSource>(kForEver, ErrorCode::kUnavailable);
  std::stop_source stop;
  source->on_read = [&] {
    if (source->reads() == 3) {
      stop.request_stop();
    }
  };
  const auto done =
      read(source, {Clock::now() + std::chrono::hours{1}, stop.get_token()});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(source->reads(), 3);
}

}  // namespace
}  // namespace omicsfs

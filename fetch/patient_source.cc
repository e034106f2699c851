// SPDX-License-Identifier: MIT
#include "fetch/patient_source.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostPauses = 8;  // that one pause may become

// Begins the source's reading again after each failure and a pause. All of them
// have the one deadline of the read.
bool is_unavailable(const Error& error) {
  return error.code == ErrorCode::kUnavailable ||
         error.code == ErrorCode::kRefused;
}

class PatientReading final : public Reading {
 public:
  PatientReading(ByteSource& source, ByteRange range, milliseconds first_pause)
      : source_(source),
        range_(range),
        pause_(first_pause),
        longest_(first_pause * kMostPauses) {}

  std::optional<Result<void>> poll(std::span<std::byte> out,
                                   const ReadLimits& limits,
                                   const WakerPointer& waker) override {
    if (last_ && reading_ == nullptr) {
      if (auto ended = end_of_pause(limits)) {
        return ended;
      }
      if (Clock::now() < resume_at_) {
        return std::nullopt;
      }
    }
    if (reading_ == nullptr) {
      reading_ = source_.begin_read(range_);
    }
    auto outcome = reading_->poll(out, limits, waker);
    if (!outcome || *outcome || !is_unavailable(outcome->error())) {
      return outcome;
    }
    reading_.reset();
    last_ = outcome->error();
    resume_at_ =
        Clock::now() + std::exchange(pause_, std::min(pause_ * 2, longest_));
    return end_of_pause(limits);
  }

  [[nodiscard]] TimePoint wake_at() const override {
    return reading_ == nullptr ? resume_at_ : reading_->wake_at();
  }

 private:
  // None while there is time for another try.
  [[nodiscard]] std::optional<Result<void>> end_of_pause(
      const ReadLimits& limits) const {
    const auto ended = wait_ended(limits);
    if (!ended) {
      return std::nullopt;
    }
    return ended->code == ErrorCode::kInterrupted ? *ended : *last_;
  }

  ByteSource& source_;
  const ByteRange range_;
  milliseconds pause_;
  const milliseconds longest_;
  std::unique_ptr<Reading> reading_;  // null in a pause
  std::optional<Error> last_;         // why the last one failed
  TimePoint resume_at_{};
};

}  // namespace

PatientSource::PatientSource(std::shared_ptr<ByteSource> source,
                             milliseconds first_pause)
    : source_(std::move(source)), first_pause_(first_pause) {}

Result<void> PatientSource::read_at(std::uint64_t offset,
                                    std::span<std::byte> out,
                                    const ReadLimits& limits) {
  PatientReading reading(*source_, {offset, out.size()}, first_pause_);
  return finish(reading, out, limits);
}

std::unique_ptr<Reading> PatientSource::begin_read(ByteRange range) {
  return std::make_unique<PatientReading>(*source_, range, first_pause_);
}

}  // namespace omicsfs

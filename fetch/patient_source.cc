// SPDX-License-Identifier: MIT
#include "fetch/patient_source.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "fetch/mutex.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostPauses = 8;  // that one pause may become

// Waits so long, or until the read has no more time.
void wait_for(milliseconds pause, const ReadLimits& limits) {
  Mutex mutex;
  std::condition_variable_any never;
  MutexLock lock(mutex);
  never.wait_until(lock, limits.stop,
                   std::min(Clock::now() + pause, limits.deadline),
                   [] { return false; });
}

}  // namespace

PatientSource::PatientSource(std::shared_ptr<ByteSource> source,
                             milliseconds first_pause)
    : source_(std::move(source)), first_pause_(first_pause) {}

Result<void> PatientSource::read_at(std::uint64_t offset,
                                    std::span<std::byte> out,
                                    const ReadLimits& limits) {
  milliseconds pause = first_pause_;
  while (true) {
    auto read = source_->read_at(offset, out, limits);
    if (read || read.error().code != ErrorCode::kUnavailable) {
      return read;
    }
    wait_for(pause, limits);
    if (limits.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "the read was interrupted"};
    }
    if (Clock::now() >= limits.deadline) {
      return read;
    }
    pause = std::min(pause * 2, first_pause_ * kMostPauses);
  }
}

}  // namespace omicsfs

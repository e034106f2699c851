// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "catalog/result.h"
#include "fetch/circuit_breaker.h"
#include "fetch/mutex.h"

// When to try again.

namespace omicsfs {

struct RetryPolicy {
  // Further tries after the first, or after one that brought a block's worth of
  // bytes, over all urls together.
  int max_retries = 5;
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds max_delay{20'000};
  // How long one fetch waits for a server that is busy, in all.
  std::chrono::milliseconds patience{60'000};
  BreakerPolicy breaker{};
};

// What went wrong with one try, as far as trying again is concerned.
enum class Failure {
  kTransient,     // connection, stall, cut body, 408, 429, 5xx: try again later
  kOtherUrlOnly,  // 4xx, changed, wrong answers: this url will not do better
  kDoubtful,      // changed, or not the object at all: believed once further
                  // connections say so, too; then as kOtherUrlOnly
  kFatal,         // cancelled, the sink's own: stop
};

// One failed try. `error` is what the caller gets if it was the last.
struct TryFailure {
  Failure failure = Failure::kFatal;
  Error error;
  // How long the server asked to be left alone (RFC 9110 10.2.3).
  std::optional<std::chrono::milliseconds> retry_after{};
  // The server may have the object as it is stored, which it decodes for those
  // who do not accept gzip.
  bool may_be_decoded = false;
  // The server does its work, but asks for patience: it said until when, or it
  // serves others meanwhile. Such a try costs time and no retry.
  bool busy = false;
};

// The delay before try number `retry` (1 = the first retry): full jitter,
// uniform in [0, min(max_delay, first_delay * 2^(retry-1))], `random` in
// [0, 1]; never less than `retry_after` where the server gave one (capped at
// max_delay). Source of the scheme: AWS Architecture Blog, "Exponential Backoff
// and Jitter" (2015). None once `retry` is over max_retries. Pure.
// REQUIRES: retry >= 1.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(
    const RetryPolicy& policy, int retry, double random,
    std::optional<std::chrono::milliseconds> retry_after);

// The delay before the next try of a server that was busy `tries` times and for
// which the fetch has waited for `waited`: `told` where the server said when to
// come again, else as retry_delay() has it, but never over kLongestBusyDelay.
// Empty where that is longer than the policy's patience lasts. Pure.
// REQUIRES: tries >= 1.
struct BusyServer {
  int tries = 1;
  std::optional<std::chrono::milliseconds> told{};
  std::chrono::milliseconds waited{0};
};
inline constexpr std::chrono::milliseconds kLongestBusyDelay{2'000};
[[nodiscard]] std::optional<std::chrono::milliseconds> busy_delay(
    const RetryPolicy& policy, const BusyServer& server, double random);

// A stream of random numbers for retry_delay. Thread-safe.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : engine_(seed) {}
  // Uniform in [0, 1].
  [[nodiscard]] double next();

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

// When to try again. Pure: the caller brings the random number.

namespace omicsfs {

struct RetryPolicy {
  int max_retries = 5;  // further tries after the first, over all urls together
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds max_delay{20'000};
};

// What went wrong with one try, as far as trying again is concerned.
enum class Failure {
  kTransient,    // connection, stall, cut body, 408, 429, 5xx: try again later
  kOtherUrlOnly, // 4xx, wrong answers: this url will not do better
  kFatal,        // changed, cancelled, the sink's own: stop
};

// The delay before try number `retry` (1 = the first retry): full jitter,
// uniform in [0, min(max_delay, first_delay * 2^(retry-1))], `random` in
// [0, 1); never less than `retry_after` where the server gave one (capped at
// max_delay). Source of the scheme: AWS Architecture Blog, "Exponential Backoff
// and Jitter" (2015). None once `retry` is over max_retries.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(
    const RetryPolicy& policy, int retry, double random,
    std::optional<std::chrono::milliseconds> retry_after);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/retry.h"

#include <algorithm>

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

milliseconds ceiling_of(const RetryPolicy& policy, int retry) {
  milliseconds ceiling = policy.first_delay;
  for (int step = 1; step < retry && ceiling < policy.max_delay; ++step) {
    ceiling *= 2;
  }
  return std::min(ceiling, policy.max_delay);
}

}  // namespace

std::optional<milliseconds> retry_delay(
    const RetryPolicy& policy, int retry, double random,
    std::optional<milliseconds> retry_after) {
  if (retry > policy.max_retries) {
    return std::nullopt;
  }
  const auto ceiling = static_cast<double>(ceiling_of(policy, retry).count());
  const milliseconds backoff(
      static_cast<milliseconds::rep>(ceiling * std::clamp(random, 0.0, 1.0)));
  const milliseconds asked =
      std::min(retry_after.value_or(milliseconds{0}), policy.max_delay);
  return std::max(backoff, asked);
}

std::optional<milliseconds> busy_delay(const RetryPolicy& policy,
                                       const BusyServer& server,
                                       double random) {
  const milliseconds ceiling =
      std::min(ceiling_of(policy, server.tries), kLongestBusyDelay);
  const milliseconds backoff(static_cast<milliseconds::rep>(
      static_cast<double>(ceiling.count()) * std::clamp(random, 0.0, 1.0)));
  const milliseconds delay = server.told.value_or(backoff);
  return delay > policy.patience - server.waited ? std::nullopt
                                                 : std::optional(delay);
}

double Jitter::next() {
  const MutexLock lock(mutex_);
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine_);
}

}  // namespace omicsfs

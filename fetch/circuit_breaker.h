// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "fetch/mutex.h"

// Whether a server that keeps failing is asked at all.

namespace omicsfs {

struct BreakerPolicy {
  // A server is left alone once so many requests in a row have failed, none
  // having succeeded for so long. Both: a burst of refusals to many requests at
  // once is not yet an outage.
  int failures = 8;
  std::chrono::milliseconds without_success{5'000};
  // For how long: doubled with each test that fails.
  std::chrono::milliseconds first_pause{1'000};
  std::chrono::milliseconds max_pause{30'000};
};

// One server. Closed, every request passes. Open, none does until the pause is
// over; then one at a time, the probe, whose success closes it. Decides only:
// the time is given. Not thread-safe.
class CircuitBreaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Pass {
    kYes,
    kProbe,  // as the one that tests the server
    kNo,
  };
  // How a request ended, as far as the server is concerned.
  enum class Outcome {
    kAnswered,  // it does its work, if only to say no
    kFailed,    // no connection, no answer, a 5xx: nobody is served
    kUnknown,   // cancelled, or told to wait
  };

  explicit CircuitBreaker(const BreakerPolicy& policy) : policy_(policy) {}

  // Whether a request that is sent now would pass; takes nothing.
  [[nodiscard]] bool may_ask(Time now) const {
    return !open_ || (!probing_ && now >= open_until_);
  }
  // Whether a request may be sent now: asked when it is sent, so that a probe
  // which waits for its turn keeps nobody else from testing the server. A pass
  // that is not kNo must be given back by ended(), once.
  [[nodiscard]] Pass ask(Time now);
  void ended(Pass pass, Outcome outcome, Time now);

  // Whether it has nothing to tell: as if new.
  [[nodiscard]] bool idle() const { return failures_ == 0 && !open_; }
  [[nodiscard]] int failures() const { return failures_; }
  // When the next probe may pass. REQUIRES: ask() said kNo.
  [[nodiscard]] Time next_probe() const { return open_until_; }

 private:
  void open(Time now);

  BreakerPolicy policy_;
  int failures_ = 0;      // in a row
  Time failing_since_{};  // the first of them
  bool open_ = false;
  bool probing_ = false;
  std::chrono::milliseconds pause_{0};
  Time open_until_{};
};

// All servers, by server_of(url). What answers is forgotten. Thread-safe.
class CircuitBreakers {
 public:
  explicit CircuitBreakers(const BreakerPolicy& policy) : policy_(policy) {}

  [[nodiscard]] bool may_ask(const std::string& server,
                             CircuitBreaker::Time now) const;
  [[nodiscard]] CircuitBreaker::Pass ask(const std::string& server,
                                         CircuitBreaker::Time now);
  void ended(const std::string& server, CircuitBreaker::Pass pass,
             CircuitBreaker::Outcome outcome, CircuitBreaker::Time now);
  // "<server> is left alone after <n> failures; it is asked again in <s> s".
  [[nodiscard]] std::string why_not(const std::string& server,
                                    CircuitBreaker::Time now) const;

 private:
  const BreakerPolicy policy_;
  mutable Mutex mutex_;
  // Those that fail.
  std::map<std::string, CircuitBreaker> failing_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/circuit_breaker.h"

#include <fmt/format.h>

#include <algorithm>

namespace omicsfs {

CircuitBreaker::Pass CircuitBreaker::ask(Time now) {
  if (!open_) {
    return Pass::kYes;
  }
  if (!may_ask(now)) {
    return Pass::kNo;
  }
  probing_ = true;
  return Pass::kProbe;
}

void CircuitBreaker::ended(Pass pass, Outcome outcome, Time now) {
  const bool was_probe = pass == Pass::kProbe;
  if (was_probe) {
    probing_ = false;
  }
  switch (outcome) {
    case Outcome::kAnswered:
      *this = CircuitBreaker(policy_);
      return;
    case Outcome::kUnknown:
      return;
    case Outcome::kFailed:
      break;
  }
  if (failures_ == 0) {
    failing_since_ = now;
  }
  ++failures_;
  const bool trips = !open_ && failures_ >= policy_.failures &&
                     now - failing_since_ >= policy_.without_success;
  // Requests that began before it opened tell nothing new.
  if (trips || (open_ && was_probe)) {
    open(now);
  }
}

void CircuitBreaker::open(Time now) {
  pause_ = open_ ? std::min(pause_ * 2, policy_.max_pause)
                 : std::min(policy_.first_pause, policy_.max_pause);
  open_ = true;
  open_until_ = now + pause_;
}

bool CircuitBreakers::may_ask(const std::string& server,
                              CircuitBreaker::Time now) const {
  const MutexLock lock(mutex_);
  const auto found = failing_.find(server);
  return found == failing_.end() || found->second.may_ask(now);
}

CircuitBreaker::Pass CircuitBreakers::ask(const std::string& server,
                                          CircuitBreaker::Time now) {
  const MutexLock lock(mutex_);
  const auto found = failing_.find(server);
  return found == failing_.end() ? CircuitBreaker::Pass::kYes
                                 : found->second.ask(now);
}

void CircuitBreakers::ended(const std::string& server,
                            CircuitBreaker::Pass pass,
                            CircuitBreaker::Outcome outcome,
                            CircuitBreaker::Time now) {
  const MutexLock lock(mutex_);
  const bool failed = outcome == CircuitBreaker::Outcome::kFailed;
  const auto found = failed ? failing_.try_emplace(server, policy_).first
                            : failing_.find(server);
  if (found == failing_.end()) {
    return;
  }
  found->second.ended(pass, outcome, now);
  if (found->second.idle()) {
    failing_.erase(found);
  }
}

std::string CircuitBreakers::why_not(const std::string& server,
                                     CircuitBreaker::Time now) const {
  const MutexLock lock(mutex_);
  const auto found = failing_.find(server);
  if (found == failing_.end()) {
    return server + " answers again";
  }
  const auto left = std::chrono::ceil<std::chrono::seconds>(
      std::max(found->second.next_probe() - now,
               CircuitBreaker::Time::duration::zero()));
  return fmt::format(
      "{} is left alone after {} failures; it is asked again in {} s", server,
      found->second.failures(), left.count());
}

}  // namespace omicsfs

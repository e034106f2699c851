// SPDX-License-Identifier: MIT
#include "fetch/range_try.h"

#include <algorithm>
#include <new>
#include <utility>

#include "fetch/throttle.h"
#include "fetch/url.h"

namespace omicsfs {

using Clock = std::chrono::steady_clock;

Error RangeJob::Try::fail(TryFailure failure) {
  Error error = failure.error;
  failure_ = std::move(failure);
  return error;
}

// The server may have failed, or have got its probe, since this try was queued.
void RangeJob::Try::on_started() {
  started_ = Clock::now();
  const std::string server = server_or_none(url_);
  pass_ = job_->tools_.breakers->ask(server, started_);
  if (pass_ == CircuitBreaker::Pass::kNo) {
    was_refused_ = true;
    const Error alone{ErrorCode::kUnavailable,
                      job_->tools_.breakers->why_not(server, started_)};
    static_cast<void>(
        fail({Failure::kTransient, alone.within(describe_get(url_, asked_))}));
    return;
  }
  if (job_->lead_ == this) {
    job_->sink_->on_started();
  }
}

Result<void> RangeJob::Try::on_head(const ResponseHead& head) {
  const Verdict verdict = check_response(
      {asked_, job_->request_.file_size, job_->takes_whole()}, head);
  if (const auto* refused = std::get_if<TryFailure>(&verdict)) {
    TryFailure failure = *refused;
    failure.error = failure.error.within(describe_get(url_, asked_));
    note_throttle(failure, head, std::chrono::system_clock::now(),
                  job_->tools_.speeds->answered_since(
                      server_or_none(url_), Clock::now() - kServesLately));
    told_to_wait_ =
        head.status == 429 || failure.busy || failure.retry_after.has_value();
    return fail(std::move(failure));
  }
  const BodyPlan& plan = std::get<BodyPlan>(verdict);
  if (plan.needs_end && !job_->request_.pin->has_shown_end(url_)) {
    asks_for_end_ = true;
    const Error untold{ErrorCode::kUnavailable,
                       "the server does not tell how long the object is"};
    return fail(
        {Failure::kDoubtful, untold.within(describe_get(url_, asked_))});
  }
  // An answer of unknown length is the object's once its end has shown that.
  validator_ = head.validator;
  if (!plan.is_unproven) {
    if (auto noted = note_version(); !noted) {
      return noted;
    }
  }
  const bool may_be_decoded = plan.is_unproven && head.status == 200;
  if (may_be_decoded && !job_->asked_gzip_.contains(url_)) {
    return fail({Failure::kTransient,
                 {ErrorCode::kUnavailable, "the server tells no length"},
                 {},
                 true});
  }
  const std::string server = server_of(url_);
  job_->tools_.speeds->note_answer(server, Clock::now());
  job_->tools_.speeds->note_round_trip(server, head.waited);
  job_->tools_.speeds->note_first_byte(
      server, std::chrono::duration_cast<std::chrono::microseconds>(
                  Clock::now() - started_));
  if (!job_->take_lead(*this)) {
    return fail({Failure::kFatal,
                 {ErrorCode::kInterrupted, "another answer came before"}});
  }
  plan_ = plan;
  body_began_ = Clock::now();
  return {};
}

Result<void> RangeJob::Try::note_version() {
  if (job_->proof_.is_believed({url_, validator_})) {
    return {};
  }
  auto noted = job_->request_.pin->note(url_, validator_);
  if (!noted) {
    unknown_version_ = validator_;
    return fail({Failure::kDoubtful, noted.error()});
  }
  return noted;
}

Result<void> RangeJob::Try::on_body(std::span<const std::byte> bytes) {
  has_bytes_ = has_bytes_ || !bytes.empty();
  if (plan_.is_unproven) {
    return hold(bytes);
  }
  const auto skipped = std::min<std::uint64_t>(plan_.skip, bytes.size());
  plan_.skip -= skipped;
  bytes = bytes.subspan(skipped);
  const auto taken = std::min<std::uint64_t>(plan_.take, bytes.size());
  if (taken > 0) {
    if (auto delivered = deliver(bytes.first(taken)); !delivered) {
      return delivered;
    }
  }
  const bool enough = plan_.skip == 0 && plan_.take == 0;
  if (enough && (plan_.more_follows || taken < bytes.size())) {
    return fail({Failure::kFatal,
                 {ErrorCode::kInterrupted, "all that was asked for is here"}});
  }
  return {};
}

Result<void> RangeJob::Try::deliver(std::span<const std::byte> bytes) {
  const auto accepted = job_->sink_->on_bytes(bytes);
  if (!accepted) {
    return fail({Failure::kFatal, accepted.error()});
  }
  plan_.take -= bytes.size();
  job_->delivered(bytes);
  return {};
}

// The most that all bodies of unknown length may take together.
constexpr std::uint64_t kMaxHeldTogether = 4 * kMaxHeldBytes;

// Nothing is given away of a body whose length is not known before its end.
Result<void> RangeJob::Try::hold(std::span<const std::byte> bytes) {
  const std::uint64_t begin = body_bytes_;
  body_bytes_ += bytes.size();
  if (body_bytes_ > plan_.body_size(job_->request_.file_size)) {
    return fail(*check_held());
  }
  const std::uint64_t from = std::clamp(plan_.skip, begin, body_bytes_);
  const std::uint64_t to =
      std::clamp(plan_.skip + plan_.take, begin, body_bytes_);
  if (job_->tools_.held->fetch_add(to - from) + (to - from) >
      kMaxHeldTogether) {
    job_->tools_.held->fetch_sub(to - from);
    return fail({Failure::kTransient,
                 {ErrorCode::kUnavailable,
                  "no memory to hold a body of unknown length"}});
  }
  accounted_ += to - from;
  const auto wanted = bytes.subspan(from - begin, to - from);
  held_.insert(held_.end(), wanted.begin(), wanted.end());
  return {};
}

void RangeJob::Try::release_held() {
  job_->tools_.held->fetch_sub(std::exchange(accounted_, 0));
  held_.clear();
}

std::optional<TryFailure> RangeJob::Try::check_held() const {
  auto other =
      check_unproven(body_bytes_, plan_.body_size(job_->request_.file_size));
  if (other) {
    other->error = other->error.within(describe_get(url_, asked_));
  }
  return other;
}

// The end of a body of unknown length: what was held is delivered where the
// body has the length that was due.
Result<void> RangeJob::Try::end_unproven(Result<void> result) {
  if (result && !failure_ && job_->lead_ == this) {
    if (auto other = check_held()) {
      fail(*std::move(other));
    } else if (auto noted = note_version(); noted) {
      result = deliver(held_);
    }
  }
  release_held();
  return result;
}

// What went wrong is told in no more detail than there is memory for, but told.
void RangeJob::Try::on_done(Result<void> result) {
  const bool leads = job_->lead_ == this;
  try {
    if (plan_.is_unproven) {
      result = end_unproven(std::move(result));
    }
    settle(failure_ ? *failure_ : failure_of(result));
  } catch (const std::bad_alloc&) {
    if (leads && job_->lead_ != nullptr) {
      job_->finish(Error{ErrorCode::kUnavailable, "no memory"});
    }
  }
}

// Where its exchange could not even be started, its server has not failed.
RangeJob::Try::~Try() {
  release_held();
  try {
    end_pass(CircuitBreaker::Outcome::kUnknown);
  } catch (const std::bad_alloc&) {
    // Its server may be asked by others when its time comes.
  }
}

void RangeJob::Try::end_pass(CircuitBreaker::Outcome outcome) {
  const auto pass = std::exchange(pass_, CircuitBreaker::Pass::kNo);
  if (pass != CircuitBreaker::Pass::kNo) {
    job_->tools_.breakers->ended(server_or_none(url_), pass, outcome,
                                 Clock::now());
  }
}

void RangeJob::Try::settle(const TryFailure& failure) {
  end_pass(outcome(failure));
  if (job_->lead_ != this) {
    return;
  }
  if (job_->missing().empty()) {
    note_speed();
    job_->finish({});
    return;
  }
  job_->try_again(*this, failure);
}

void RangeJob::Try::note_speed() const {
  job_->tools_.speeds->note_body(
      server_of(url_), asked_.length,
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() -
                                                            body_began_));
}

TryFailure RangeJob::Try::failure_of(const Result<void>& result) const {
  if (!result) {
    return failed_exchange(result.error());
  }
  const Error cut{ErrorCode::kUnavailable, "the body ended too early"};
  return {Failure::kTransient, cut.within(describe_get(url_, asked_))};
}

CircuitBreaker::Outcome RangeJob::Try::outcome(
    const TryFailure& failure) const {
  using Outcome = CircuitBreaker::Outcome;
  if (has_bytes_) {
    return Outcome::kAnswered;
  }
  switch (failure.failure) {
    case Failure::kTransient:
      return told_to_wait_ ? Outcome::kUnknown : Outcome::kFailed;
    case Failure::kOtherUrlOnly:
    case Failure::kDoubtful:
      return failure.error.code == ErrorCode::kInvalid ? Outcome::kUnknown
                                                       : Outcome::kAnswered;
    case Failure::kFatal:
      break;
  }
  return Outcome::kUnknown;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <utility>

#include "catalog/crc32c.h"
#include "fetch/range_job.h"
#include "fetch/range_try.h"

// Whether an answer whose version is unproven has bytes that are known: of a
// replica with ETags of its own, or of the object replaced.

namespace omicsfs {

using std::chrono::milliseconds;

// Fetches the bytes of a sample from a url that answered with a version that is
// unproven. Another machine may answer: the bytes tell of its version.
class RangeJob::Proof final : public ResponseSink {
 public:
  Proof(std::shared_ptr<RangeJob> job, std::shared_ptr<const Try> doubted,
        VersionSample sample)
      : job_(std::move(job)), doubted_(std::move(doubted)), sample_(sample) {}

  Result<void> on_head(const ResponseHead& head) override {
    const Verdict verdict =
        check_response({sample_.range, job_->request_.file_size, true}, head);
    if (const auto* refused = std::get_if<TryFailure>(&verdict)) {
      return fail(*refused);
    }
    plan_ = std::get<BodyPlan>(verdict);
    version_ = head.validator;
    const bool is_whole = head.status == 200;
    if ((plan_.is_unproven && is_whole) || plan_.skip > kMaxHeldBytes) {
      return fail({Failure::kDoubtful,
                   {ErrorCode::kUnavailable,
                    "it sends too much to prove its version by"}});
    }
    return {};
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    const auto skipped = std::min<std::uint64_t>(plan_.skip, bytes.size());
    plan_.skip -= skipped;
    bytes = bytes.subspan(skipped);
    const auto taken = std::min<std::uint64_t>(plan_.take, bytes.size());
    crc_ = crc32c(bytes.first(taken), crc_);
    plan_.take -= taken;
    bytes_ += taken;
    if (plan_.is_unproven && taken < bytes.size()) {
      bytes_ = 0;  // it is no answer to the question
      return fail(
          *check_unproven(sample_.range.length + 1, sample_.range.length));
    }
    return bytes_ == sample_.range.length && plan_.more_follows
               ? Result<void>(Error{ErrorCode::kInterrupted, "enough"})
               : Result<void>();
  }
  void on_done(Result<void> result) override {
    try {
      if (bytes_ == sample_.range.length) {
        job_->shown(*doubted_, sample_, version_, crc_ == sample_.crc);
      } else if (job_->lead_ == doubted_.get()) {
        job_->turn_from(*doubted_, failure_of(result));
      }
    } catch (const std::bad_alloc&) {
      job_->give_up(*doubted_);
    }
  }
  [[nodiscard]] bool wanted() const override { return job_->wants(*doubted_); }
  [[nodiscard]] bool urgent() const override { return job_->sink_->urgent(); }

 private:
  Error fail(TryFailure failure) {
    Error error = failure.error;
    failure_ = std::move(failure);
    return error;
  }
  [[nodiscard]] TryFailure failure_of(const Result<void>& result) const {
    if (failure_) {
      return *failure_;
    }
    return result ? TryFailure{Failure::kTransient,
                               {ErrorCode::kUnavailable,
                                "the body ended too early"}}
                  : failed_exchange(result.error());
  }

  const std::shared_ptr<RangeJob> job_;
  const std::shared_ptr<const Try> doubted_;
  const VersionSample sample_;
  BodyPlan plan_;
  Validator version_;
  std::optional<TryFailure> failure_;  // what our own checks found
  std::uint32_t crc_ = 0;
  std::uint64_t bytes_ = 0;
};

// False where nothing can be proved, or not any more.
bool RangeJob::start_proof(const Try& doubted) {
  const auto& version = doubted.unknown_version();
  if (!version) {
    return false;
  }
  const auto verdict =
      request_.pin->judge(doubted.url(), *version, request_.has_digest);
  // Another fetch may have proved it.
  if (verdict == VersionVerdict::kSame || believes({doubted.url(), *version})) {
    start_try(milliseconds{0});
    return true;
  }
  const auto sample =
      verdict == VersionVerdict::kUnproven
          ? proof_.next({doubted.url(), *version}, request_.pin->samples())
          : std::nullopt;
  if (!sample) {
    return false;
  }
  const auto proof = std::make_shared<Proof>(
      shared_from_this(), doubted.shared_from_this(), *sample);
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start({.url = doubted.url(), .range = sample->range}, proof);
  return true;
}

// For want of memory.
void RangeJob::give_up(const Try& doubted) {
  if (lead_ == &doubted) {
    finish(Error{ErrorCode::kUnavailable, "no memory"});
  }
}

bool RangeJob::believes(const VersionProof::Answer& answer) {
  if (!proof_.is_proved(answer) ||
      !request_.pin->has_company(answer.url, answer.version)) {
    return false;
  }
  request_.pin->add_replica(answer.url, answer.version);
  proof_.believe(answer);
  return true;
}

// An answer with `version` had the bytes of `sample`, or others.
void RangeJob::shown(const Try& doubted, const VersionSample& sample,
                     const Validator& version, bool has_bytes) {
  if (lead_ != &doubted) {
    return;
  }
  const VersionProof::Answer answer{doubted.url(), version};
  switch (request_.pin->judge(answer.url, version, request_.has_digest)) {
    case VersionVerdict::kFirst:
    case VersionVerdict::kOther:
      turn_from_doubted(doubted);
      return;
    case VersionVerdict::kSame:
      static_cast<void>(request_.pin->note(answer.url, version));
      meet_pinned(doubted);
      return;
    case VersionVerdict::kUnproven:
      break;
  }
  pinned_in_a_row_ = 0;
  proof_.note(answer, sample, has_bytes);
  static_cast<void>(request_.pin->note(answer.url, version));  // it has come
  static_cast<void>(believes(answer));
  const bool is_refuted = !has_bytes && version == *doubted.unknown_version();
  if (is_refuted || !start_proof(doubted)) {
    turn_from_doubted(doubted);
  }
}

// A machine whose version is pinned answered instead. Where they are many, the
// next try is likely to meet one; but where they take turns, it meets the same
// again unless the questions between become more.
void RangeJob::meet_pinned(const Try& doubted) {
  if (++pinned_in_a_row_ == pinned_are_many_) {
    pinned_in_a_row_ = 0;
    ++pinned_are_many_;
    start_try(milliseconds{0});
  } else if (!start_proof(doubted)) {
    turn_from_doubted(doubted);
  }
}

// One odd answer is not believed: it is asked for again.
void RangeJob::turn_from_doubted(const Try& doubted) {
  const auto noted =
      request_.pin->note(doubted.url(), *doubted.unknown_version());
  turn_from(doubted,
            {Failure::kDoubtful,
             noted ? Error{ErrorCode::kUnavailable, "the version is in doubt"}
                   : noted.error()});
}

}  // namespace omicsfs

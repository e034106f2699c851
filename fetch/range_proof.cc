// SPDX-License-Identifier: MIT
#include <algorithm>
#include <new>
#include <utility>

#include "catalog/crc32c.h"
#include "fetch/range_job.h"
#include "fetch/range_try.h"
#include "fetch/retry_after.h"

// Whether an answer with an unknown validator is of the pinned version: a
// replica with ETags of its own, or the object replaced.

namespace omicsfs {

// Fetches the bytes of the pin's sample from a url that answered with a version
// unknown to it: they tell whether that is another name of the pinned one.
class RangeJob::Proof final : public ResponseSink {
 public:
  Proof(std::shared_ptr<RangeJob> job, std::shared_ptr<const Try> doubted,
        VersionSample sample)
      : job_(std::move(job)), doubted_(std::move(doubted)), sample_(sample) {}

  Result<void> on_head(const ResponseHead& head) override {
    const Verdict verdict =
        check_response({sample_.range, job_->request_.file_size, true}, head);
    const auto* plan = std::get_if<BodyPlan>(&verdict);
    is_same_version_ = head.validator == *doubted_->unknown_version();
    if (plan == nullptr || plan->is_unproven || !is_same_version_) {
      return Error{ErrorCode::kUnavailable, "it proves nothing"};
    }
    plan_ = *plan;
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
    return bytes_ == sample_.range.length && plan_.more_follows
               ? Result<void>(Error{ErrorCode::kInterrupted, "enough"})
               : Result<void>();
  }
  void on_done(Result<void> /*result*/) override {
    const bool is_whole = is_same_version_ && bytes_ == sample_.range.length;
    try {
      job_->proved(*doubted_, !is_whole             ? Proved::kNothing
                              : crc_ == sample_.crc ? Proved::kReplica
                                                    : Proved::kOther);
    } catch (const std::bad_alloc&) {
      job_->give_up(*doubted_);
    }
  }
  [[nodiscard]] bool wanted() const override { return job_->wants(*doubted_); }
  [[nodiscard]] bool urgent() const override { return job_->sink_->urgent(); }

 private:
  const std::shared_ptr<RangeJob> job_;
  const std::shared_ptr<const Try> doubted_;
  const VersionSample sample_;
  BodyPlan plan_;
  bool is_same_version_ = false;
  std::uint32_t crc_ = 0;
  std::uint64_t bytes_ = 0;
};

// False where nothing can be proved, or not any more.
bool RangeJob::start_proof(const Try& doubted) {
  constexpr int kMostProofs = 4;
  const auto sample = request_.pin->sample();
  if (!request_.has_digest || !doubted.unknown_version() || !sample ||
      proofs_ == kMostProofs || is_younger_than_pin(doubted)) {
    return false;
  }
  ++proofs_;
  const auto proof = std::make_shared<Proof>(
      shared_from_this(), doubted.shared_from_this(), *sample);
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start({.url = doubted.url(), .range = sample->range}, proof);
  return true;
}

// A version that is younger than the pin is no replica of the pinned one,
// though the sample's bytes may be those of both.
bool RangeJob::is_younger_than_pin(const Try& doubted) const {
  const auto changed =
      parse_http_date(doubted.unknown_version()->last_modified);
  return changed && *changed >= request_.pin->made_at();
}

// For want of memory.
void RangeJob::give_up(const Try& doubted) {
  if (lead_ == &doubted) {
    finish(Error{ErrorCode::kUnavailable, "no memory"});
  }
}

void RangeJob::proved(const Try& doubted, Proved outcome) {
  if (lead_ != &doubted) {
    return;
  }
  const Validator& version = *doubted.unknown_version();
  if (outcome == Proved::kReplica) {
    request_.pin->add_replica(doubted.url(), version);
    start_try(milliseconds{0});
    return;
  }
  if (outcome == Proved::kNothing && start_proof(doubted)) {
    return;
  }
  const auto noted = request_.pin->note(doubted.url(), version);
  const Error changed =
      noted ? Error{ErrorCode::kUnavailable, "the version is in doubt"}
            : noted.error();
  turn_from(doubted, {outcome == Proved::kOther ? Failure::kOtherUrlOnly
                                                : Failure::kDoubtful,
                      changed});
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <new>
#include <optional>
#include <utility>

#include "fetch/range_job.h"
#include "fetch/range_try.h"
#include "fetch/response_check.h"
#include "fetch/url.h"

// Whether the object of a server that does not tell its length ends where the
// catalog says: a server that decodes an object on its way has other bytes in
// the same place, and another end.

namespace omicsfs {

// Asks a url for end_range() after an answer that did not tell the length.
class RangeJob::EndProof final : public ResponseSink {
 public:
  EndProof(std::shared_ptr<RangeJob> job, std::shared_ptr<const Try> doubted)
      : job_(std::move(job)), doubted_(std::move(doubted)) {}

  Result<void> on_head(const ResponseHead& head) override {
    failure_ = check_end(job_->request_.file_size, head);
    has_ended_ = !failure_;
    return Error{ErrorCode::kInterrupted, "its head has told all"};
  }
  Result<void> on_body(std::span<const std::byte> /*bytes*/) override {
    return {};
  }
  void on_done(Result<void> result) override {
    if (job_->lead_ != doubted_.get()) {
      return;
    }
    try {
      if (has_ended_) {
        job_->request_.pin->note_end(doubted_->url());
        job_->start_try(std::chrono::milliseconds{0});
      } else {
        TryFailure failure =
            failure_ ? *failure_ : failed_exchange(result.error());
        failure.error = failure.error.within(
            describe_get(doubted_->url(), end_range(job_->request_.file_size)));
        job_->turn_from(*doubted_, failure);
      }
    } catch (const std::bad_alloc&) {
      job_->give_up(*doubted_);
    }
  }
  [[nodiscard]] bool wanted() const override { return job_->wants(*doubted_); }
  [[nodiscard]] bool urgent() const override { return job_->sink_->urgent(); }

 private:
  const std::shared_ptr<RangeJob> job_;
  const std::shared_ptr<const Try> doubted_;
  std::optional<TryFailure> failure_;
  bool has_ended_ = false;
};

// False where the answer did not need that.
bool RangeJob::start_end_proof(const Try& doubted) {
  if (!doubted.asks_for_end()) {
    return false;
  }
  const auto proof = std::make_shared<EndProof>(shared_from_this(),
                                                doubted.shared_from_this());
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start(
      {.url = doubted.url(), .range = end_range(request_.file_size)}, proof);
  return true;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fetch/range_job.h"

namespace omicsfs {

// One exchange of a fetch: checks the answer, and delivers its bytes where it
// leads. All calls but the making come from the transport's thread.
class RangeJob::Try final : public ResponseSink,
                            public std::enable_shared_from_this<Try> {
 public:
  // As the server would send it to anybody, or as it stores it (gzip).
  enum class Form { kPlain, kStored };
  Try(std::shared_ptr<RangeJob> job, std::string url, ByteRange asked,
      Form form)
      : job_(std::move(job)),
        url_(std::move(url)),
        asked_(asked),
        pinned_(job_->request_.pin->expected(url_)),
        was_pinned_(job_->request_.pin->is_pinned(url_)),
        in_form_(form) {}
  ~Try() override;
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] bool was_pinned() const { return was_pinned_; }
  [[nodiscard]] bool asked_as_stored() const {
    return in_form_ == Form::kStored;
  }
  // The validator of an answer that the pin did not know.
  [[nodiscard]] const std::optional<Validator>& unknown_version() const {
    return unknown_version_;
  }
  // Its answer counts only once the end of the object was seen (check_end).
  [[nodiscard]] bool asks_for_end() const { return asks_for_end_; }
  [[nodiscard]] const ByteRange& asked() const { return asked_; }
  // How it is to be asked for.
  struct Manner {
    bool fresh_connection = false;
    bool has_alternative = false;  // as Request::has_alternative
  };
  [[nodiscard]] Request request(std::chrono::milliseconds delay,
                                const Manner& manner) const {
    // Replicas have ETags of their own: a published digest outranks them.
    return {.url = url_,
            .range = asked_,
            .if_match = job_->request_.has_digest ? "" : strong_etag(pinned_),
            .delay = delay,
            .accept_encoding = asked_as_stored() ? "gzip" : "",
            .has_alternative = manner.has_alternative,
            .fresh_connection = manner.fresh_connection};
  }

  void on_started() override;
  Result<void> on_head(const ResponseHead& head) override;
  Result<void> on_body(std::span<const std::byte> bytes) override;
  void on_done(Result<void> result) override;
  [[nodiscard]] bool wanted() const override {
    return !was_refused_ && job_->wants(*this);
  }
  [[nodiscard]] bool ready() const override {
    return job_->lead_ != this || job_->sink_->ready();
  }
  [[nodiscard]] bool urgent() const override { return job_->sink_->urgent(); }

  // Keeps `failure` for on_done and returns the error that ends the exchange.
  Error fail(TryFailure failure);

 private:
  Result<void> hold(std::span<const std::byte> bytes);
  void release_held();
  // Why what was held so far is not what was asked for; none = it may be.
  [[nodiscard]] std::optional<TryFailure> check_held() const;
  Result<void> end_unproven(Result<void> result);
  Result<void> deliver(std::span<const std::byte> bytes);
  Result<void> note_version();
  void settle(const TryFailure& failure);
  void end_pass(CircuitBreaker::Outcome outcome);
  [[nodiscard]] TryFailure failure_of(const Result<void>& result) const;
  [[nodiscard]] CircuitBreaker::Outcome outcome(
      const TryFailure& failure) const;
  void note_speed() const;

  const std::shared_ptr<RangeJob> job_;
  const std::string url_;
  const ByteRange asked_;
  // Of its server's breaker, from its launch until it is given back.
  CircuitBreaker::Pass pass_ = CircuitBreaker::Pass::kNo;
  const Validator pinned_;  // what is expected of the url
  const bool was_pinned_;
  const Form in_form_;
  std::optional<Validator> unknown_version_;
  BodyPlan plan_;                      // what the body is still to give
  std::optional<TryFailure> failure_;  // what our own checks found
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point body_began_;
  std::uint64_t body_bytes_ = 0;  // of an unproven body, until now
  std::vector<std::byte> held_;   // of them, what is wanted
  std::uint64_t accounted_ = 0;   // in JobTools::held
  Validator validator_;           // of the answer
  bool asks_for_end_ = false;
  bool has_bytes_ = false;     // some came
  bool was_refused_ = false;   // by the breaker, at its launch
  bool told_to_wait_ = false;  // by a server that is busy, not broken
};

}  // namespace omicsfs

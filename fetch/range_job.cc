// SPDX-License-Identifier: MIT
#include "fetch/range_job.h"

#include <algorithm>
#include <new>
#include <utility>

#include "fetch/throttle.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Of a hundred requests, five may be asked a second time.
constexpr std::uint64_t kRequestsAHedge = 20;

bool take_hedge(Counters& counters) {
  const std::uint64_t hedges = counters.hedges.fetch_add(1) + 1;
  if (hedges * kRequestsAHedge <= counters.requests.load()) {
    return true;
  }
  counters.hedges.fetch_sub(1);
  return false;
}

}  // namespace

// One exchange.
class RangeJob::Try final : public ResponseSink {
 public:
  Try(std::shared_ptr<RangeJob> job, std::string url, ByteRange asked,
      CircuitBreaker::Pass pass)
      : job_(std::move(job)),
        url_(std::move(url)),
        asked_(asked),
        pass_(pass),
        pinned_(job_->request_.pin->expected(url_)) {}
  ~Try() override;
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] bool was_pinned() const { return !pinned_.empty(); }
  [[nodiscard]] const ByteRange& asked() const { return asked_; }
  [[nodiscard]] Request request(milliseconds delay) const {
    return {.url = url_,
            .range = asked_,
            .if_match = strong_etag(pinned_),
            .delay = delay,
            .has_alternative = job_->order_.has_untried()};
  }

  void on_started() override;
  Result<void> on_head(const ResponseHead& head) override;
  Result<void> on_body(std::span<const std::byte> bytes) override;
  void on_done(Result<void> result) override;
  [[nodiscard]] bool wanted() const override { return job_->wants(*this); }
  [[nodiscard]] bool urgent() const override { return job_->sink_->urgent(); }

  // Keeps `failure` for on_done and returns the error that ends the exchange.
  Error fail(TryFailure failure);

 private:
  void settle(const TryFailure& failure);
  void end_pass(CircuitBreaker::Outcome outcome);
  [[nodiscard]] TryFailure failure_of(const Result<void>& result) const;
  [[nodiscard]] CircuitBreaker::Outcome outcome(
      const TryFailure& failure) const;
  void note_speed() const;

  const std::shared_ptr<RangeJob> job_;
  const std::string url_;
  const ByteRange asked_;
  CircuitBreaker::Pass pass_;          // not yet given back
  const Validator pinned_;             // what is expected of the url
  BodyPlan plan_;                      // what the body is still to give
  std::optional<TryFailure> failure_;  // what our own checks found
  Clock::time_point started_;
  Clock::time_point body_began_;
  bool has_bytes_ = false;     // some came
  bool told_to_wait_ = false;  // by a server that is busy, not broken
};

Error RangeJob::Try::fail(TryFailure failure) {
  Error error = failure.error;
  failure_ = std::move(failure);
  return error;
}

void RangeJob::Try::on_started() {
  started_ = Clock::now();
  if (job_->lead_ == this) {
    job_->sink_->on_started();
  }
}

Result<void> RangeJob::Try::on_head(const ResponseHead& head) {
  const Verdict verdict =
      check_response({asked_, job_->request_.file_size}, head);
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
  const auto noted = job_->request_.pin->note(url_, head.validator);
  if (!noted) {
    return fail({Failure::kOtherUrlOnly, noted.error()});
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
  plan_ = std::get<BodyPlan>(verdict);
  body_began_ = Clock::now();
  return {};
}

Result<void> RangeJob::Try::on_body(std::span<const std::byte> bytes) {
  has_bytes_ = has_bytes_ || !bytes.empty();
  const auto skipped = std::min<std::uint64_t>(plan_.skip, bytes.size());
  plan_.skip -= skipped;
  bytes = bytes.subspan(skipped);
  const auto taken = std::min<std::uint64_t>(plan_.take, bytes.size());
  if (taken > 0) {
    const auto accepted = job_->sink_->on_bytes(bytes.first(taken));
    if (!accepted) {
      return fail({Failure::kFatal, accepted.error()});
    }
    plan_.take -= taken;
    job_->delivered_ += taken;
    job_->tools_.counters.bytes_fetched.fetch_add(taken,
                                                  std::memory_order_relaxed);
  }
  const bool enough = plan_.skip == 0 && plan_.take == 0;
  if (enough && (plan_.more_follows || taken < bytes.size())) {
    return fail({Failure::kFatal,
                 {ErrorCode::kInterrupted, "all that was asked for is here"}});
  }
  return {};
}

// What went wrong is told in no more detail than there is memory for, but told.
void RangeJob::Try::on_done(Result<void> result) {
  const bool leads = job_->lead_ == this;
  try {
    settle(failure_ ? *failure_ : failure_of(result));
  } catch (const std::bad_alloc&) {
    if (leads && job_->lead_ != nullptr) {
      job_->finish(Error{ErrorCode::kUnavailable, "no memory"});
    }
  }
}

// Where its exchange could not even be started, its server has not failed.
RangeJob::Try::~Try() {
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
      return failure.error.code == ErrorCode::kInvalid ? Outcome::kUnknown
                                                       : Outcome::kAnswered;
    case Failure::kFatal:
      break;
  }
  return Outcome::kUnknown;
}

RangeJob::RangeJob(JobTools tools, RangeRequest request, TryOrder order,
                   std::string hedge_url, std::shared_ptr<RangeSink> sink)
    : tools_(std::move(tools)),
      request_(std::move(request)),
      order_(std::move(order)),
      hedge_url_(std::move(hedge_url)),
      sink_(std::move(sink)) {}

void RangeJob::begin() { start_try(milliseconds{0}); }

ByteRange RangeJob::missing() const {
  return {request_.range.offset + delivered_,
          request_.range.length - delivered_};
}

// At the first url whose server may be asked now.
void RangeJob::start_try(milliseconds delay) {
  auto pass = CircuitBreaker::Pass::kNo;
  const bool may_ask = order_.turn_to([&](const std::string& url) {
    pass = tools_.breakers->ask(server_or_none(url), Clock::now());
    return pass != CircuitBreaker::Pass::kNo;
  });
  if (!may_ask) {
    refuse_try();
    return;
  }
  const auto next =
      std::make_shared<Try>(shared_from_this(), order_.url(), missing(), pass);
  lead_ = next.get();
  lead_answers_ = false;
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start(next->request(delay), next);
}

// The transport refuses the empty url, so that the end comes from its thread.
void RangeJob::refuse_try() {
  const auto next = std::make_shared<Try>(shared_from_this(), order_.url(),
                                          missing(), CircuitBreaker::Pass::kNo);
  lead_ = next.get();
  lead_answers_ = false;
  const Error alone{
      ErrorCode::kUnavailable,
      tools_.breakers->why_not(server_or_none(order_.url()), Clock::now())};
  static_cast<void>(next->fail(
      {Failure::kFatal, alone.within(describe_get(order_.url(), missing()))}));
  tools_.transport.start({}, next);
}

void RangeJob::hedge() {
  if (!take_hedge(tools_.counters)) {
    return;
  }
  const std::string server = server_or_none(hedge_url_);
  const auto pass = tools_.breakers->ask(server, Clock::now());
  if (pass == CircuitBreaker::Pass::kNo) {
    tools_.counters.hedges.fetch_sub(1);
    return;
  }
  const auto extra = std::make_shared<Try>(shared_from_this(), hedge_url_,
                                           request_.range, pass);
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start(extra->request(milliseconds{0}), extra);
}

// Whether the answer of `one`, which has just begun, is the one that counts.
bool RangeJob::take_lead(const Try& one) {
  if (!wants(one)) {
    return false;
  }
  lead_ = &one;
  lead_answers_ = true;
  return true;
}

bool RangeJob::wants(const Try& one) const {
  const bool may_lead = lead_ != nullptr && !lead_answers_ && delivered_ == 0;
  return sink_->wanted() && (lead_ == &one || may_lead);
}

void RangeJob::try_again(const Try& one, const TryFailure& failure) {
  if (failure.error.code == ErrorCode::kChanged && one.was_pinned()) {
    order_.keep_only([this](const std::string& url) {
      return !request_.pin->expected(url).empty();
    });
  }
  // It was another's turn where `one` is the hedge.
  order_.turn_to([&one](const std::string& url) { return url == one.url(); });
  if (missing().offset - one.asked().offset >= kBlockBytes) {
    order_.progressed();
  }
  const auto delay = order_.next(
      failure, tools_.jitter->next(),
      std::chrono::duration_cast<milliseconds>(Clock::now() - begun_));
  if (!delay) {
    finish(delay.error());
    return;
  }
  tools_.counters.retries.fetch_add(1, std::memory_order_relaxed);
  start_try(*delay);
}

void RangeJob::finish(Result<void> result) {
  lead_ = nullptr;
  if (!result && result.error().code != ErrorCode::kInterrupted) {
    tools_.counters.failed_fetches.fetch_add(1, std::memory_order_relaxed);
  }
  sink_->on_done(std::move(result));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/range_fetch.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "fetch/response_check.h"
#include "fetch/retry_after.h"
#include "fetch/try_order.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

struct JobTools {
  Transport& transport;
  Counters& counters;
  std::shared_ptr<Jitter> jitter;
  std::shared_ptr<LinkSpeeds> speeds;
};

// One fetch: its tries follow each other, so that only one exchange of it runs
// at a time. After begin() all its calls come from the transport's thread; it
// lives as long as the transport holds its exchange.
class RangeJob : public ResponseSink,
                 public std::enable_shared_from_this<RangeJob> {
 public:
  RangeJob(const JobTools& tools, RangeRequest request, TryOrder order,
           std::shared_ptr<RangeSink> sink)
      : tools_(tools),
        request_(std::move(request)),
        order_(std::move(order)),
        sink_(std::move(sink)) {}

  void begin() { start_try(milliseconds{0}); }

  Result<void> on_head(const ResponseHead& head) override;
  Result<void> on_body(std::span<const std::byte> bytes) override;
  void on_done(Result<void> result) override;
  [[nodiscard]] bool wanted() const override { return sink_->wanted(); }
  [[nodiscard]] bool urgent() const override { return sink_->urgent(); }

 private:
  void start_try(milliseconds delay);
  [[nodiscard]] ByteRange missing() const;
  [[nodiscard]] TryFailure failure_of(const Result<void>& result) const;
  Error fail(TryFailure failure);
  void try_again(const TryFailure& failure);
  void finish(Result<void> result);

  JobTools tools_;
  RangeRequest request_;
  TryOrder order_;
  std::shared_ptr<RangeSink> sink_;
  std::uint64_t delivered_ = 0;

  // Of the present try.
  ByteRange asked_;
  Validator pinned_;                   // what was expected of its url
  BodyPlan plan_;                      // what its body is still to give
  std::optional<TryFailure> failure_;  // what its own checks found
  std::chrono::steady_clock::time_point body_began_;
};

ByteRange RangeJob::missing() const {
  return {request_.range.offset + delivered_,
          request_.range.length - delivered_};
}

void RangeJob::start_try(milliseconds delay) {
  asked_ = missing();
  pinned_ = request_.pin->expected(order_.url());
  plan_ = {};
  failure_.reset();
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start({.url = order_.url(),
                          .range = asked_,
                          .if_match = strong_etag(pinned_),
                          .delay = delay},
                         shared_from_this());
}

// Keeps `failure` for on_done and returns the error that ends the exchange.
Error RangeJob::fail(TryFailure failure) {
  Error error = failure.error;
  failure_ = std::move(failure);
  return error;
}

Result<void> RangeJob::on_head(const ResponseHead& head) {
  const Verdict verdict = check_response({asked_, request_.file_size}, head);
  if (const auto* refused = std::get_if<TryFailure>(&verdict)) {
    TryFailure failure = *refused;
    failure.error = failure.error.within(describe_get(order_.url(), asked_));
    failure.retry_after =
        parse_retry_after(head.retry_after, std::chrono::system_clock::now());
    return fail(std::move(failure));
  }
  const auto noted = request_.pin->note(order_.url(), head.validator);
  if (!noted) {
    return fail({Failure::kOtherUrlOnly, noted.error()});
  }
  plan_ = std::get<BodyPlan>(verdict);
  tools_.speeds->note_round_trip(server_of(order_.url()), head.waited);
  body_began_ = std::chrono::steady_clock::now();
  return {};
}

Result<void> RangeJob::on_body(std::span<const std::byte> bytes) {
  const auto skipped = std::min<std::uint64_t>(plan_.skip, bytes.size());
  plan_.skip -= skipped;
  bytes = bytes.subspan(skipped);
  const auto taken = std::min<std::uint64_t>(plan_.take, bytes.size());
  if (taken > 0) {
    const auto accepted = sink_->on_bytes(bytes.first(taken));
    if (!accepted) {
      return fail({Failure::kFatal, accepted.error()});
    }
    plan_.take -= taken;
    delivered_ += taken;
    tools_.counters.bytes_fetched.fetch_add(taken, std::memory_order_relaxed);
  }
  const bool enough = plan_.skip == 0 && plan_.take == 0;
  if (enough && (plan_.more_follows || taken < bytes.size())) {
    return fail({Failure::kFatal,
                 {ErrorCode::kInterrupted, "all that was asked for is here"}});
  }
  return {};
}

void RangeJob::on_done(Result<void> result) {
  if (missing().empty()) {
    tools_.speeds->note_body(
        server_of(order_.url()), asked_.length,
        std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - body_began_));
    finish({});
    return;
  }
  try_again(failure_ ? *failure_ : failure_of(result));
}

TryFailure RangeJob::failure_of(const Result<void>& result) const {
  if (!result) {
    return failed_exchange(result.error());
  }
  const Error cut{ErrorCode::kUnavailable, "the body ended too early"};
  return {Failure::kTransient, cut.within(describe_get(order_.url(), asked_))};
}

void RangeJob::try_again(const TryFailure& failure) {
  if (failure.error.code == ErrorCode::kChanged && !pinned_.empty()) {
    order_.keep_only([this](const std::string& url) {
      return !request_.pin->expected(url).empty();
    });
  }
  const auto delay = order_.next(failure, tools_.jitter->next());
  if (!delay) {
    finish(delay.error());
    return;
  }
  tools_.counters.retries.fetch_add(1, std::memory_order_relaxed);
  start_try(*delay);
}

void RangeJob::finish(Result<void> result) {
  if (!result && result.error().code != ErrorCode::kInterrupted) {
    tools_.counters.failed_fetches.fetch_add(1, std::memory_order_relaxed);
  }
  sink_->on_done(std::move(result));
}

}  // namespace

void RangeFetcher::fetch(RangeRequest request,
                         std::shared_ptr<RangeSink> sink) {
  auto urls = mirrors_.candidates(request.urls);
  if (urls.empty()) {
    // The transport refuses the empty url from its own thread.
    urls.emplace_back();
  }
  if (!request.pin) {
    request.pin = std::make_shared<VersionPin>();
  }
  std::make_shared<RangeJob>(
      JobTools{transport_, counters_, jitter_, speeds_}, std::move(request),
      TryOrder(std::move(urls), policy_), std::move(sink))
      ->begin();
}

LinkSpeed RangeFetcher::speed_of(const std::string& url) const {
  const auto urls = mirrors_.candidates({url});
  const bool usable = !urls.empty() && is_http_url(urls.front());
  return speeds_->of(usable ? server_of(urls.front()) : std::string());
}

}  // namespace omicsfs

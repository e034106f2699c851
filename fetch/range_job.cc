// SPDX-License-Identifier: MIT
#include "fetch/range_job.h"

#include <algorithm>
#include <utility>

#include "catalog/crc32c.h"
#include "fetch/range_try.h"
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
  const bool may_ask = order_.turn_to([&](const std::string& url) {
    return tools_.breakers->may_ask(server_or_none(url), Clock::now());
  });
  if (!may_ask) {
    refuse_try();
    return;
  }
  const auto next = std::make_shared<Try>(
      shared_from_this(), order_.url(), missing(),
      asks_gzip_ ? Try::Form::kStored : Try::Form::kPlain);
  lead_ = next.get();
  lead_answers_ = false;
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  tools_.transport.start(next->request(delay, {order_.wants_fresh_connection(),
                                               order_.has_untried()}),
                         next);
}

// The transport refuses the empty url, so that the end comes from its thread.
void RangeJob::refuse_try() {
  const auto next = std::make_shared<Try>(shared_from_this(), order_.url(),
                                          missing(), Try::Form::kPlain);
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
  if (!tools_.breakers->may_ask(server, Clock::now())) {
    tools_.counters.hedges.fetch_sub(1);
    return;
  }
  const auto extra = std::make_shared<Try>(shared_from_this(), hedge_url_,
                                           request_.range, Try::Form::kPlain);
  tools_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  // The order of the tries is the transport's thread's.
  tools_.transport.start(extra->request(milliseconds{0}, {}), extra);
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

// Whether the whole object is asked for, so that a server may ignore Range.
bool RangeJob::takes_whole() const {
  return request_.range.length == request_.file_size;
}

void RangeJob::delivered(std::span<const std::byte> bytes) {
  // A block's worth of what came first tells the version apart.
  const std::uint64_t most = std::min(kBlockBytes, request_.range.length);
  const auto sampled =
      std::min<std::uint64_t>(most - sample_.range.length, bytes.size());
  if (sampled > 0) {
    sample_.crc = crc32c(bytes.first(sampled), sample_.crc);
    sample_.range = {request_.range.offset, sample_.range.length + sampled};
    if (sample_.range.length == most) {
      request_.pin->keep_sample(sample_);
    }
  }
  delivered_ += bytes.size();
  tools_.counters.bytes_fetched.fetch_add(bytes.size(),
                                          std::memory_order_relaxed);
}

// Asks the server once for the object as it is stored, where it seems to decode
// it for others; then again as everybody does, unless that answer was right.
bool RangeJob::asks_in_another_form(const Try& one, const TryFailure& failure) {
  const bool was_stored = one.asked_as_stored();
  if (was_stored && failure.failure == Failure::kTransient) {
    return false;
  }
  const bool may_be_decoded =
      failure.may_be_decoded && asked_gzip_.insert(one.url()).second;
  asks_gzip_ = !was_stored && may_be_decoded;
  if (!was_stored && !may_be_decoded) {
    return false;
  }
  tools_.counters.retries.fetch_add(1, std::memory_order_relaxed);
  start_try(milliseconds{0});
  return true;
}

void RangeJob::try_again(const Try& one, const TryFailure& failure) {
  if (start_end_proof(one) || start_proof(one) ||
      asks_in_another_form(one, failure)) {
    return;
  }
  turn_from(one, failure);
}

// Goes on with the next try, or ends.
void RangeJob::turn_from(const Try& one, const TryFailure& failure) {
  if (failure.error.code == ErrorCode::kChanged && one.was_pinned()) {
    order_.keep_only([this](const std::string& url) {
      return request_.pin->is_pinned(url);
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

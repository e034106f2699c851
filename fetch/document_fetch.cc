// SPDX-License-Identifier: MIT
#include "fetch/document_fetch.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <optional>
#include <utility>

#include "fetch/content_range.h"
#include "fetch/mutex.h"
#include "fetch/response_check.h"
#include "fetch/retry_after.h"
#include "fetch/try_order.h"
#include "fetch/url.h"

namespace omicsfs {

// What to ask of a url, and which answers will do.
struct DocumentFetcher::Ask {
  enum class Excess { kRefuse, kIgnore };  // of a body over max_bytes

  std::optional<ByteRange> range;
  std::uint64_t max_bytes = 0;
  Excess excess = Excess::kRefuse;
  // None: the answer will do.
  std::function<std::optional<TryFailure>(const ResponseHead&)> refuse;
  std::string method{};
  std::string body{};
  std::string secret_header{};
};

struct DocumentFetcher::Answer {
  ResponseHead head;
  std::string body;
};

namespace {

TryFailure too_large(std::uint64_t max_bytes) {
  return {Failure::kFatal,
          {ErrorCode::kInvalid,
           fmt::format("the document is over {} bytes", max_bytes)}};
}

TryFailure no_size() {
  return {Failure::kOtherUrlOnly,
          {ErrorCode::kUnavailable, "the server does not tell the size"}};
}

// The size that an answer to "Range: bytes=0-0" tells of its object. A 416 to
// it says that the object is empty.
std::optional<std::uint64_t> size_told(const ResponseHead& head) {
  if (head.status == 200) {
    return head.content_length;
  }
  const auto range = parse_content_range(head.content_range);
  if (!range) {
    return std::nullopt;
  }
  const bool empty = head.status == 416 && range->total == 0U;
  return head.status == 206 || empty ? range->total : std::nullopt;
}

std::optional<TryFailure> refuse_document(const ResponseHead& head,
                                          std::uint64_t max_bytes) {
  if (head.status != 200) {
    return refused_status(head.status);
  }
  if (!is_identity(head)) {
    return TryFailure{
        Failure::kOtherUrlOnly,
        {ErrorCode::kUnavailable,
         fmt::format("the server answered with Content-Encoding \"{}\"",
                     head.content_encoding)}};
  }
  if (head.content_length.value_or(0) > max_bytes) {
    return too_large(max_bytes);
  }
  return std::nullopt;
}

std::optional<TryFailure> refuse_probe(const ResponseHead& head) {
  if (size_told(head)) {
    return std::nullopt;
  }
  const bool right = head.status == 200 || head.status == 206;
  return right ? no_size() : refused_status(head.status);
}

// Collects one answer, and lets another thread wait for its end. Its fields are
// the transport thread's until done_ is set, and then the waiting one's.
template <typename Ask, typename Answer>
class WaitingSink : public ResponseSink {
 public:
  // `ask` must outlive the exchange.
  WaitingSink(const Ask& ask, std::stop_token stop)
      : ask_(ask), stop_(std::move(stop)) {}

  Result<void> on_head(const ResponseHead& head) override {
    answer_.head = head;
    if (auto refused = ask_.refuse(head)) {
      refused->retry_after =
          parse_retry_after(head.retry_after, std::chrono::system_clock::now());
      return fail(*std::move(refused));
    }
    return {};
  }

  Result<void> on_body(std::span<const std::byte> bytes) override {
    if (bytes.size() > ask_.max_bytes - answer_.body.size()) {
      enough_ = ask_.excess == Ask::Excess::kIgnore;
      return fail(too_large(ask_.max_bytes));
    }
    const auto* const text = reinterpret_cast<const char*>(bytes.data());
    answer_.body.append(text, bytes.size());
    return {};
  }

  void on_done(Result<void> result) override {
    if (!result && !failure_) {
      failure_ = failed_exchange(result.error());
    }
    const MutexLock lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] bool wanted() const override { return !stop_.stop_requested(); }

  // Waits for the end of the exchange. None: the answer is whole.
  std::optional<TryFailure> wait() {
    MutexLock lock(mutex_);
    while (!done_) {
      changed_.wait(lock);
    }
    return enough_ ? std::nullopt : failure_;
  }

  // REQUIRES: wait() has returned.
  Answer take() { return std::move(answer_); }

 private:
  Error fail(TryFailure failure) {
    failure_ = std::move(failure);
    return failure_->error;
  }

  const Ask& ask_;
  const std::stop_token stop_;
  Answer answer_;
  std::optional<TryFailure> failure_;
  bool enough_ = false;

  Mutex mutex_;
  std::condition_variable_any changed_;
  bool done_ GUARDED_BY(mutex_) = false;
};

// Errors of the transport name the request already; those of our checks do not.
void name_request(TryFailure& failure, const std::string& request) {
  if (!failure.error.message.starts_with(request)) {
    failure.error = failure.error.within(request);
  }
}

}  // namespace

Result<DocumentFetcher::Answer> DocumentFetcher::run(
    const std::string& url, const Ask& ask, const std::stop_token& stop) {
  if (!is_http_url(url)) {
    return Error{ErrorCode::kInvalid,
                 describe_get(url, ask.range) + ": not an http or https url"};
  }
  TryOrder order(mirrors_.candidates({url}), policy_);
  std::chrono::milliseconds delay{0};
  while (true) {
    const auto sink = std::make_shared<WaitingSink<Ask, Answer>>(ask, stop);
    counters_.requests.fetch_add(1, std::memory_order_relaxed);
    transport_.start({.url = order.url(),
                      .range = ask.range,
                      .if_match = {},
                      .delay = delay,
                      .method = ask.method,
                      .body = ask.body,
                      .secret_header = ask.secret_header},
                     sink);
    auto failure = sink->wait();
    if (!failure) {
      return sink->take();
    }
    name_request(*failure, describe_get(order.url(), ask.range));
    const auto next = order.next(*failure, jitter_.next());
    if (!next) {
      return next.error();
    }
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    delay = *next;
  }
}

Result<std::string> DocumentFetcher::fetch(const std::string& url,
                                           std::uint64_t max_bytes,
                                           const std::stop_token& stop) {
  const Ask ask{.range = {},
                .max_bytes = max_bytes,
                .excess = Ask::Excess::kRefuse,
                .refuse = [max_bytes](const ResponseHead& head) {
                  return refuse_document(head, max_bytes);
                }};
  auto answer = run(url, ask, stop);
  if (!answer) {
    return answer.error();
  }
  counters_.bytes_fetched.fetch_add(answer->body.size(),
                                    std::memory_order_relaxed);
  return std::move(answer->body);
}

Result<ApiAnswer> DocumentFetcher::ask(const ApiRequest& request,
                                       const std::stop_token& stop) {
  constexpr std::uint64_t kMaxAnswer = std::uint64_t{64} << 20;
  const Ask ask{
      .range = {},
      .max_bytes = kMaxAnswer,
      .excess = Ask::Excess::kRefuse,
      .refuse = [](const ResponseHead& head) -> std::optional<TryFailure> {
        auto failure = refused_status(head.status);
        return head.status >= 300 && failure.failure == Failure::kTransient
                   ? std::optional(std::move(failure))
                   : std::nullopt;
      },
      .method = request.method == "GET" ? "" : request.method,
      .body = request.body,
      .secret_header = request.secret_header};
  auto answer = run(request.url, ask, stop);
  if (!answer) {
    return answer.error();
  }
  return ApiAnswer{answer->head.status, std::move(answer->body)};
}

Result<ObjectFacts> DocumentFetcher::probe(const std::string& url,
                                           const std::stop_token& stop) {
  const Ask ask{.range = ByteRange{0, 1},
                .max_bytes = 1,
                .excess = Ask::Excess::kIgnore,
                .refuse = refuse_probe};
  const auto answer = run(url, ask, stop);
  if (!answer) {
    return answer.error();
  }
  return ObjectFacts{size_told(answer->head).value_or(0),
                     answer->head.validator};
}

}  // namespace omicsfs

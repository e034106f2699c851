// SPDX-License-Identifier: MIT
#include "fetch/document_fetch.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <optional>
#include <utility>

#include "catalog/marked_url.h"
#include "fetch/content_range.h"
#include "fetch/document_body.h"
#include "fetch/link_header.h"
#include "fetch/mutex.h"
#include "fetch/response_check.h"
#include "fetch/throttle.h"
#include "fetch/try_order.h"
#include "fetch/url.h"

namespace omicsfs {

// What to ask of a url, and which answers will do.
struct DocumentFetcher::Ask {
  std::optional<ByteRange> range;
  // None: the answer will do.
  std::function<std::optional<TryFailure>(const ResponseHead&)> refuse;
  DocumentBody* body = nullptr;  // null: the head is all that is asked for
  std::string method{};
  std::string sent_body{};
  std::string secret_header{};
  std::string accept_encoding{};
  // Called now and then by the thread that waits.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

namespace {

using Clock = std::chrono::steady_clock;

// How often the one who waits tells of the progress.
constexpr std::chrono::milliseconds kTick{200};
// Of the body of an answer whose head is enough, so much is read for the sake
// of the connection, which can then be used again.
constexpr std::uint64_t kIgnoredBytes = 4096;

enum class Encoding { kIdentity, kGzip };

TryFailure no_size() {
  return {Failure::kOtherUrlOnly,
          {ErrorCode::kRefused, "the server does not tell the size"}};
}

// The size that an answer to "Range: bytes=0-0" tells of its object. A 416 to
// it says that the object is empty.
std::optional<std::uint64_t> size_told(const ResponseHead& head) {
  if (head.status == 200) {
    // Of a body that is encoded on its way the length says nothing.
    return is_identity(head) ? head.content_length : std::nullopt;
  }
  const auto range = parse_content_range(head.content_range);
  if (!range) {
    return std::nullopt;
  }
  const bool empty = head.status == 416 && range->total == 0U;
  return head.status == 206 || empty ? range->total : std::nullopt;
}

bool is_taken(const ResponseHead& head, Encoding accepted) {
  return is_identity(head) || (accepted == Encoding::kGzip && is_gzip(head));
}

std::optional<TryFailure> refuse_document(const ResponseHead& head,
                                          std::uint64_t max_bytes,
                                          Encoding accepted) {
  if (head.status != 200) {
    return refused_answer(head);
  }
  if (!is_taken(head, accepted)) {
    return TryFailure{
        Failure::kOtherUrlOnly,
        {ErrorCode::kUnavailable,
         fmt::format("the server answered with Content-Encoding \"{}\"",
                     head.content_encoding)}};
  }
  if (head.content_length.value_or(0) > max_bytes) {
    return TryFailure{Failure::kFatal, document_too_large(max_bytes)};
  }
  return std::nullopt;
}

std::optional<TryFailure> refuse_probe(const ResponseHead& head) {
  if (size_told(head)) {
    return std::nullopt;
  }
  const bool right = head.status == 200 || head.status == 206;
  return right ? no_size() : refused_answer(head);
}

// Takes one answer, and lets another thread wait for its end. Its fields are
// the transport thread's until done_ is set, and then the waiting one's.
template <typename Ask>
class WaitingSink : public ResponseSink {
 public:
  // `ask` and `answered_at`, the time of the last right answer, must outlive
  // the exchange.
  WaitingSink(const Ask& ask, std::stop_token stop,
              std::atomic<Clock::time_point>& answered_at)
      : ask_(ask), stop_(std::move(stop)), answered_at_(answered_at) {}

  Result<void> on_head(const ResponseHead& head) override {
    head_ = head;
    total_ = head.content_length.value_or(0);
    if (auto refused = ask_.refuse(head)) {
      note_throttle(*refused, head, std::chrono::system_clock::now(),
                    answered_at_.load() >= Clock::now() - kServesLately);
      return fail(*std::move(refused));
    }
    answered_at_ = Clock::now();
    return {};
  }

  Result<void> on_body(std::span<const std::byte> bytes) override {
    if (ask_.body == nullptr) {
      return ignore(bytes.size());
    }
    if (auto taken = ask_.body->take(bytes); !taken) {
      return fail({Failure::kFatal, taken.error()});
    }
    return {};
  }

  void on_done(Result<void> result) override {
    if (!result && !failure_ && !enough_) {
      failure_ = failed_exchange(result.error());
    }
    if (!failure_) {
      check_length();
    }
    const MutexLock lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] bool wanted() const override { return !stop_.stop_requested(); }

  // Waits for the end of the exchange. None: the answer is whole.
  std::optional<TryFailure> wait() {
    while (!wait_a_while()) {
      ask_.progress(ask_.body->size(), total_);
    }
    return failure_;
  }

  // REQUIRES: wait() has returned.
  ResponseHead take() { return std::move(head_); }

 private:
  Error fail(TryFailure failure) {
    failure_ = std::move(failure);
    return failure_->error;
  }

  Result<void> ignore(std::size_t bytes) {
    ignored_ += bytes;
    enough_ = ignored_ > kIgnoredBytes;
    return enough_ ? Result<void>(Error{ErrorCode::kInterrupted, "enough"})
                   : Result<void>();
  }

  // A transport sees to it that a body ends as its framing says; this does not
  // rely on it.
  void check_length() {
    const std::uint64_t size = ask_.body == nullptr ? 0 : ask_.body->size();
    if (ask_.body != nullptr && head_.content_length.value_or(size) != size) {
      failure_ =
          TryFailure{Failure::kTransient,
                     {ErrorCode::kUnavailable,
                      fmt::format("the body has {} bytes, and should have {}",
                                  size, *head_.content_length)}};
    }
  }

  // Whether the exchange has ended; without progress to tell, not before.
  bool wait_a_while() {
    MutexLock lock(mutex_);
    while (!done_ && !ask_.progress) {
      changed_.wait(lock);
    }
    if (!done_) {
      changed_.wait_for(lock, kTick);
    }
    return done_;
  }

  const Ask& ask_;
  const std::stop_token stop_;
  std::atomic<Clock::time_point>& answered_at_;
  ResponseHead head_;
  std::atomic<std::uint64_t> total_{0};
  std::optional<TryFailure> failure_;
  std::uint64_t ignored_ = 0;
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

Result<ResponseHead> DocumentFetcher::run(const std::string& url,
                                          const Ask& ask,
                                          const std::stop_token& stop) {
  if (!is_http_url(url) && !parse_marked_url(url)) {
    return Error{ErrorCode::kInvalid,
                 describe_get(url, ask.range) + ": not an http or https url"};
  }
  TryOrder order(mirrors_.candidates({url}), policy_);
  const auto started = Clock::now();
  std::chrono::milliseconds delay{0};
  while (true) {
    if (ask.body != nullptr) {
      if (auto begun = ask.body->begin(); !begun) {
        return begun.error();
      }
    }
    const auto sink =
        std::make_shared<WaitingSink<Ask>>(ask, stop, answered_at_);
    counters_.requests.fetch_add(1, std::memory_order_relaxed);
    transport_.start({.url = order.url(),
                      .range = ask.range,
                      .if_match = {},
                      .delay = delay,
                      .method = ask.method,
                      .body = ask.sent_body,
                      .secret_header = ask.secret_header,
                      .accept_encoding = ask.accept_encoding,
                      .has_alternative = order.has_untried()},
                     sink);
    auto failure = sink->wait();
    if (!failure) {
      return sink->take();
    }
    name_request(*failure, describe_get(order.url(), ask.range));
    const auto next =
        order.next(*failure, jitter_.next(),
                   std::chrono::duration_cast<std::chrono::milliseconds>(
                       Clock::now() - started));
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
  std::string text;
  const auto head = hold(url, max_bytes, stop, text);
  return head ? Result<std::string>(std::move(text)) : head.error();
}

Result<LinkedDocument> DocumentFetcher::fetch_linked(
    const std::string& url, std::uint64_t max_bytes,
    const std::stop_token& stop) {
  LinkedDocument document;
  const auto head = hold(url, max_bytes, stop, document.text);
  auto next = head ? next_link(head->link, url) : head.error();
  if (!next) {
    return next.error();
  }
  document.next = *std::move(next);
  return document;
}

Result<ResponseHead> DocumentFetcher::hold(const std::string& url,
                                           std::uint64_t max_bytes,
                                           const std::stop_token& stop,
                                           std::string& text) {
  HeldBody body(max_bytes);
  const Ask ask{.range = {},
                .refuse =
                    [max_bytes](const ResponseHead& head) {
                      return refuse_document(head, max_bytes,
                                             Encoding::kIdentity);
                    },
                .body = &body};
  auto head = run(url, ask, stop);
  if (head) {
    counters_.bytes_fetched.fetch_add(body.size(), std::memory_order_relaxed);
    text = body.release();
  }
  return head;
}

Result<ObjectFacts> DocumentFetcher::fetch_to(const std::string& url,
                                              const DocumentFile& file,
                                              const std::stop_token& stop,
                                              const Progress& progress) {
  FileBody body(file.fd, file.max_bytes);
  const Ask ask{.range = {},
                .refuse =
                    [&file](const ResponseHead& head) {
                      return refuse_document(head, file.max_bytes,
                                             Encoding::kGzip);
                    },
                .body = &body,
                .accept_encoding = "gzip",
                .progress = progress};
  const auto head = run(url, ask, stop);
  if (!head) {
    return head.error();
  }
  counters_.bytes_fetched.fetch_add(body.size(), std::memory_order_relaxed);
  if (progress) {
    progress(body.size(), body.size());
  }
  return ObjectFacts{body.size(), head->validator};
}

Result<ApiAnswer> DocumentFetcher::ask(const ApiRequest& request,
                                       const std::stop_token& stop) {
  constexpr std::uint64_t kMaxAnswer = std::uint64_t{64} << 20;
  HeldBody body(kMaxAnswer);
  const Ask ask{
      .range = {},
      .refuse = [](const ResponseHead& head) -> std::optional<TryFailure> {
        auto failure = refused_answer(head);
        return head.status >= 300 && failure.failure == Failure::kTransient
                   ? std::optional(std::move(failure))
                   : std::nullopt;
      },
      .body = &body,
      .method = request.method == "GET" ? "" : request.method,
      .sent_body = request.body,
      .secret_header = request.secret_header};
  const auto head = run(request.url, ask, stop);
  if (!head) {
    return head.error();
  }
  return ApiAnswer{head->status, body.release()};
}

Result<ObjectFacts> DocumentFetcher::probe(const std::string& url,
                                           const std::stop_token& stop) {
  const Ask ask{.range = ByteRange{0, 1}, .refuse = refuse_probe};
  const auto head = run(url, ask, stop);
  if (!head) {
    return head.error();
  }
  return ObjectFacts{size_told(*head).value_or(0), head->validator};
}

}  // namespace omicsfs

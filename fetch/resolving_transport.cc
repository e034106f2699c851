// SPDX-License-Identifier: MIT
#include "fetch/resolving_transport.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "catalog/json_fields.h"
#include "catalog/web_place.h"
#include "fetch/redirect.h"
#include "fetch/response_check.h"
#include "fetch/retry.h"
#include "fetch/signed_url.h"
#include "fetch/throttle.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxDocument = std::size_t{4} << 20;
// Who cannot be resolved is not asked for again at once.
constexpr std::chrono::seconds kFailureLasts{5};
// Half a second, one and two, unless the server asks for more.
constexpr RetryPolicy kLookupPolicy{3, milliseconds{500}, milliseconds{20'000}};
// The quotas of public servers last for five minutes. Who asks has a deadline.
constexpr std::chrono::minutes kLongestPauseOfLookup{5};
constexpr int kForbidden = 403;

// Tells a sink its end from the transport's thread: an exchange of no url fails
// at once, and its failure is put into other words.
class Refusal final : public ResponseSink {
 public:
  Refusal(std::shared_ptr<ResponseSink> sink, Error error)
      : sink_(std::move(sink)), error_(std::move(error)) {}
  Result<void> on_head(const ResponseHead& /*head*/) override { return error_; }
  Result<void> on_body(std::span<const std::byte> /*bytes*/) override {
    return error_;
  }
  void on_done(Result<void> /*result*/) override { sink_->on_done(error_); }

 private:
  const std::shared_ptr<ResponseSink> sink_;
  const Error error_;
};

// Whether a failed lookup says something of the server, and not of who asked.
bool is_lasting(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kRefused ||
         code == ErrorCode::kInvalid;
}

Error untold(const std::string& why) { return {ErrorCode::kUnavailable, why}; }

// Whether what stands beside the url says that a GET needs more: what a server
// would have us send, we send to nobody.
bool asks_for_headers(const JsonValue& beside) {
  const auto headers = beside.find("headers");
  const auto list =
      headers ? headers->elements()
              : Result<std::vector<JsonValue>>(std::vector<JsonValue>());
  return headers && (!list || !list->empty());
}

// The url that the document tells.
Result<std::string> url_in(const std::string& text, const MarkedUrl& address) {
  auto value = JsonValue::parse(text);
  for (const std::string& key : address.field) {
    if (!value) {
      return untold(value.error().message);
    }
    if (&key == &address.field.back() && asks_for_headers(*value)) {
      return untold(
          "the url that it tells needs headers, and none of a server's "
          "choosing are sent");
    }
    const auto member = value->find(key);
    if (!member) {
      return untold(
          "it tells no url now: what it stands for may have expired, "
          "or needs the terms of use to be accepted");
    }
    value = *member;
  }
  auto url = value->as_string();
  const bool safe =
      url && is_http_url(*url) &&
      (!address.url.starts_with("https:") || url->starts_with("https:"));
  return safe ? url : untold("what it tells is no url that is used here");
}

bool is_redirected(const MarkedUrl& address) {
  return address.kind == MarkedUrl::Kind::kRedirect;
}

bool has_token(const MarkedUrl& address) {
  return address.kind == MarkedUrl::Kind::kToken;
}

// Until when what was learned now is used.
LearnedUrls::Time used_until(const std::string& url, LearnedUrls::Time now) {
  const auto time = good_for(url, std::chrono::system_clock::now());
  return time ? now + *time : LearnedUrls::Time::max();
}

}  // namespace

// The exchange that tells the url.
class ResolvingTransport::Lookup final : public ResponseSink {
 public:
  // `retries`: how many there were before this one.
  Lookup(std::shared_ptr<Shared> shared, std::string url, MarkedUrl address,
         int retries)
      : shared_(std::move(shared)),
        url_(std::move(url)),
        address_(std::move(address)),
        retries_(retries) {}

  Result<void> on_head(const ResponseHead& head) override {
    head_ = head;
    if (is_redirected(address_)) {
      return take_redirect();
    }
    return {};
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    if (bytes.size() > kMaxDocument - body_.size()) {
      return untold("the document is too large");
    }
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  void on_done(Result<void> result) override {
    if (deserted_) {
      shared_->deserted(url_, address_);
      return;
    }
    auto actual = outcome(result);
    const auto delay = actual ? std::nullopt : delay_before_next(result);
    if (delay) {
      shared_->look_up(url_, address_, retries_ + 1, *delay);
      return;
    }
    shared_->found(url_, actual ? actual
                                : Result<std::string>(actual.error().within(
                                      describe_get(address_.url, {}))));
  }
  [[nodiscard]] bool wanted() const override {
    deserted_ = deserted_ || !shared_->is_awaited(url_);
    return !deserted_;
  }
  [[nodiscard]] bool urgent() const override {
    return shared_->is_urgent(url_);
  }

 private:
  Result<void> take_redirect();
  [[nodiscard]] Result<std::string> outcome(const Result<void>& result) const;
  [[nodiscard]] std::optional<milliseconds> delay_before_next(
      const Result<void>& result) const;

  const std::shared_ptr<Shared> shared_;
  const std::string url_;
  const MarkedUrl address_;
  const int retries_;
  ResponseHead head_;
  std::string body_;
  std::optional<Result<std::string>> target_;  // what the head told
  mutable bool deserted_ = false;  // nobody wanted it when that was asked
};

// The head tells it all; the body of an object is not waited for.
Result<void> ResolvingTransport::Lookup::take_redirect() {
  if (is_redirect(head_)) {
    target_ = redirect_target(address_.url, head_);
    return {};
  }
  const bool is_object =
      head_.status == 200 || head_.status == 206 || head_.status == 416;
  if (is_object) {
    target_ = address_.url;
  }
  return head_.status == 200 ? Result<void>(untold("enough is known"))
                             : Result<void>();
}

Result<std::string> ResolvingTransport::Lookup::outcome(
    const Result<void>& result) const {
  if (target_) {
    return *target_;
  }
  if (!result) {
    return result.error();
  }
  if (is_redirected(address_) || head_.status != 200) {
    const Error error = refused_answer(head_).error;
    return error.code == ErrorCode::kNotFound ? error : untold(error.message);
  }
  return url_in(body_, address_);
}

// None where to ask again would be of no use, or not now.
std::optional<milliseconds> ResolvingTransport::Lookup::delay_before_next(
    const Result<void>& result) const {
  const TryFailure failure =
      result ? refused_answer(head_) : failed_exchange(result.error());
  const bool throttled =
      result && is_redirected(address_) && head_.status == kForbidden;
  const bool told = target_ || (result && head_.status == 200);
  if (told || (failure.failure != Failure::kTransient && !throttled)) {
    return std::nullopt;
  }
  const auto pause =
      result ? pause_told_by(head_, std::chrono::system_clock::now())
             : std::nullopt;
  const auto delay = retry_delay(kLookupPolicy, retries_ + 1, 1.0, pause);
  if (!delay || pause > kLongestPauseOfLookup) {
    return std::nullopt;
  }
  return std::max(*delay, pause.value_or(milliseconds{0}));
}

// The exchange at the url that was told.
class ResolvingTransport::Resolved final : public ResponseSink {
 public:
  Resolved(std::shared_ptr<Shared> shared, Waiting one, std::string actual)
      : shared_(std::move(shared)),
        one_(std::move(one)),
        actual_(std::move(actual)) {}

  void on_started() override {
    if (!one_.again && one_.redirects == 0) {
      one_.sink->on_started();
    }
  }
  Result<void> on_head(const ResponseHead& head) override {
    if (head.status == kForbidden && !one_.again && may_be_renewed()) {
      refused_ = true;
      return untold("the url has expired");
    }
    if (is_redirect(head)) {
      return follow(head);
    }
    return one_.sink->on_head(head);
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    return next_ || refused_ ? Result<void>(untold("it is not the object"))
                             : one_.sink->on_body(bytes);
  }
  void on_done(Result<void> result) override {
    if (next_) {
      shared_->moved(std::move(one_), actual_, *next_);
      return;
    }
    if (!refused_) {
      one_.sink->on_done(std::move(result));
      return;
    }
    const std::string url = one_.request.url;
    shared_->refused(url, actual_);
    one_.again = true;
    shared_->ask(std::move(one_), *parse_marked_url(url));
  }
  [[nodiscard]] bool wanted() const override { return one_.sink->wanted(); }
  [[nodiscard]] bool ready() const override {
    return next_.has_value() || refused_ || one_.sink->ready();
  }
  [[nodiscard]] bool urgent() const override { return one_.sink->urgent(); }

 private:
  // What is no address that was learned is asked for no more.
  [[nodiscard]] bool may_be_renewed() const {
    const auto address = parse_marked_url(one_.request.url);
    return !has_token(*address) || actual_ != address->url;
  }
  Result<void> follow(const ResponseHead& head) {
    if (one_.redirects >= kMaxRedirects) {
      return Error{ErrorCode::kInvalid,
                   "refused a redirect: there were five before"};
    }
    const auto target = redirect_target(actual_, head);
    if (!target) {
      return target.error().within(describe_get(actual_, one_.request.range));
    }
    next_ = *target;
    return {};
  }

  const std::shared_ptr<Shared> shared_;
  Waiting one_;
  const std::string actual_;
  bool refused_ = false;
  std::optional<std::string> next_;  // where its server sends the request
};

void ResolvingTransport::start(Request request,
                               std::shared_ptr<ResponseSink> sink) {
  const auto address = parse_marked_url(request.url);
  if (!address) {
    shared_->inner.start(std::move(request), std::move(sink));
    return;
  }
  shared_->ask({std::move(request), std::move(sink)}, *address);
}

void ResolvingTransport::Shared::ask(Waiting one, const MarkedUrl& address) {
  const std::string url = one.request.url;
  LearnedUrls::State state;
  bool first = false;
  {
    const MutexLock lock(mutex);
    state = known.of(url, clock());
    if (has_token(address) && state.url.empty()) {
      state.url = address.url;
    }
    if (state.url.empty() && !state.failure) {
      // There is a line, perhaps an empty one, as long as there is a lookup.
      first = waiting.try_emplace(url).second;
      waiting[url].push_back(one);
    }
  }
  if (state.failure) {
    refuse(one, *state.failure);
  } else if (!state.url.empty()) {
    start_at(std::move(one), state.url);
  } else if (first) {
    look_up(url, address, 0, milliseconds{0});
  }
}

// A GET, of as little as there is: a HEAD is signed for by no url, and answered
// by not every server.
void ResolvingTransport::Shared::look_up(const std::string& url,
                                         const MarkedUrl& address, int retries,
                                         milliseconds delay) {
  Request request;
  request.url = address.url;
  if (auto header = header_for(address)) {
    request.secret_header = *std::move(header);
  }
  request.delay = delay;
  if (is_redirected(address)) {
    request.range = ByteRange{0, 1};
    request.redirects = Redirects::kTell;
  }
  inner.start(
      std::move(request),
      std::make_shared<Lookup>(shared_from_this(), url, address, retries));
}

void ResolvingTransport::Shared::found(const std::string& url,
                                       const Result<std::string>& actual) {
  std::vector<Waiting> line;
  {
    const MutexLock lock(mutex);
    line.swap(waiting[url]);
    waiting.erase(url);
    const auto now = clock();
    if (actual) {
      known.learned(url, *actual, used_until(*actual, now), now);
    } else if (is_lasting(actual.error().code)) {
      known.failed(url, actual.error(), now + kFailureLasts, now);
    }
  }
  for (Waiting& one : line) {
    if (actual) {
      start_at(std::move(one), *actual);
    } else {
      one.sink->on_done(actual.error());
    }
  }
}

// Others may know a newer one by now.
void ResolvingTransport::Shared::moved(Waiting one, const std::string& from,
                                       const std::string& to) {
  const std::string url = one.request.url;
  {
    const MutexLock lock(mutex);
    const auto now = clock();
    const std::string before = known.of(url, now).url;
    if (before == from || (before.empty() && plain_url(url) == from)) {
      known.learned(url, to, used_until(to, now), now);
    }
  }
  ++one.redirects;
  start_at(std::move(one), to);
}

// The lookup ended as nobody wanted it; somebody may since.
void ResolvingTransport::Shared::deserted(const std::string& url,
                                          const MarkedUrl& address) {
  bool wanted_again = false;
  {
    const MutexLock lock(mutex);
    const auto line = waiting.find(url);
    wanted_again = !line->second.empty();
    if (!wanted_again) {
      waiting.erase(line);
    }
  }
  if (wanted_again) {
    look_up(url, address, 0, milliseconds{0});
  }
}

void ResolvingTransport::Shared::refused(const std::string& url,
                                         const std::string& actual) {
  const MutexLock lock(mutex);
  known.refused(url, actual);
}

void ResolvingTransport::Shared::start_at(Waiting one,
                                          const std::string& actual) {
  auto secret = secret_for(one.request.url, actual);
  if (!secret) {
    refuse(one, secret.error().within(
                    describe_get(one.request.url, one.request.range)));
    return;
  }
  Request request = one.request;
  request.url = actual;
  request.secret_header = *std::move(secret);
  request.redirects = Redirects::kTell;
  one.request.delay = milliseconds{0};  // it is over when this has ended
  inner.start(
      std::move(request),
      std::make_shared<Resolved>(shared_from_this(), std::move(one), actual));
}

void ResolvingTransport::Shared::refuse(const Waiting& one,
                                        const Error& error) {
  inner.start({}, std::make_shared<Refusal>(one.sink, error));
}

// What a request of `url` shows the server of `actual`, where it may lie: its
// token, where that is the server that it names.
Result<std::string> ResolvingTransport::Shared::secret_for(
    const std::string& url, const std::string& actual) const {
  const auto address = parse_marked_url(url);
  if (!address || !has_token(*address)) {
    return std::string();
  }
  auto header = header_for(*address);
  const bool shown = web_server(actual) == web_server(address->url);
  return !header || shown ? header : Result<std::string>(std::string());
}

// Sinks are asked without the lock: they may have locks of their own.
bool ResolvingTransport::Shared::is_awaited(const std::string& url) {
  auto all = waiting_for(url);
  const auto unwanted =
      std::partition(all.begin(), all.end(),
                     [](const Waiting& one) { return one.sink->wanted(); });
  const bool awaited = unwanted != all.begin();
  all.erase(all.begin(), unwanted);
  drop_unwanted(url, all);
  return awaited;
}

bool ResolvingTransport::Shared::is_urgent(const std::string& url) {
  const auto all = waiting_for(url);
  return std::any_of(all.begin(), all.end(),
                     [](const Waiting& one) { return one.sink->urgent(); });
}

std::vector<ResolvingTransport::Waiting>
ResolvingTransport::Shared::waiting_for(const std::string& url) {
  const MutexLock lock(mutex);
  const auto line = waiting.find(url);
  return line == waiting.end() ? std::vector<Waiting>() : line->second;
}

void ResolvingTransport::Shared::drop_unwanted(
    const std::string& url, const std::vector<Waiting>& unwanted) {
  if (unwanted.empty()) {
    return;
  }
  {
    const MutexLock lock(mutex);
    std::erase_if(waiting[url], [&](const Waiting& one) {
      return std::any_of(
          unwanted.begin(), unwanted.end(),
          [&](const Waiting& other) { return other.sink == one.sink; });
    });
  }
  for (const Waiting& one : unwanted) {
    one.sink->on_done(Error{ErrorCode::kInterrupted, "cancelled"}.within(
        describe_get(url, one.request.range)));
  }
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/resolving_transport.h"

#include <utility>

#include "catalog/json_fields.h"
#include "fetch/response_check.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxDocument = std::size_t{4} << 20;
// Who cannot be resolved is not asked for again at once.
constexpr std::chrono::seconds kFailureLasts{5};
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

Error untold(const std::string& why) { return {ErrorCode::kUnavailable, why}; }

// The url that the document tells.
Result<std::string> url_in(const std::string& text, const ResolveUrl& address) {
  auto value = JsonValue::parse(text);
  for (const std::string& key : address.field) {
    if (!value) {
      return untold(value.error().message);
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
      (!address.api_url.starts_with("https:") || url->starts_with("https:"));
  return safe ? url : untold("what it tells is no url that is used here");
}

}  // namespace

// The document that tells the url.
class ResolvingTransport::Lookup final : public ResponseSink {
 public:
  Lookup(std::shared_ptr<Shared> shared, std::string url, ResolveUrl address)
      : shared_(std::move(shared)),
        url_(std::move(url)),
        address_(std::move(address)) {}

  Result<void> on_head(const ResponseHead& head) override {
    status_ = head.status;
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
    auto actual = outcome(result);
    shared_->found(url_, actual ? actual
                                : Result<std::string>(actual.error().within(
                                      describe_get(address_.api_url, {}))));
  }

 private:
  [[nodiscard]] Result<std::string> outcome(const Result<void>& result) const {
    if (!result) {
      return result.error();
    }
    if (status_ != 200) {
      const Error error = refused_status(status_).error;
      return error.code == ErrorCode::kNotFound ? error : untold(error.message);
    }
    return url_in(body_, address_);
  }

  const std::shared_ptr<Shared> shared_;
  const std::string url_;
  const ResolveUrl address_;
  int status_ = 0;
  std::string body_;
};

// The exchange at the url that was told.
class ResolvingTransport::Resolved final : public ResponseSink {
 public:
  Resolved(std::shared_ptr<Shared> shared, Waiting one, std::string actual)
      : shared_(std::move(shared)),
        one_(std::move(one)),
        actual_(std::move(actual)) {}

  void on_started() override {
    if (!one_.again) {
      one_.sink->on_started();
    }
  }
  Result<void> on_head(const ResponseHead& head) override {
    if (head.status == kForbidden && !one_.again) {
      refused_ = true;
      return untold("the url has expired");
    }
    return one_.sink->on_head(head);
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    return one_.sink->on_body(bytes);
  }
  void on_done(Result<void> result) override {
    if (!refused_) {
      one_.sink->on_done(std::move(result));
      return;
    }
    const std::string url = one_.request.url;
    shared_->refused(url, actual_);
    one_.again = true;
    shared_->ask(std::move(one_), *parse_resolve_url(url));
  }
  [[nodiscard]] bool wanted() const override { return one_.sink->wanted(); }
  [[nodiscard]] bool urgent() const override { return one_.sink->urgent(); }

 private:
  const std::shared_ptr<Shared> shared_;
  Waiting one_;
  const std::string actual_;
  bool refused_ = false;
};

void ResolvingTransport::start(Request request,
                               std::shared_ptr<ResponseSink> sink) {
  const auto address = parse_resolve_url(request.url);
  if (!address) {
    shared_->inner.start(std::move(request), std::move(sink));
    return;
  }
  shared_->ask({std::move(request), std::move(sink)}, *address);
}

void ResolvingTransport::Shared::ask(Waiting one, const ResolveUrl& address) {
  const std::string url = one.request.url;
  std::string actual;
  std::string failure;
  bool first = false;
  {
    const MutexLock lock(mutex);
    Known& about = known[url];
    if (about.failed_until > Clock::now()) {
      failure = about.failure;
    } else if (!about.url.empty()) {
      actual = about.url;
    } else {
      first = about.waiting.empty();
      about.waiting.push_back(one);
    }
  }
  if (!failure.empty()) {
    inner.start(
        {}, std::make_shared<Refusal>(std::move(one.sink), untold(failure)));
  } else if (!actual.empty()) {
    start_at(std::move(one), actual);
  } else if (first) {
    look_up(url, address);
  }
}

void ResolvingTransport::Shared::look_up(const std::string& url,
                                         const ResolveUrl& address) {
  Request request;
  request.url = address.api_url;
  request.secret_header = header_for(address.api_url);
  inner.start(std::move(request),
              std::make_shared<Lookup>(shared_from_this(), url, address));
}

void ResolvingTransport::Shared::found(const std::string& url,
                                       const Result<std::string>& actual) {
  std::vector<Waiting> waiting;
  {
    const MutexLock lock(mutex);
    Known& about = known[url];
    waiting.swap(about.waiting);
    if (actual) {
      about.url = *actual;
    } else if (actual.error().code == ErrorCode::kUnavailable) {
      about.failed_until = Clock::now() + kFailureLasts;
      about.failure = actual.error().message;
    }
  }
  for (Waiting& one : waiting) {
    if (actual) {
      start_at(std::move(one), *actual);
    } else {
      one.sink->on_done(actual.error());
    }
  }
}

// Others may know a newer one by now.
void ResolvingTransport::Shared::refused(const std::string& url,
                                         const std::string& actual) {
  const MutexLock lock(mutex);
  Known& about = known[url];
  if (about.url == actual) {
    about.url.clear();
  }
}

void ResolvingTransport::Shared::start_at(Waiting one,
                                          const std::string& actual) {
  Request request = one.request;
  request.url = actual;
  inner.start(
      std::move(request),
      std::make_shared<Resolved>(shared_from_this(), std::move(one), actual));
}

}  // namespace omicsfs

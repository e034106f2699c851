// SPDX-License-Identifier: MIT
#include "tests/support/fake_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "fetch/url.h"

namespace omicsfs {
namespace {

using What = FakeFault::What;

// A held request's sink is asked so often whether it still wants it.
constexpr std::chrono::milliseconds kPoll{5};

bool has(const std::optional<FakeFault>& fault, What what) {
  return fault && fault->what == what;
}

struct FakeReply {
  ResponseHead head;
  std::string body;
};

FakeReply plain(int status) {
  FakeReply reply;
  reply.head.status = status;
  reply.head.content_length = 0;
  return reply;
}

FakeReply partial(const std::string& bytes, ByteRange range) {
  const ByteRange got = clip(range, bytes.size());
  if (got.empty()) {
    FakeReply reply = plain(416);
    reply.head.content_range = fmt::format("bytes */{}", bytes.size());
    return reply;
  }
  FakeReply reply = plain(206);
  reply.body = bytes.substr(got.offset, got.length);
  reply.head.content_range =
      fmt::format("bytes {}-{}/{}", got.offset, got.end() - 1, bytes.size());
  return reply;
}

FakeReply whole(const std::string& bytes) {
  FakeReply reply = plain(200);
  reply.body = bytes;
  return reply;
}

// Faults that show in the head.
void spoil_head(ResponseHead& head, const std::optional<FakeFault>& fault) {
  if (has(fault, What::kWrongLength)) {
    head.content_length = *head.content_length + 1;
  }
  if (has(fault, What::kShort) || has(fault, What::kLongerBody) ||
      has(fault, What::kUnknownLength)) {
    head.content_length.reset();
  }
  if (has(fault, What::kNoTotal) && head.status == 206) {
    head.content_range.resize(head.content_range.find('/'));
    head.content_range += "/*";
  }
  if (has(fault, What::kGzipClaim)) {
    head.content_encoding = "gzip";
    head.content_range += "0";
  }
}

// Faults that show in the body only.
void spoil_body(std::string& body, const std::optional<FakeFault>& fault) {
  if (has(fault, What::kShort) || has(fault, What::kReset)) {
    body.resize(std::min<std::size_t>(body.size(), fault->bytes));
  }
  if (has(fault, What::kLongerBody)) {
    body.append(fault->bytes, 'x');
  }
  if (has(fault, What::kFlipByte) && fault->bytes < body.size()) {
    char& byte = body[fault->bytes];
    byte = static_cast<char>(byte ^ 1);
  }
}

struct Asked {
  const Request& request;
  const std::optional<FakeFault>& fault;
};

FakeReply decoded(const Request& request, const std::string& bytes) {
  const bool as_stored = request.accept_encoding == "gzip";
  FakeReply reply = whole(as_stored ? bytes : bytes + bytes);
  reply.head.content_encoding = as_stored ? "gzip" : "";
  return reply;
}

FakeReply content(const Asked& asked, const std::string& bytes) {
  const auto& range = asked.request.range;
  if (has(asked.fault, What::kDecodes)) {
    return decoded(asked.request, bytes);
  }
  if (!range || has(asked.fault, What::kIgnoreRange) ||
      has(asked.fault, What::kUnknownLength)) {
    return whole(bytes);
  }
  if (has(asked.fault, What::kWrongRange)) {
    return partial(bytes, {range->offset + 1, range->length});
  }
  if (has(asked.fault, What::kWrongTotal)) {
    FakeReply reply = partial(bytes, *range);
    reply.head.content_range =
        fmt::format("bytes {}-{}/{}", range->offset,
                    range->offset + reply.body.size() - 1, bytes.size() + 1);
    return reply;
  }
  return partial(bytes, *range);
}

FakeReply reply_to(const Asked& asked, const std::string& bytes,
                   const std::string& etag) {
  if (has(asked.fault, What::kStatus)) {
    FakeReply reply = plain(asked.fault->status);
    reply.head.retry_after = asked.fault->retry_after;
    return reply;
  }
  const std::string& if_match = asked.request.if_match;
  if (!if_match.empty() && if_match != etag) {
    return plain(412);
  }
  FakeReply reply = content(asked, bytes);
  reply.head.validator.etag = etag;
  reply.head.content_length = reply.body.size();
  if (has(asked.fault, What::kDecodes) && reply.head.content_encoding.empty()) {
    reply.head.content_length.reset();
  }
  spoil_head(reply.head, asked.fault);
  spoil_body(reply.body, asked.fault);
  return reply;
}

FakeReply redirecting(const Asked& asked, const std::string& location) {
  if (has(asked.fault, What::kStatus)) {
    return reply_to(asked, "", "");
  }
  FakeReply reply = plain(307);
  reply.head.location = location;
  return reply;
}

Error failed(const Request& request, ErrorCode code, const std::string& why) {
  return Error{code, why}.within(describe_get(request.url, request.range));
}

}  // namespace

FakeTransport::FakeTransport() {
  thread_ = std::thread([this] { run(); });
}

FakeTransport::~FakeTransport() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void FakeTransport::start(Request request, std::shared_ptr<ResponseSink> sink) {
  const MutexLock lock(mutex_);
  auto fault = fault_of(request.url);
  log_.push_back({request.url, request.range, request.if_match, request.delay,
                  request.secret_header, request.accept_encoding,
                  request.fresh_connection});
  queue_.push_back({std::move(request), std::move(sink), std::move(fault)});
  changed_.notify_all();
}

void FakeTransport::add(const std::string& url, std::string bytes,
                        std::string etag) {
  const MutexLock lock(mutex_);
  objects_[url] = {std::move(bytes), std::move(etag)};
}

void FakeTransport::remove(const std::string& url) {
  const MutexLock lock(mutex_);
  objects_.erase(url);
}

void FakeTransport::date(const std::string& url,
                         const std::string& last_modified) {
  const MutexLock lock(mutex_);
  objects_[url].last_modified = last_modified;
}

void FakeTransport::redirect(const std::string& url,
                             const std::string& location) {
  const MutexLock lock(mutex_);
  redirects_[url] = location;
}

void FakeTransport::hold(const std::string& url) {
  const MutexLock lock(mutex_);
  held_.insert(url);
}

void FakeTransport::release(const std::string& url) {
  const MutexLock lock(mutex_);
  held_.erase(url);
  changed_.notify_all();
}

void FakeTransport::fail_nth(std::uint64_t nth, const FakeFault& fault) {
  const MutexLock lock(mutex_);
  nth_faults_[log_.size() + nth] = fault;
}

void FakeTransport::fail_url(const std::string& url, const FakeFault& fault) {
  const MutexLock lock(mutex_);
  url_faults_[url] = fault;
}

void FakeTransport::clear_faults() {
  const MutexLock lock(mutex_);
  nth_faults_.clear();
  url_faults_.clear();
}

void FakeTransport::set_chunk_bytes(std::size_t bytes) {
  const MutexLock lock(mutex_);
  chunk_bytes_ = bytes;
}

std::vector<FakeTransport::LogEntry> FakeTransport::log() const {
  const MutexLock lock(mutex_);
  return log_;
}

std::size_t FakeTransport::requests() const {
  const MutexLock lock(mutex_);
  return log_.size();
}

void FakeTransport::wait_for_requests(std::size_t count) const {
  MutexLock lock(mutex_);
  while (log_.size() < count) {
    changed_.wait(lock);
  }
}

std::optional<FakeFault> FakeTransport::fault_of(const std::string& url) {
  const auto nth = nth_faults_.find(log_.size() + 1);
  if (nth != nth_faults_.end()) {
    return nth->second;
  }
  const auto of_url = url_faults_.find(url);
  return of_url == url_faults_.end() ? std::nullopt
                                     : std::optional(of_url->second);
}

std::optional<FakeTransport::Object> FakeTransport::object_of(
    const std::string& url) const {
  const MutexLock lock(mutex_);
  const auto found = objects_.find(url);
  return found == objects_.end() ? std::nullopt : std::optional(found->second);
}

std::string FakeTransport::redirect_of(const std::string& url) const {
  const MutexLock lock(mutex_);
  const auto found = redirects_.find(url);
  return found == redirects_.end() ? "" : found->second;
}

void FakeTransport::run() {
  while (auto exchange = next()) {
    answer(*exchange);
  }
}

// The next exchange to answer; none when stopping and nothing is left.
std::optional<FakeTransport::Exchange> FakeTransport::next() {
  while (true) {
    std::vector<std::shared_ptr<ResponseSink>> held;
    std::vector<std::shared_ptr<ResponseSink>> fresh;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) {
        changed_.wait(lock);
      }
      auto ready = take_ready();
      if (ready || stopping_) {
        return ready;
      }
      changed_.wait_for(lock, kPoll);
      for (Exchange& exchange : queue_) {
        held.push_back(exchange.sink);
        if (!std::exchange(exchange.started, true)) {
          fresh.push_back(exchange.sink);
        }
      }
    }
    for (const auto& sink : fresh) {
      sink->on_started();
    }
    if (auto unwanted = take_unwanted(held)) {
      return unwanted;
    }
  }
}

std::optional<FakeTransport::Exchange> FakeTransport::take_ready() {
  const bool all = stopping_;
  const std::set<std::string> held = held_;
  return take_if([&](const Exchange& exchange) {
    return all || !held.contains(exchange.request.url);
  });
}

// Sinks are asked without the lock: they may have locks of their own.
std::optional<FakeTransport::Exchange> FakeTransport::take_unwanted(
    const std::vector<std::shared_ptr<ResponseSink>>& sinks) {
  const auto unwanted =
      std::find_if(sinks.begin(), sinks.end(),
                   [](const auto& sink) { return !sink->wanted(); });
  if (unwanted == sinks.end()) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return take_if(
      [&](const Exchange& exchange) { return exchange.sink == *unwanted; });
}

template <typename Pick>
std::optional<FakeTransport::Exchange> FakeTransport::take_if(
    const Pick& pick) {
  const auto found = std::find_if(queue_.begin(), queue_.end(), pick);
  if (found == queue_.end()) {
    return std::nullopt;
  }
  std::optional<Exchange> taken(std::move(*found));
  queue_.erase(found);
  return taken;
}

void FakeTransport::answer(const Exchange& exchange) {
  const Request& request = exchange.request;
  const auto& fault = exchange.fault;
  const auto& sink = exchange.sink;
  const auto stopping = [this] {
    const MutexLock lock(mutex_);
    return stopping_;
  };
  if (stopping() || !sink->wanted()) {
    sink->on_done(failed(request, ErrorCode::kInterrupted, "cancelled"));
    return;
  }
  if (!is_http_url(request.url)) {
    sink->on_done(failed(request, ErrorCode::kInvalid, "not an http url"));
    return;
  }
  if (!exchange.started) {
    sink->on_started();
  }
  if (!sink->wanted()) {
    sink->on_done(failed(request, ErrorCode::kInterrupted, "cancelled"));
    return;
  }
  if (has(fault, What::kRefuse)) {
    sink->on_done(
        failed(request, ErrorCode::kUnavailable, "Connection refused"));
    return;
  }
  const bool follow =
      request.redirects == Redirects::kFollow && request.secret_header.empty();
  const std::string location = redirect_of(request.url);
  const std::string& url = location.empty() || !follow ? request.url : location;
  const auto object = object_of(url);
  const std::string etag = has(fault, What::kChangedEtag) ? "\"changed\""
                           : object                       ? object->etag
                                                          : "";
  FakeReply reply =
      object ? reply_to({request, fault}, object->bytes, etag) : plain(404);
  reply.head.validator.last_modified = object ? object->last_modified : "";
  if (!location.empty() && !follow) {
    reply = redirecting({request, fault}, location);
  }
  const auto head = sink->on_head(reply.head);
  sink->on_done(head ? deliver_body(exchange, std::move(reply.body)) : head);
}

Result<void> FakeTransport::deliver_body(const Exchange& exchange,
                                         std::string body) const {
  const auto chunk_bytes = [this] {
    const MutexLock lock(mutex_);
    return chunk_bytes_;
  }();
  std::span<const std::byte> rest = std::as_bytes(std::span(body));
  while (!rest.empty()) {
    if (!exchange.sink->wanted()) {
      return failed(exchange.request, ErrorCode::kInterrupted, "cancelled");
    }
    const auto piece = rest.first(std::min(chunk_bytes, rest.size()));
    auto taken = exchange.sink->on_body(piece);
    if (!taken) {
      return taken;
    }
    rest = rest.subspan(piece.size());
  }
  if (has(exchange.fault, What::kReset)) {
    return failed(exchange.request, ErrorCode::kUnavailable,
                  "Connection reset by peer");
  }
  return {};
}

}  // namespace omicsfs

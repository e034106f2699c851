// SPDX-License-Identifier: MIT
#include "fetch/whole_stream.h"

#include <algorithm>

namespace omicsfs {
namespace {

// The cache is asked for so much at a time.
constexpr std::uint64_t kFillBytes = std::uint64_t{8} << 20;
// All must be asked for so far ahead before the pass continues: more than a
// transport delivers at once.
constexpr std::uint64_t kMustBeAsked = std::uint64_t{1} << 20;
// As far it is asked for while there is memory: all of a body that is held
// until its end is seen.
constexpr std::uint64_t kShouldBeAsked = std::uint64_t{64} << 20;
// After so many refusals in a row a reader further on waits no longer.
constexpr int kMostRefusals = 50;

bool covers(ByteRange range, std::uint64_t at) {
  return range.offset <= at && at < range.end();
}

}  // namespace

// A part that is asked for by a request of its own, and joins the pass where
// the server ignores its range.
class WholeStream::Ranged final : public RangeSink {
 public:
  Ranged(std::shared_ptr<WholeStream> stream, Parts::iterator part,
         std::shared_ptr<RangeSink> sink)
      : stream_(std::move(stream)), part_(part), sink_(std::move(sink)) {}

  void on_started() override { sink_->on_started(); }
  Result<void> on_bytes(std::span<const std::byte> bytes) override {
    delivered_ += bytes.size();
    return sink_->on_bytes(bytes);
  }
  void on_done(Result<void> result) override {
    const bool ignored =
        !result &&
        (result.error().code == ErrorCode::kUnsupported || was_overtaken_);
    if (ignored && sink_->wanted()) {
      stream_->join(part_, delivered_);
      return;
    }
    stream_->leave(part_);
    sink_->on_done(std::move(result));
  }
  [[nodiscard]] bool wanted() const override {
    was_overtaken_ =
        was_overtaken_ || (delivered_ == 0 && stream_->ignores_ranges());
    return !was_overtaken_ && sink_->wanted();
  }
  [[nodiscard]] bool urgent() const override { return sink_->urgent(); }

 private:
  const std::shared_ptr<WholeStream> stream_;
  const Parts::iterator part_;
  const std::shared_ptr<RangeSink> sink_;
  std::uint64_t delivered_ = 0;
  mutable bool was_overtaken_ = false;  // by what another request has shown
};

class WholeStream::Pass final : public RangeSink {
 public:
  explicit Pass(std::shared_ptr<WholeStream> stream)
      : stream_(std::move(stream)) {}
  Result<void> on_bytes(std::span<const std::byte> bytes) override {
    return stream_->deliver(bytes);
  }
  void on_done(Result<void> result) override { stream_->ended(result); }
  [[nodiscard]] bool wanted() const override {
    return stream_->is_pass_wanted();
  }
  [[nodiscard]] bool ready() const override { return stream_->ready(); }
  [[nodiscard]] bool urgent() const override { return stream_->has_urgent(); }

 private:
  const std::shared_ptr<WholeStream> stream_;
};

void WholeStream::fill_by(AskToFill ask) { ask_ = std::move(ask); }

bool WholeStream::ignores_ranges() const {
  const MutexLock lock(mutex_);
  return ignores_ranges_;
}

RangeFetcher::AskAgain WholeStream::fetch(ByteRange range,
                                          std::shared_ptr<RangeSink> sink) {
  bool joins = false;
  Parts::iterator part;
  {
    const MutexLock lock(mutex_);
    joins = ignores_ranges_;
    part = parts_.insert(parts_.end(), Part{range, sink, joins});
  }
  if (joins) {
    start_pass();
    return [] {};
  }
  try {
    RangeRequest request = this->request();
    request.range = range;
    return fetcher_.fetch(
        std::move(request),
        std::make_shared<Ranged>(shared_from_this(), part, std::move(sink)));
  } catch (const std::bad_alloc&) {
    leave(part);
    throw;
  }
}

void WholeStream::join(Parts::iterator part, std::uint64_t delivered) {
  {
    const MutexLock lock(mutex_);
    ignores_ranges_ = true;
    part->rest.offset += delivered;
    part->rest.length -= delivered;
    part->has_joined = true;
  }
  start_pass();
}

void WholeStream::leave(Parts::iterator part) {
  const MutexLock lock(mutex_);
  parts_.erase(part);
}

// Unless one is under way.
void WholeStream::start_pass() {
  {
    const MutexLock lock(mutex_);
    if (running_ || closed_) {
      return;
    }
    running_ = true;
    ++pass_;
    restarts_ = false;
    at_ = 0;
    filled_until_ = 0;
    fills_ = static_cast<bool>(ask_);
    refusals_ = 0;
    asking_ = false;
    idle_since_.reset();
  }
  try {
    fetcher_.fetch(request(), std::make_shared<Pass>(shared_from_this()));
  } catch (const std::bad_alloc&) {
    ended(Error{ErrorCode::kIo, "no memory"});
  }
}

std::vector<WholeStream::Delivery> WholeStream::deliveries(
    std::span<const std::byte> bytes) {
  std::vector<Delivery> found;
  const std::uint64_t end = at_ + bytes.size();
  for (auto part = parts_.begin(); part != parts_.end();) {
    ByteRange& rest = part->rest;
    if (!part->has_joined || rest.offset < at_ || rest.offset >= end) {
      ++part;
      continue;
    }
    const std::uint64_t taken = std::min(rest.end(), end) - rest.offset;
    const auto piece = bytes.subspan(rest.offset - at_, taken);
    rest = {rest.offset + taken, rest.length - taken};
    found.push_back({part->sink, piece, rest.empty()});
    part = rest.empty() ? parts_.erase(part) : std::next(part);
  }
  at_ = end;
  return found;
}

Result<void> WholeStream::deliver(std::span<const std::byte> bytes) {
  std::vector<Delivery> found;
  {
    const MutexLock lock(mutex_);
    found = deliveries(bytes);
  }
  for (const Delivery& one : found) {
    const auto taken = one.sink->on_bytes(one.bytes);
    if (one.is_last) {
      one.sink->on_done(taken);
    } else if (!taken) {
      drop(one.sink, taken.error());
    }
  }
  return {};
}

void WholeStream::drop(const std::shared_ptr<RangeSink>& sink,
                       const Error& error) {
  {
    const MutexLock lock(mutex_);
    parts_.remove_if([&](const Part& part) { return part.sink == sink; });
  }
  sink->on_done(error);
}

WholeStream::Gap WholeStream::first_gap(std::uint64_t at) const {
  while (at < whole_.file_size) {
    const auto part =
        std::find_if(parts_.begin(), parts_.end(),
                     [at](const Part& one) { return covers(one.rest, at); });
    if (part != parts_.end() && !part->has_joined) {
      return {at, true};
    }
    if (part == parts_.end() && at >= filled_until_) {
      return {at, false};
    }
    // A filled range that is in no part is in the cache already.
    at = part != parts_.end() ? part->rest.end() : at + kBlockBytes;
  }
  return {whole_.file_size, false};
}

// Whether somebody waits for what the pass will still bring.
bool WholeStream::is_awaited() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [at = at_](const Part& part) {
                       return part.has_joined && part.rest.offset >= at;
                     });
}

// Whether the pass may continue.
bool WholeStream::ready() {
  ByteRange wanted;
  std::uint64_t pass = 0;
  {
    const MutexLock lock(mutex_);
    const Gap gap = first_gap(at_);
    const std::uint64_t ahead = gap.at - at_;
    const bool is_near = ahead < kMustBeAsked && gap.at < whole_.file_size;
    if (gap.is_asked) {
      return !is_near;
    }
    // Where nothing can be kept, what nobody asked for is passed over.
    if (!fills_ || refusals_ > kMostRefusals) {
      return !is_near || is_awaited();
    }
    const bool asks = ahead < kShouldBeAsked && gap.at < whole_.file_size;
    if (!asks || asking_ || patience_.now() < ask_at_) {
      return !is_near && !asking_;
    }
    asking_ = true;
    pass = pass_;
    wanted = clip({gap.at, kFillBytes}, whole_.file_size);
  }
  try {
    ask_(std::make_shared<Question>(shared_from_this(), pass, wanted));
  } catch (const std::bad_alloc&) {
    filled(pass, wanted, Fill::kLater);
  }
  return false;
}

void WholeStream::filled(std::uint64_t pass, ByteRange range, Fill outcome) {
  const MutexLock lock(mutex_);
  if (pass != pass_ || !std::exchange(asking_, false)) {
    return;
  }
  switch (outcome) {
    case Fill::kTaken:
      filled_until_ = std::max(filled_until_, range.end());
      refusals_ = 0;
      break;
    case Fill::kLater:
      ++refusals_;
      ask_at_ = patience_.now() + patience_.until_memory;
      break;
    case Fill::kNever:
      fills_ = false;
      break;
  }
}

// Whether the pass still serves somebody.
bool WholeStream::has_use() {
  bool missed = false;
  for (const Part& part : parts_) {
    const bool ahead = !part.has_joined || part.rest.offset >= at_;
    if (ahead) {
      idle_since_.reset();
      return true;
    }
    missed = true;
  }
  if (fills_) {
    return true;
  }
  const auto now = patience_.now();
  idle_since_ = idle_since_.value_or(now);
  const bool waits = !missed && now - *idle_since_ < patience_.until_reader;
  restarts_ = !waits;  // whoever joins from here on is served by the next pass
  return waits;
}

bool WholeStream::is_pass_wanted() {
  std::vector<std::shared_ptr<RangeSink>> joined;
  {
    const MutexLock lock(mutex_);
    for (const Part& part : parts_) {
      if (part.has_joined) {
        joined.push_back(part.sink);
      }
    }
  }
  // Sinks are asked without the lock: they may have locks of their own.
  for (const auto& sink : joined) {
    if (!sink->wanted()) {
      drop(sink, {ErrorCode::kInterrupted, "not wanted any more"});
    }
  }
  const MutexLock lock(mutex_);
  return !closed_ && has_use();
}

bool WholeStream::has_urgent() const {
  std::vector<std::shared_ptr<RangeSink>> sinks;
  {
    const MutexLock lock(mutex_);
    for (const Part& part : parts_) {
      sinks.push_back(part.sink);
    }
  }
  return std::any_of(sinks.begin(), sinks.end(),
                     [](const auto& sink) { return sink->urgent(); });
}

// Those that the pass has gone by are served by the next one; one that failed
// fails all who wait.
void WholeStream::ended(const Result<void>& result) {
  Parts failed;
  bool again = false;
  {
    const MutexLock lock(mutex_);
    running_ = false;
    again = result.has_value() || restarts_;
    for (auto part = parts_.begin(); part != parts_.end();) {
      const auto next = std::next(part);
      if (part->has_joined && !again) {
        failed.splice(failed.end(), parts_, part);
      }
      part = next;
    }
    again =
        again && std::any_of(parts_.begin(), parts_.end(),
                             [](const Part& part) { return part.has_joined; });
  }
  for (const Part& part : failed) {
    part.sink->on_done(result);
  }
  if (again) {
    start_pass();
  }
}

void WholeStream::renew_urls(const std::vector<std::string>& urls) {
  const MutexLock lock(mutex_);
  if (are_same_objects(urls, urls_)) {
    urls_ = urls;
  }
}

RangeRequest WholeStream::request() const {
  RangeRequest request = whole_;
  const MutexLock lock(mutex_);
  request.urls = urls_;
  return request;
}

void WholeStream::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
}

}  // namespace omicsfs

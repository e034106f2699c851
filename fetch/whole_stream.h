// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fetch/block_origin.h"
#include "fetch/byte_range.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"

// Objects of servers that ignore Range.

namespace omicsfs {

// How long a pass waits, and by which clock.
struct StreamPatience {
  // After the cache had no memory for a range, until it is asked again.
  std::chrono::milliseconds until_memory{20};
  // For a reader who reads on, once nobody wants anything more.
  std::chrono::milliseconds until_reader{10'000};
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;
};

// One pass over the whole body of an object serves everybody who wants a part
// of it. The body is held back before bytes that nobody has asked for, until
// the object's cache has asked for them or has said that it will not: so one
// pass fills the cache, and no request is made only to skip. A part that lies
// before the pass is served by the next one. Thread-safe.
class WholeStream : public std::enable_shared_from_this<WholeStream> {
 public:
  // What came of asking the cache to fetch a range.
  enum class Fill {
    kTaken,  // all of it is there or was asked for
    kLater,  // no memory now
    kNever,  // nothing more is kept
  };
  class Question;
  // Asks the cache for the question's range; returns at once, and the answer
  // comes later. Called by the transport's thread.
  using AskToFill =
      std::function<void(const std::shared_ptr<Question>& question)>;

  // `whole` is a request for the whole object; `fetcher` must outlive it.
  WholeStream(RangeFetcher& fetcher, RangeRequest whole,
              StreamPatience patience = {})
      : fetcher_(fetcher),
        whole_(std::move(whole)),
        patience_(std::move(patience)),
        urls_(whole_.urls) {}

  // REQUIRES: called before the first fetch; without it nothing is filled.
  void fill_by(AskToFill ask);

  // As RangeFetcher::fetch: a range of its own, until the server has shown that
  // it ignores Range.
  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink);
  // See BlockOrigin.
  void renew_urls(const std::vector<std::string>& urls);
  // Nobody will want anything any more.
  void close();

 private:
  class Ranged;
  class Pass;
  struct Part {
    ByteRange rest;
    std::shared_ptr<RangeSink> sink;
    bool has_joined;  // else a request of its own is under way
  };
  using Parts = std::list<Part>;
  struct Delivery {
    std::shared_ptr<RangeSink> sink;
    std::span<const std::byte> bytes;
    bool is_last;
  };

  [[nodiscard]] bool ignores_ranges() const;
  [[nodiscard]] RangeRequest request() const;
  // An answer to a question of an earlier pass changes nothing.
  void filled(std::uint64_t pass, ByteRange range, Fill outcome);
  void join(Parts::iterator part, std::uint64_t delivered);
  void leave(Parts::iterator part);
  void start_pass();

  Result<void> deliver(std::span<const std::byte> bytes);
  void drop(const std::shared_ptr<RangeSink>& sink, const Error& error);
  [[nodiscard]] std::vector<Delivery> deliveries(
      std::span<const std::byte> bytes) REQUIRES_LOCK(mutex_);
  [[nodiscard]] bool ready();
  [[nodiscard]] bool is_pass_wanted();
  [[nodiscard]] bool has_use() REQUIRES_LOCK(mutex_);
  [[nodiscard]] bool has_urgent() const;
  [[nodiscard]] bool is_awaited() const REQUIRES_LOCK(mutex_);
  void ended(const Result<void>& result);

  // From `at` on: the first byte that is neither asked for nor filled, or that
  // a request of its own may yet bring.
  struct Gap {
    std::uint64_t at;
    bool is_asked;
  };
  [[nodiscard]] Gap first_gap(std::uint64_t at) const REQUIRES_LOCK(mutex_);

  RangeFetcher& fetcher_;
  const RangeRequest whole_;
  const StreamPatience patience_;
  AskToFill ask_;

  mutable Mutex mutex_;
  std::vector<std::string> urls_ GUARDED_BY(mutex_);  // in place of whole_'s
  Parts parts_ GUARDED_BY(mutex_);
  bool ignores_ranges_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
  // Of the pass under way.
  bool running_ GUARDED_BY(mutex_) = false;
  std::uint64_t pass_ GUARDED_BY(mutex_) = 0;  // its number
  bool restarts_ GUARDED_BY(mutex_) = false;   // it was ended to begin anew
  std::uint64_t at_ GUARDED_BY(mutex_) = 0;
  std::uint64_t filled_until_ GUARDED_BY(mutex_) = 0;
  bool asking_ GUARDED_BY(mutex_) = false;  // a question has no answer yet
  bool fills_ GUARDED_BY(mutex_) = false;
  int refusals_ GUARDED_BY(mutex_) = 0;  // kLater, in a row
  std::chrono::steady_clock::time_point ask_at_ GUARDED_BY(mutex_){};
  std::optional<std::chrono::steady_clock::time_point> idle_since_
      GUARDED_BY(mutex_);
};

// What one pass asks its object's cache. Where nobody answers it, as in a task
// that ended early, its end answers kLater: the pass never waits in vain.
// Thread-compatible.
class WholeStream::Question {
 public:
  Question(std::shared_ptr<WholeStream> stream, std::uint64_t pass,
           ByteRange range)
      : stream_(std::move(stream)), pass_(pass), range_(range) {}
  ~Question() { answer(Fill::kLater); }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  [[nodiscard]] ByteRange range() const { return range_; }
  // Only the first answer counts.
  void answer(Fill outcome) {
    if (!std::exchange(is_answered_, true)) {
      stream_->filled(pass_, range_, outcome);
    }
  }

 private:
  const std::shared_ptr<WholeStream> stream_;
  const std::uint64_t pass_;
  const ByteRange range_;
  bool is_answered_ = false;
};

// The urls of a remote file, also of a server that ignores Range.
class StreamedOrigin final : public BlockOrigin {
 public:
  // `fetcher` must outlive it.
  StreamedOrigin(RangeFetcher& fetcher, RangeRequest whole)
      : fetcher_(fetcher),
        url_(whole.urls.empty() ? std::string() : whole.urls.front()),
        stream_(std::make_shared<WholeStream>(fetcher, std::move(whole))) {}
  ~StreamedOrigin() override { stream_->close(); }
  StreamedOrigin(const StreamedOrigin&) = delete;
  StreamedOrigin& operator=(const StreamedOrigin&) = delete;

  [[nodiscard]] const std::shared_ptr<WholeStream>& stream() const {
    return stream_;
  }
  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink) override {
    return stream_->fetch(range, std::move(sink));
  }
  [[nodiscard]] LinkSpeed speed() const override {
    return fetcher_.speed_of(url_);
  }
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after()
      const override {
    return fetcher_.late_after(url_);
  }
  void renew_urls(const std::vector<std::string>& urls) override {
    stream_->renew_urls(urls);
  }

 private:
  RangeFetcher& fetcher_;
  const std::string url_;
  const std::shared_ptr<WholeStream> stream_;
};

}  // namespace omicsfs

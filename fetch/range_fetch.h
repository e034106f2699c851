// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/circuit_breaker.h"
#include "fetch/counters.h"
#include "fetch/link_speed.h"
#include "fetch/mirrors.h"
#include "fetch/retry.h"
#include "fetch/transport.h"
#include "fetch/version_pin.h"

// Fetches a range of a remote file whatever it takes: checks each answer, backs
// off and retries, goes on from the byte where a broken answer stopped, and
// turns to the next url when one fails.

namespace omicsfs {

// Takes the bytes of one range. Calls come from the transport's thread.
class RangeSink {
 public:
  virtual ~RangeSink() = default;
  // A request for the bytes is on its way, a first or a further one.
  virtual void on_started() {}
  // The range's bytes in order, each exactly once, also across retries.
  // An error ends the fetch; on_done receives it.
  virtual Result<void> on_bytes(std::span<const std::byte> bytes) = 0;
  // Exactly once, last. Success: every byte of the range was delivered.
  // Errors: kChanged (no url offers the catalogued bytes any more); kNotFound
  // (404 or 410 at every url); kUnsupported (a part was asked for, and what
  // serves the object ignores Range); kUnavailable (retries are spent, or the
  // answer can never be right); kInterrupted; the sink's own.
  virtual void on_done(Result<void> result) = 0;
  // Polled; false cancels the fetch.
  [[nodiscard]] virtual bool wanted() const = 0;
  // Polled; false holds further bytes back for now.
  [[nodiscard]] virtual bool ready() const { return true; }
  // Polled; whether somebody waits for the bytes now.
  [[nodiscard]] virtual bool urgent() const { return true; }
};

struct RangeRequest {
  std::vector<std::string> urls;  // in the order to try; mirrors are added
  std::uint64_t file_size = 0;    // exact size of the whole object
  ByteRange range;                // not empty, within the file
  std::shared_ptr<VersionPin> pin;
  // The object's digest is published, which outranks its servers' validators
  // (version_rule.h).
  bool has_digest = false;
};

// Thread-safe. `transport`, `mirrors` and `counters` must outlive it and every
// fetch that it started; a fetch may outlive the fetcher.
class RangeFetcher {
 public:
  RangeFetcher(Transport& transport, const Mirrors& mirrors,
               const RetryPolicy& policy, Counters& counters,
               std::uint64_t seed = std::random_device{}())
      : transport_(transport),
        mirrors_(mirrors),
        policy_(policy),
        counters_(counters),
        jitter_(std::make_shared<Jitter>(seed)),
        speeds_(std::make_shared<LinkSpeeds>()),
        breakers_(std::make_shared<CircuitBreakers>(policy.breaker)),
        held_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  // Starts a fetch and returns at once; no call comes from within.
  //
  // A url that answers kChanged over several connections (TryOrder) is not
  // asked again. Others are, so that a stale mirror does no harm while the
  // origin is right; but where the url's version had been pinned before, only
  // urls whose own version is pinned: an unpinned one might offer the new
  // version and mix it with the old. A server that keeps failing is passed over
  // for the next url's for a while; where there is no other, the fetch fails at
  // once (CircuitBreaker).
  //
  // The call that it returns asks a second time, at the next url or over
  // another connection, where no byte has come yet; whichever answer begins
  // first is taken. That is at most one request in twenty. Thread-safe, at any
  // time.
  using AskAgain = std::function<void()>;
  AskAgain fetch(RangeRequest request, std::shared_ptr<RangeSink> sink);

  // How fast the server that serves `url` has been of late.
  [[nodiscard]] LinkSpeed speed_of(const std::string& url) const;
  // After what time without a byte the answer to a request of `url` is later
  // than 99 of 100 were; none while too few are known.
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after(
      const std::string& url) const;

 private:
  [[nodiscard]] std::string server_for(const std::string& url) const;

  Transport& transport_;
  const Mirrors& mirrors_;
  RetryPolicy policy_;
  Counters& counters_;
  std::shared_ptr<Jitter> jitter_;
  std::shared_ptr<LinkSpeeds> speeds_;
  std::shared_ptr<CircuitBreakers> breakers_;
  std::shared_ptr<std::atomic<std::uint64_t>> held_;  // see JobTools
};

}  // namespace omicsfs

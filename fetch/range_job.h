// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "fetch/circuit_breaker.h"
#include "fetch/counters.h"
#include "fetch/link_speed.h"
#include "fetch/range_fetch.h"
#include "fetch/response_check.h"
#include "fetch/transport.h"
#include "fetch/try_order.h"
#include "fetch/version_pin.h"
#include "fetch/version_proof.h"

namespace omicsfs {

// What the fetches of one fetcher share.
struct JobTools {
  Transport& transport;
  Counters& counters;
  std::shared_ptr<Jitter> jitter;
  std::shared_ptr<LinkSpeeds> speeds;
  std::shared_ptr<CircuitBreakers> breakers;
  // Bytes in memory of bodies whose length is not known before their end.
  std::shared_ptr<std::atomic<std::uint64_t>> held;
};

// One fetch. Its tries follow each other; hedge() adds one beside them, which
// takes the lead where its answer begins first. After begin() all calls but
// hedge() come from the transport's thread; it lives as long as the transport
// holds an exchange of it.
class RangeJob : public std::enable_shared_from_this<RangeJob> {
 public:
  // `hedge_url` is asked by hedge().
  RangeJob(JobTools tools, RangeRequest request, TryOrder order,
           std::string hedge_url, std::shared_ptr<RangeSink> sink);

  void begin();
  // Asks a second time while no byte has come, as far as the share of requests
  // that may be spent on it allows. Thread-safe.
  void hedge();

 private:
  class Try;
  class Proof;

  void start_try(std::chrono::milliseconds delay);
  bool start_proof(const Try& doubted);
  class EndProof;
  bool start_end_proof(const Try& doubted);
  bool believes(const VersionProof::Answer& answer);
  void shown(const Try& doubted, const VersionSample& sample,
             const Validator& version, bool has_bytes);
  void meet_pinned(const Try& doubted);
  void turn_from_doubted(const Try& doubted);
  void give_up(const Try& doubted);
  bool asks_in_another_form(const Try& one, const TryFailure& failure);
  [[nodiscard]] bool takes_whole() const;
  void delivered(std::span<const std::byte> bytes);
  void refuse_try();
  [[nodiscard]] ByteRange missing() const;
  bool take_lead(const Try& one);
  [[nodiscard]] bool wants(const Try& one) const;
  void try_again(const Try& one, const TryFailure& failure);
  void turn_from(const Try& one, const TryFailure& failure);
  void finish(Result<void> result);

  const JobTools tools_;
  const RangeRequest request_;
  const std::chrono::steady_clock::time_point begun_ =
      std::chrono::steady_clock::now();
  TryOrder order_;
  const std::string hedge_url_;
  const std::shared_ptr<RangeSink> sink_;
  std::uint64_t delivered_ = 0;
  VersionSample sample_{};  // of the first bytes that were delivered
  // Urls that were asked for the object as it is stored; whether the next try
  // asks so.
  std::set<std::string> asked_gzip_;
  bool asks_gzip_ = false;
  VersionProof proof_;
  int pinned_in_a_row_ = 0;    // answers of pinned versions to its questions
  int pinned_are_many_ = 2;    // so many in a row
  const Try* lead_ = nullptr;  // whose answer counts; null at the end
  bool lead_answers_ = false;  // its head was right
};

}  // namespace omicsfs

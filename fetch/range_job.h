// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "fetch/circuit_breaker.h"
#include "fetch/counters.h"
#include "fetch/link_speed.h"
#include "fetch/range_fetch.h"
#include "fetch/response_check.h"
#include "fetch/transport.h"
#include "fetch/try_order.h"

namespace omicsfs {

// What the fetches of one fetcher share.
struct JobTools {
  Transport& transport;
  Counters& counters;
  std::shared_ptr<Jitter> jitter;
  std::shared_ptr<LinkSpeeds> speeds;
  std::shared_ptr<CircuitBreakers> breakers;
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

  void start_try(std::chrono::milliseconds delay);
  void refuse_try();
  [[nodiscard]] ByteRange missing() const;
  bool take_lead(const Try& one);
  [[nodiscard]] bool wants(const Try& one) const;
  void try_again(const Try& one, const TryFailure& failure);
  void finish(Result<void> result);

  const JobTools tools_;
  const RangeRequest request_;
  const std::chrono::steady_clock::time_point begun_ =
      std::chrono::steady_clock::now();
  TryOrder order_;
  const std::string hedge_url_;
  const std::shared_ptr<RangeSink> sink_;
  std::uint64_t delivered_ = 0;
  const Try* lead_ = nullptr;  // whose answer counts; null at the end
  bool lead_answers_ = false;  // its head was right
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/range_fetch.h"

#include <utility>

#include "fetch/range_job.h"
#include "fetch/url.h"

namespace omicsfs {

RangeFetcher::AskAgain RangeFetcher::fetch(RangeRequest request,
                                           std::shared_ptr<RangeSink> sink) {
  auto urls = mirrors_.candidates(request.urls);
  if (urls.empty()) {
    // The transport refuses the empty url from its own thread.
    urls.emplace_back();
  }
  if (!request.pin) {
    request.pin = std::make_shared<VersionPin>();
  }
  std::string hedge_url = urls.size() > 1 ? urls[1] : urls[0];
  const auto job = std::make_shared<RangeJob>(
      JobTools{transport_, counters_, jitter_, speeds_, breakers_, held_},
      std::move(request), TryOrder(std::move(urls), policy_),
      std::move(hedge_url), std::move(sink));
  job->begin();
  return [weak = std::weak_ptr(job)] {
    if (const auto running = weak.lock()) {
      running->hedge();
    }
  };
}

std::string RangeFetcher::server_for(const std::string& url) const {
  const auto urls = mirrors_.candidates({url});
  return urls.empty() ? std::string() : server_or_none(urls.front());
}

LinkSpeed RangeFetcher::speed_of(const std::string& url) const {
  return speeds_->of(server_for(url));
}

std::optional<std::chrono::microseconds> RangeFetcher::late_after(
    const std::string& url) const {
  return speeds_->late_after(server_for(url));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/try_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace omicsfs {

using std::chrono::milliseconds;

namespace {

// Whether asking again for the same gives the same.
bool is_final(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kRefused ||
         code == ErrorCode::kInvalid;
}

}  // namespace

TryOrder::TryOrder(std::vector<std::string> urls, const RetryPolicy& policy)
    : policy_(policy) {
  urls_.reserve(urls.size());
  for (std::string& url : urls) {
    urls_.push_back({.url = std::move(url)});
  }
}

Result<milliseconds> TryOrder::next(const TryFailure& failure, double random,
                                    milliseconds waited) {
  if (failure.failure == Failure::kFatal) {
    return failure.error;
  }
  urls_[at_].tried = true;
  urls_[at_].retry_after = failure.retry_after;
  urls_[at_].busy = failure.busy ? urls_[at_].busy + 1 : 0;
  in_doubt_ = failure.failure == Failure::kDoubtful && !is_believed();
  if (in_doubt_) {
    return milliseconds(static_cast<milliseconds::rep>(
        static_cast<double>(policy_.first_delay.count()) * random));
  }
  const bool only_others = failure.failure != Failure::kTransient;
  if (only_others) {
    strike(failure.error);
  }
  if (!turn()) {
    return none_left(failure.error);
  }
  const bool fresh = !urls_[at_].tried;
  if (fresh && (only_others || failure.busy)) {
    return milliseconds{0};
  }
  if (failure.busy && urls_[at_].busy > 0) {
    return wait_for_turn(failure.error, random, waited);
  }
  return retry(failure.error, random);
}

// One odd answer may be one machine's of many: it is believed when it came over
// two connections and another url can be asked, else over three.
bool TryOrder::is_believed() {
  const int doubts = ++urls_[at_].doubts;
  return doubts >= (has_others() ? 2 : 3);
}

bool TryOrder::has_others() const {
  return std::any_of(urls_.begin(), urls_.end(), [this](const Candidate& one) {
    return &one != &urls_[at_] && !one.struck;
  });
}

bool TryOrder::has_untried() const {
  return std::any_of(urls_.begin(), urls_.end(), [this](const Candidate& one) {
    return &one != &urls_[at_] && !one.struck && !one.tried;
  });
}

void TryOrder::keep_only(const std::function<bool(const std::string&)>& keep) {
  for (Candidate& candidate : urls_) {
    candidate.struck = candidate.struck || !keep(candidate.url);
  }
}

bool TryOrder::turn_to(const std::function<bool(const std::string&)>& usable) {
  for (std::size_t step = 0; step < urls_.size(); ++step) {
    const std::size_t at = (at_ + step) % urls_.size();
    if (!urls_[at].struck && usable(urls_[at].url)) {
      at_ = at;
      return true;
    }
  }
  return false;
}

// Turns to the next url that is not struck out, the present one last. False
// where there is none.
bool TryOrder::turn() {
  for (std::size_t step = 1; step <= urls_.size(); ++step) {
    const std::size_t at = (at_ + step) % urls_.size();
    if (!urls_[at].struck) {
      at_ = at;
      return true;
    }
  }
  return false;
}

Result<milliseconds> TryOrder::retry(const Error& error, double random) {
  ++retries_;
  const auto delay =
      retry_delay(policy_, retries_, random, urls_[at_].retry_after);
  if (!delay) {
    return Error{error.code == ErrorCode::kRefused ? ErrorCode::kRefused
                                                   : ErrorCode::kUnavailable,
                 fmt::format("{} (given up after {} {})", error.message,
                             retries_, retries_ == 1 ? "try" : "tries")};
  }
  return *delay;
}

Result<milliseconds> TryOrder::wait_for_turn(const Error& error, double random,
                                             milliseconds waited) {
  const Candidate& next = urls_[at_];
  waited = std::max(waited, delays_);
  const auto delay =
      busy_delay(policy_, {next.busy, next.retry_after, waited}, random);
  if (delay) {
    delays_ += *delay;
    return *delay;
  }
  const auto in_seconds = [](milliseconds time) {
    return std::chrono::ceil<std::chrono::seconds>(time).count();
  };
  return Error{ErrorCode::kUnavailable,
               next.retry_after
                   ? fmt::format("{} (it asks to be left alone for {} s)",
                                 error.message, in_seconds(*next.retry_after))
                   : fmt::format("{} (given up after {} s)", error.message,
                                 in_seconds(waited))};
}

void TryOrder::strike(const Error& error) {
  urls_[at_].struck = true;
  all_not_found_ = all_not_found_ && error.code == ErrorCode::kNotFound;
  all_refused_or_gone_ = all_refused_or_gone_ && is_final(error.code);
  const bool changed = error.code == ErrorCode::kChanged;
  all_changed_or_gone_ =
      all_changed_or_gone_ && (changed || error.code == ErrorCode::kNotFound);
  if (changed && !changed_) {
    changed_ = error;
  }
  if (error.code == ErrorCode::kUnsupported && !whole_only_) {
    whole_only_ = error;
  }
}

Error TryOrder::none_left(const Error& last) const {
  if (whole_only_) {
    return *whole_only_;
  }
  if (changed_ && all_changed_or_gone_) {
    return *changed_;
  }
  if (all_not_found_) {
    return last;
  }
  return {all_refused_or_gone_ ? ErrorCode::kRefused : ErrorCode::kUnavailable,
          last.message};
}

}  // namespace omicsfs

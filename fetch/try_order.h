// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/retry.h"

namespace omicsfs {

// Which url to try next and after what delay, for one fetch that has several
// urls. Decides only; does no I/O and has no clock. Not thread-safe.
//
// A transient failure costs one retry of the policy and turns to the next url;
// a failure that only another url can mend strikes the url out and turns at
// once to one that was not tried yet. A doubtful failure is one of those once
// it came twice, or three times from the last url that is left; until then the
// url is asked again, over another connection. So there are at most as many
// tries as urls and retries together, and two more a url, apart from those that
// found a server busy: these are bounded by the policy's patience.
class TryOrder {
 public:
  TryOrder(std::vector<std::string> urls, const RetryPolicy& policy);

  // The url to try now. REQUIRES: there was at least one url.
  [[nodiscard]] const std::string& url() const { return urls_[at_].url; }

  // Whether another url may still be turned to that was never tried.
  [[nodiscard]] bool has_untried() const;

  // Takes the outcome of the try at url() and turns to the next. Returns the
  // delay before it, or the error that ends the fetch. A fatal failure's own
  // error; else, where no url is left: kUnsupported where one said so; kChanged
  // where one said so and each other one that, or kNotFound; kNotFound where
  // each said so; kRefused where each refused or had it not; else kUnavailable.
  // `random` in [0, 1]; `waited`: since the fetch began.
  Result<std::chrono::milliseconds> next(
      const TryFailure& failure, double random,
      std::chrono::milliseconds waited = std::chrono::milliseconds{0});

  // Whether the try now must go over a connection of its own.
  [[nodiscard]] bool wants_fresh_connection() const { return in_doubt_; }

  // The last try got further, if not to the end: retries are counted anew, so
  // that a line that breaks often is slow and no failure.
  void progressed() { retries_ = 0; }

  // Turns to the first url that is not struck out and for which `usable` is
  // true, from the present one on; asks for no more. False, and no turn, where
  // there is none.
  bool turn_to(const std::function<bool(const std::string&)>& usable);

  // Strikes out each url that `keep` refuses.
  void keep_only(const std::function<bool(const std::string&)>& keep);

 private:
  struct Candidate {
    std::string url;
    bool struck = false;
    bool tried = false;
    int doubts = 0;
    std::optional<std::chrono::milliseconds> retry_after{};
    int busy = 0;  // how often in a row
  };

  bool turn();
  [[nodiscard]] bool has_others() const;
  [[nodiscard]] bool is_believed();
  Result<std::chrono::milliseconds> retry(const Error& error, double random);
  Result<std::chrono::milliseconds> wait_for_turn(
      const Error& error, double random, std::chrono::milliseconds waited);
  [[nodiscard]] Error none_left(const Error& last) const;
  void strike(const Error& error);

  RetryPolicy policy_;
  std::vector<Candidate> urls_;
  std::size_t at_ = 0;
  int retries_ = 0;
  std::chrono::milliseconds delays_{0};  // of all waits for busy servers
  bool in_doubt_ = false;
  std::optional<Error> whole_only_;  // the first such answer
  std::optional<Error> changed_;     // likewise
  bool all_not_found_ = true;
  bool all_refused_or_gone_ = true;
  bool all_changed_or_gone_ = true;
};

}  // namespace omicsfs

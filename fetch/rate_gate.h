// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/mutex.h"
#include "fetch/rate_file.h"
#include "fetch/rate_rules.h"
#include "fetch/rate_slots.h"
#include "fetch/transport.h"

namespace omicsfs {

// How long an answer asks that its whole server be left alone: a 429 for a
// second where it does not say; a 403 or 503 that says so (Retry-After). None:
// it does not ask. Pure.
[[nodiscard]] std::optional<std::chrono::milliseconds> pause_told_by(
    const ResponseHead& head, std::chrono::system_clock::time_point now);

class RateGate;

// The right to send one request to a server that is limited. Given back as a
// request that was broken off, where nobody said otherwise.
class RatePermit {
 public:
  RatePermit(RateGate& gate, std::string rule, const RatePlace& place)
      : gate_(&gate), rule_(std::move(rule)), place_(place) {}
  RatePermit(RatePermit&& other) noexcept
      : gate_(std::exchange(other.gate_, nullptr)),
        rule_(std::move(other.rule_)),
        place_(other.place_) {}
  RatePermit& operator=(RatePermit&& other) noexcept;
  ~RatePermit() { give_back(RateEnd::kBroken, std::nullopt); }

  // The answer has begun, and asks for a pause or not.
  void answered(std::optional<std::chrono::milliseconds> pause) {
    give_back(RateEnd::kAnswered, pause);
  }
  // The request was not sent.
  void unused() { give_back(RateEnd::kUnsent, std::nullopt); }

 private:
  void give_back(RateEnd end, std::optional<std::chrono::milliseconds> pause);

  RateGate* gate_;  // null: it has been given back
  std::string rule_;
  RatePlace place_;
};

// Hands out permits for the servers that rules name, no faster than those say,
// to all processes together that share a directory. Its own thread reads and
// writes the files: who asks never waits. Thread-safe.
class RateGate {
 public:
  // `granted` is called from the gate's thread when a permit has come; it must
  // not block. Permits must be gone before the gate is.
  RateGate(const std::filesystem::path& directory, RateRules rules,
           std::function<void()> granted);
  ~RateGate();
  RateGate(const RateGate&) = delete;
  RateGate& operator=(const RateGate&) = delete;

  // Of servers as server_of() names them:
  [[nodiscard]] bool limits(std::string_view server) const {
    return rules_.find(server).has_value();
  }
  // A permit to be used at once. None: one will be granted, to whoever asks
  // first then. REQUIRES: limits(server).
  [[nodiscard]] std::optional<RatePermit> take(std::string_view server);
  // Why there is no use in waiting for one, where the server is to be left
  // alone for longer than anyone waits.
  [[nodiscard]] std::optional<Error> refusal(std::string_view server) const;

 private:
  friend class RatePermit;
  struct Returned {
    RatePlace place;
    RateEnd end;
    std::optional<std::chrono::milliseconds> pause;
  };
  struct Line {
    RateFile file;  // the gate's thread's
    bool wanted = false;
    std::optional<RatePlace> granted{};
    RateTime granted_at{0};
    RateTime next_look{0};  // while it is wanted
    RateTime paused_until{0};
    std::vector<Returned> returned{};
  };
  using Lines = std::map<std::string, Line, std::less<>>;
  // What is to be done with one line's file.
  struct Task {
    Line* line;
    std::vector<Returned> returned;
    bool take = false;
  };
  // What came of it.
  struct Outcome {
    std::optional<RatePlace> place;
    RateTime next_try{0};
    RateTime paused_until{0};
  };

  void give_back(const std::string& rule, Returned returned) noexcept;
  void run();
  bool wait_for_work();
  std::vector<Task> take_tasks(bool all);
  static Outcome do_task(Task& task);
  bool publish(const Task& task, const Outcome& outcome);
  [[nodiscard]] RateTime next_look() const REQUIRES_LOCK(mutex_);

  const RateRules rules_;
  const std::function<void()> granted_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  Lines lines_ GUARDED_BY(mutex_);  // one for each rule, always
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace omicsfs

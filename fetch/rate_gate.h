// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
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

namespace omicsfs {

class RateGate;

// The right to send one request to a server. Given back as a request that was
// broken off unless the owner says otherwise.
class RatePermit {
 public:
  RatePermit(RateGate& gate, std::string line, const RatePlace& place)
      : gate_(&gate), line_(std::move(line)), place_(place) {}
  RatePermit(RatePermit&& other) noexcept
      : gate_(std::exchange(other.gate_, nullptr)),
        line_(std::move(other.line_)),
        place_(other.place_) {}
  RatePermit& operator=(RatePermit&& other) noexcept;
  ~RatePermit() { give_back(RateEnd::kBroken, {}); }

  // The answer has begun.
  void answered(const RateAnswer& answer) {
    give_back(RateEnd::kAnswered, answer);
  }
  // The request was not sent.
  void unused() { give_back(RateEnd::kUnsent, {}); }

 private:
  void give_back(RateEnd end, const RateAnswer& answer);

  RateGate* gate_;  // null: it has been given back
  std::string line_;
  RatePlace place_;
};

struct RateGateOptions {
  // Where the files are that processes share; "" = this process counts alone.
  std::filesystem::path directory{};
  RateRules rules{};
  // Nobody waits for a server that asks for a longer pause.
  std::chrono::milliseconds longest_pause{60'000};
  RateFile::Clock clock = rate_clock;
};

// Hands out permits to ask servers: no faster than the rules say, and no faster
// than each server's own answers taught (RatePace). All processes that share
// the directory count together. A server without a rule that teaches nothing is
// asked at once and needs no file; whether another process has learned of it is
// looked up once a second. The gate's own thread reads and writes the files, so
// that callers never wait. Thread-safe.
class RateGate {
 public:
  // `granted` is called from the gate's thread when a permit has come; it must
  // not block. Permits must be gone before the gate is.
  RateGate(RateGateOptions options, std::function<void()> granted);
  ~RateGate();
  RateGate(const RateGate&) = delete;
  RateGate& operator=(const RateGate&) = delete;

  // A permit for `server`, as server_of() names it, to be used at once. Empty:
  // one will be granted, to whoever asks first then.
  [[nodiscard]] std::optional<RatePermit> take(std::string_view server);
  // Why there is no use in waiting for one: the server asks to be left alone
  // for longer than anyone waits.
  [[nodiscard]] std::optional<Error> refusal(std::string_view server) const;

 private:
  friend class RatePermit;
  struct Returned {
    RatePlace place;
    RateEnd end;
    RateAnswer answer;
    std::uint32_t served_lately = 0;
  };
  // Counts right answers.
  struct Served {
    RateTime second{0};
    std::uint32_t count = 0;
    std::uint32_t before = 0;  // in the second before
    void note(RateTime now);
    [[nodiscard]] std::uint32_t lately(RateTime now);
  };
  struct Line {
    std::size_t places = 0;        // 0: no rule limits the server
    std::optional<RateFile> file;  // the gate's thread's
    Served served{};
    bool open = false;  // no pace is known: nobody waits
    bool look = false;  // at what other processes know
    bool wanted = false;
    std::optional<RatePlace> granted{};
    RateTime granted_at{0};
    RateTime next_look{0};  // while it is wanted, or open
    RateTime paused_until{0};
    std::vector<Returned> returned{};
  };
  using Lines = std::map<std::string, Line, std::less<>>;
  // What is to be done with one line's file.
  struct Task {
    const std::string* name;
    Line* line;
    std::vector<Returned> returned;
    bool take = false;
  };
  // What came of it.
  struct Outcome {
    bool open = false;
    std::optional<RatePlace> place;
    RateTime next_try{0};
    RateTime paused_until{0};
  };

  [[nodiscard]] std::string line_of(std::string_view server) const;
  void give_back(const std::string& name, Returned returned) noexcept;
  void run();
  bool wait_for_work();
  std::vector<Task> take_tasks(bool all);
  void take_unclaimed(Line& line, bool all, RateTime now) REQUIRES_LOCK(mutex_);
  void drop_idle_lines() REQUIRES_LOCK(mutex_);
  [[nodiscard]] std::filesystem::path path_of(const std::string& name,
                                              bool has_rule) const;
  Outcome do_task(Task& task);
  bool publish(const Task& task, const Outcome& outcome);
  [[nodiscard]] RateTime next_look() const REQUIRES_LOCK(mutex_);

  const RateGateOptions options_;
  const std::function<void()> granted_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  Lines lines_ GUARDED_BY(mutex_);  // the gate's thread alone takes any out
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace omicsfs

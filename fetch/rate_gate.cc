// SPDX-License-Identifier: MIT
#include "fetch/rate_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "fetch/retry_after.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

// A permit that nobody has come for is another's: what it was for has been
// given up.
constexpr RateTime kUnclaimed = milliseconds{250};
// Other processes give places back, too, and tell nobody.
constexpr RateTime kLookAgain = milliseconds{50};
// A read does not wait for longer, unless it was set so.
constexpr RateTime kLongestWait = std::chrono::seconds{60};
constexpr milliseconds kUsualPause{1'000};

// A name that is a file's in any file system.
std::string file_name(std::string_view rule) {
  std::string name = "rate-";
  for (const char c : rule) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    name += plain ? c : '_';
  }
  return name;
}

}  // namespace

std::optional<milliseconds> pause_told_by(
    const ResponseHead& head, std::chrono::system_clock::time_point now) {
  const auto told = parse_retry_after(head.retry_after, now);
  if (head.status == 429) {
    return told.value_or(kUsualPause);
  }
  return head.status == 403 || head.status == 503 ? told : std::nullopt;
}

RatePermit& RatePermit::operator=(RatePermit&& other) noexcept {
  if (this != &other) {
    give_back(RateEnd::kBroken, std::nullopt);
    gate_ = std::exchange(other.gate_, nullptr);
    rule_ = std::move(other.rule_);
    place_ = other.place_;
  }
  return *this;
}

void RatePermit::give_back(RateEnd end, std::optional<milliseconds> pause) {
  if (RateGate* const gate = std::exchange(gate_, nullptr)) {
    gate->give_back(rule_, {place_, end, pause});
  }
}

RateGate::RateGate(const std::filesystem::path& directory, RateRules rules,
                   std::function<void()> granted)
    : rules_(std::move(rules)), granted_(std::move(granted)) {
  for (const auto& [name, per_second] : rules_.all()) {
    if (per_second > 0) {
      lines_.emplace(name,
                     Line{RateFile(directory / file_name(name),
                                   static_cast<std::size_t>(per_second))});
    }
  }
  thread_ = std::thread([this] { run(); });
}

RateGate::~RateGate() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

std::optional<RatePermit> RateGate::take(std::string_view server) {
  const auto rule = rules_.find(server);
  const MutexLock lock(mutex_);
  Line& line = lines_.at(rule->name);
  if (line.granted) {
    return RatePermit(*this, rule->name,
                      *std::exchange(line.granted, std::nullopt));
  }
  if (!line.wanted) {
    line.wanted = true;
    line.next_look = RateTime{0};
    changed_.notify_all();
  }
  return std::nullopt;
}

std::optional<Error> RateGate::refusal(std::string_view server) const {
  const auto rule = rules_.find(server);
  if (!rule) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  const RateTime left = lines_.at(rule->name).paused_until - rate_clock();
  if (left <= kLongestWait) {
    return std::nullopt;
  }
  return Error{
      ErrorCode::kUnavailable,
      fmt::format("{} asked to be left alone for {} s", rule->name,
                  std::chrono::ceil<std::chrono::seconds>(left).count())};
}

// Where there is no memory to note it the place is free again at its end.
void RateGate::give_back(const std::string& rule, Returned returned) noexcept {
  try {
    const MutexLock lock(mutex_);
    lines_.at(rule).returned.push_back(returned);
    changed_.notify_all();
  } catch (const std::bad_alloc&) {
    return;
  }
}

void RateGate::run() {
  bool ends = false;
  while (!ends) {
    ends = wait_for_work();
    try {
      bool granted = false;
      for (Task& task : take_tasks(ends)) {
        granted = publish(task, do_task(task)) || granted;
      }
      if (granted) {
        granted_();
      }
    } catch (const std::bad_alloc&) {
      // Places that were to be given back have an end; what is wanted still is.
      std::this_thread::sleep_for(kLookAgain);
    }
  }
}

// True: there will be no more of it.
bool RateGate::wait_for_work() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const RateTime next = next_look();
    const RateTime now = rate_clock();
    if (next <= now) {
      return false;
    }
    if (next == RateTime::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, next - now);
    }
  }
  return true;
}

RateTime RateGate::next_look() const {
  RateTime next = RateTime::max();
  for (const auto& [name, line] : lines_) {
    if (!line.returned.empty()) {
      return RateTime{0};
    }
    if (line.granted) {
      next = std::min(next, line.granted_at + kUnclaimed);
    } else if (line.wanted) {
      next = std::min(next, line.next_look);
    }
  }
  return next;
}

std::vector<RateGate::Task> RateGate::take_tasks(bool all) {
  std::vector<Task> tasks;
  const MutexLock lock(mutex_);
  tasks.reserve(lines_.size());
  const RateTime now = rate_clock();
  for (auto& [name, line] : lines_) {
    const bool unclaimed = all || line.granted_at + kUnclaimed <= now;
    if (line.granted && unclaimed) {
      line.returned.push_back({*line.granted, RateEnd::kUnsent, std::nullopt});
      line.granted.reset();
    }
    const bool due = line.next_look <= now || !line.returned.empty();
    const bool take = !all && line.wanted && due;
    if (take || !line.returned.empty()) {
      tasks.push_back({&line, std::exchange(line.returned, {}), take});
    }
  }
  return tasks;
}

RateGate::Outcome RateGate::do_task(Task& task) {
  Outcome outcome;
  task.line->file.update([&](RateSlots& slots, RateTime now) {
    for (const Returned& one : task.returned) {
      omicsfs::give_back(slots, one.place, one.end, now);
      if (one.pause) {
        pause_slots(slots, *one.pause, now);
      }
    }
    if (task.take) {
      outcome.place = take_place(slots, now);
    }
    outcome.next_try = next_try(slots);
    outcome.paused_until = slots.paused_until;
  });
  return outcome;
}

// Whether a permit has come.
bool RateGate::publish(const Task& task, const Outcome& outcome) {
  const MutexLock lock(mutex_);
  Line& line = *task.line;
  const RateTime now = rate_clock();
  line.paused_until = outcome.paused_until;
  line.next_look = std::min(outcome.next_try, now + kLookAgain);
  if (outcome.place) {
    line.granted = outcome.place;
    line.granted_at = now;
    line.wanted = false;
  }
  return outcome.place.has_value();
}

}  // namespace omicsfs

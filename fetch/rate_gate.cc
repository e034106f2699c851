// SPDX-License-Identifier: MIT
#include "fetch/rate_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "fetch/url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

// A permit that nobody has come for is another's: what it was for has been
// given up.
constexpr RateTime kUnclaimed = milliseconds{250};
// Other processes give places back, too, and tell nobody.
constexpr RateTime kLookAgain = milliseconds{50};
// How often is looked for what other processes have learned.
constexpr RateTime kLookForOthers = std::chrono::seconds{1};
// Servers that are remembered though there is nothing to remember of them.
constexpr std::size_t kMostIdleLines = 1'024;

bool is_refusal(const RateAnswer& answer) {
  return answer.reply == RateReply::kTooMany ||
         answer.reply == RateReply::kUnavailable || answer.pause;
}

// A name that any file system allows. A server without a rule cannot have the
// file of a rule.
std::string file_name(std::string_view line, bool has_rule) {
  std::string name = has_rule ? "rate-" : "pace-";
  for (const char c : line) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    name += plain ? c : '_';
  }
  return name;
}

}  // namespace

RatePermit& RatePermit::operator=(RatePermit&& other) noexcept {
  if (this != &other) {
    give_back(RateEnd::kBroken, {});
    gate_ = std::exchange(other.gate_, nullptr);
    line_ = std::move(other.line_);
    place_ = other.place_;
  }
  return *this;
}

void RatePermit::give_back(RateEnd end, const RateAnswer& answer) {
  if (RateGate* const gate = std::exchange(gate_, nullptr)) {
    gate->give_back(line_, {place_, end, answer});
  }
}

void RateGate::Served::note(RateTime now) {
  static_cast<void>(lately(now));
  ++count;
}

std::uint32_t RateGate::Served::lately(RateTime now) {
  const RateTime this_second = std::chrono::floor<std::chrono::seconds>(now);
  if (this_second != second) {
    before = this_second - second == std::chrono::seconds{1} ? count : 0;
    count = 0;
    second = this_second;
  }
  return std::max(count, before);
}

RateGate::RateGate(RateGateOptions options, std::function<void()> granted)
    : options_(std::move(options)), granted_(std::move(granted)) {
  for (const auto& [name, per_second] : options_.rules.all()) {
    if (per_second > 0) {
      lines_[name].places = static_cast<std::size_t>(per_second);
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

// That of its rule, or one of its own.
std::string RateGate::line_of(std::string_view server) const {
  if (auto rule = options_.rules.find(server)) {
    return std::move(rule->name);
  }
  const std::size_t scheme = server.find(kSchemeEnd);
  return std::string(scheme == std::string_view::npos
                         ? server
                         : server.substr(scheme + kSchemeEnd.size()));
}

std::optional<RatePermit> RateGate::take(std::string_view server) {
  std::string name = line_of(server);
  const MutexLock lock(mutex_);
  Line& line = lines_[name];
  if (line.granted) {
    const RatePlace place = *std::exchange(line.granted, std::nullopt);
    return RatePermit(*this, std::move(name), place);
  }
  if (line.open) {
    const RateTime now = options_.clock();
    if (!line.look && line.next_look <= now) {
      line.look = true;
      changed_.notify_all();
    }
    return RatePermit(*this, std::move(name), {kNoPlace, RateTime{0}, now});
  }
  if (!line.wanted) {
    line.wanted = true;
    line.next_look = RateTime{0};
    changed_.notify_all();
  }
  return std::nullopt;
}

std::optional<Error> RateGate::refusal(std::string_view server) const {
  const std::string name = line_of(server);
  const MutexLock lock(mutex_);
  const auto line = lines_.find(name);
  if (line == lines_.end()) {
    return std::nullopt;
  }
  const RateTime left = line->second.paused_until - options_.clock();
  if (left <= options_.longest_pause) {
    return std::nullopt;
  }
  return Error{
      ErrorCode::kUnavailable,
      fmt::format("{} asked to be left alone for {} s", name,
                  std::chrono::ceil<std::chrono::seconds>(left).count())};
}

// Where there is no memory to note it the place is free again at its end.
void RateGate::give_back(const std::string& name, Returned returned) noexcept {
  try {
    const MutexLock lock(mutex_);
    const auto found = lines_.find(name);
    if (found == lines_.end()) {
      return;  // it was open, and idle
    }
    Line& line = found->second;
    const RateTime now = options_.clock();
    returned.served_lately = line.served.lately(now);
    if (returned.answer.reply == RateReply::kServed) {
      line.served.note(now);
    }
    const bool refused = is_refusal(returned.answer);
    if (line.open && !refused) {
      return;
    }
    line.returned.push_back(returned);
    line.open = line.open && !refused;  // requests wait for what this teaches
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
    const RateTime now = options_.clock();
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
    if (!line.returned.empty() || line.look) {
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
  drop_idle_lines();
  tasks.reserve(lines_.size());
  const RateTime now = options_.clock();
  for (auto& [name, line] : lines_) {
    take_unclaimed(line, all, now);
    const bool due = line.next_look <= now || !line.returned.empty();
    const bool take = !all && line.wanted && due;
    const bool look = std::exchange(line.look, false) && !all;
    if (take || look || !line.returned.empty()) {
      tasks.push_back({&name, &line, std::exchange(line.returned, {}), take});
    }
  }
  return tasks;
}

void RateGate::take_unclaimed(Line& line, bool all, RateTime now) {
  if (line.granted && (all || line.granted_at + kUnclaimed <= now)) {
    line.returned.push_back({*line.granted, RateEnd::kUnsent, {}});
    line.granted.reset();
  }
}

// A catalog may name any number of servers.
void RateGate::drop_idle_lines() {
  if (lines_.size() > kMostIdleLines + options_.rules.all().size()) {
    std::erase_if(lines_, [](const auto& entry) {
      const Line& line = entry.second;
      return line.open && !line.look && !line.wanted && !line.granted &&
             line.returned.empty();
    });
  }
}

std::filesystem::path RateGate::path_of(const std::string& name,
                                        bool has_rule) const {
  return options_.directory.empty()
             ? std::filesystem::path()
             : options_.directory / file_name(name, has_rule);
}

RateGate::Outcome RateGate::do_task(Task& task) {
  Line& line = *task.line;
  if (!line.file) {
    line.file.emplace(path_of(*task.name, line.places > 0), line.places,
                      options_.clock);
  }
  Outcome outcome;
  const auto change = [&](RateSlots& slots, RateTime now) {
    for (const Returned& one : task.returned) {
      omicsfs::give_back(slots, one.place, one.end, now);
      if (one.answer.pause) {
        pause_slots(slots, *one.answer.pause, now);
      } else {
        learn(slots.pace,
              {one.answer.reply, one.place.taken_at, one.served_lately}, now);
      }
    }
    outcome.open = line.places == 0 && is_unpaced(slots, now);
    if (task.take) {
      outcome.place = take_place(slots, now);
    }
    outcome.next_try = next_try(slots);
    outcome.paused_until = slots.paused_until;
  };
  const bool refused =
      std::any_of(task.returned.begin(), task.returned.end(),
                  [](const Returned& one) { return is_refusal(one.answer); });
  if (line.places > 0 || refused) {
    line.file->update(change);
  } else if (!line.file->update_if_known(change)) {
    RateSlots unused = unused_slots(0);
    change(unused, options_.clock());
  }
  return outcome;
}

// Whether a permit has come.
bool RateGate::publish(const Task& task, const Outcome& outcome) {
  const MutexLock lock(mutex_);
  Line& line = *task.line;
  const RateTime now = options_.clock();
  line.open = outcome.open;
  line.paused_until = outcome.paused_until;
  line.next_look = outcome.open ? now + kLookForOthers
                                : std::min(outcome.next_try, now + kLookAgain);
  if (outcome.place) {
    line.granted = outcome.place;
    line.granted_at = now;
    line.wanted = false;
  }
  return outcome.place.has_value();
}

}  // namespace omicsfs

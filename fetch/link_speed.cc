// SPDX-License-Identifier: MIT
#include "fetch/link_speed.h"

#include <algorithm>

namespace omicsfs {
namespace {

using std::chrono::microseconds;

constexpr LinkSpeed kUnknown{microseconds(200), 200'000'000};
// Less tells more of the time to the first byte than of the rate.
constexpr std::uint64_t kLeastBody = std::uint64_t{256} * 1024;
constexpr std::int64_t kUsPerSecond = 1'000'000;
constexpr microseconds kLeastLate{30'000};

// Seven parts old to one new.
std::int64_t averaged(std::int64_t old, std::int64_t now) {
  return (old * 7 + now) / 8;
}

}  // namespace

std::uint64_t LinkSpeed::bytes_in_round_trip() const {
  return bytes_per_second * static_cast<std::uint64_t>(round_trip.count()) /
         kUsPerSecond;
}

LinkSpeeds::Known& LinkSpeeds::known(const std::string& server) {
  return servers_.try_emplace(server, Known{kUnknown, {}, {}}).first->second;
}

void LinkSpeeds::note_round_trip(const std::string& server,
                                 microseconds taken) {
  const MutexLock lock(mutex_);
  const bool is_new = !servers_.contains(server);
  LinkSpeed& speed = known(server).speed;
  if (is_new || taken < speed.round_trip) {
    speed.round_trip = taken;
  } else {
    // What is over the least is mostly a busy server: it counts little.
    speed.round_trip += (taken - speed.round_trip) / 64;
  }
}

void LinkSpeeds::note_first_byte(const std::string& server,
                                 microseconds taken) {
  const MutexLock lock(mutex_);
  known(server).first_byte.note(taken);
}

void LinkSpeeds::note_answer(const std::string& server, Time now) {
  const MutexLock lock(mutex_);
  known(server).answered_at = now;
}

bool LinkSpeeds::answered_since(const std::string& server, Time time) const {
  const MutexLock lock(mutex_);
  const auto found = servers_.find(server);
  return found != servers_.end() && found->second.answered_at >= time;
}

void LinkSpeeds::note_body(const std::string& server, std::uint64_t bytes,
                           microseconds taken) {
  if (bytes < kLeastBody || taken.count() <= 0) {
    return;
  }
  const auto rate =
      static_cast<std::int64_t>(bytes) * kUsPerSecond / taken.count();
  const MutexLock lock(mutex_);
  LinkSpeed& speed = known(server).speed;
  speed.bytes_per_second = static_cast<std::uint64_t>(
      averaged(static_cast<std::int64_t>(speed.bytes_per_second), rate));
}

std::optional<microseconds> LinkSpeeds::late_after(
    const std::string& server) const {
  const MutexLock lock(mutex_);
  const auto found = servers_.find(server);
  const auto p99 =
      found == servers_.end() ? std::nullopt : found->second.first_byte.p99();
  return p99 ? std::optional(std::max(*p99, kLeastLate)) : std::nullopt;
}

LinkSpeed LinkSpeeds::of(const std::string& server) const {
  const MutexLock lock(mutex_);
  const auto found = servers_.find(server);
  return found == servers_.end() ? kUnknown : found->second.speed;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/file_space.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fetch/cache_space.h"

namespace omicsfs {
namespace {

// What a file takes besides its blocks: the map's header, and the directory
// that may have to be made for it.
constexpr std::uint64_t kFirstBytes = std::uint64_t{16} * 1024;

// Beyond so many extents a file's parts are used too differently for its being
// opened again to say anything about all of it.
constexpr std::uint64_t kUsedAsOne = 64;

void enter_victim(SpaceSurvey& survey, const Victim& victim,
                  const ExtentState& state, FileSpace::Asker asker) {
  if (state.heat == Heat::kHot) {
    survey.hot.add(victim);
    return;
  }
  const std::uint64_t age = survey.now - std::min(survey.now, state.last_use);
  const ColdUse use{age, state.read, asker == FileSpace::Asker::kThisFile};
  switch (cold_kind(use, survey.priority)) {
    case ColdKind::kCold:
      survey.cold.add(victim);
      break;
    case ColdKind::kAhead:
      survey.ahead.add(victim);
      break;
    case ColdKind::kStays:
      break;
  }
}

}  // namespace

FileSpace::FileSpace(CachedFile& file, CacheSpace* space)
    : file_(file),
      space_(space),
      use_(file.blocks(), space == nullptr ? 0 : space->limits().one_use_us) {}

void FileSpace::attach() {
  if (space_ != nullptr && file_.present_bytes() != 0) {
    if (const auto use = space_->index().use_at_once(key())) {
      earlier_ = *use;
      use_.begin(earlier_);
    }
  }
  attached_.store(true, std::memory_order_release);
}

void FileSpace::note_used() {
  if (space_ == nullptr) {
    return;
  }
  const std::uint64_t now = space_->now();
  std::uint64_t never = 0;
  opened_at_.compare_exchange_strong(never, now);
  last_use_.store(now, std::memory_order_relaxed);
}

void FileSpace::touch(BlockRun run, Touch touch) {
  if (space_ == nullptr) {
    return;
  }
  const std::uint64_t now = space_->now();
  use_.touch(run, touch, now);
  if (now > last_use_.load(std::memory_order_relaxed) + kSoonAfter) {
    last_use_.store(now, std::memory_order_relaxed);
  }
}

Result<Room> FileSpace::reserve(BlockRun run, Priority priority) {
  if (space_ == nullptr || file_.is_borrowed() || !charge_->enter(run)) {
    return Error{ErrorCode::kNoSpace, "no room for now: " + key()};
  }
  Room room(charge_, run);
  const std::uint64_t first = file_.disk_bytes() == 0 ? kFirstBytes : 0;
  const std::uint64_t bytes = first + bytes_to_store(run);
  if (charge_->take(bytes)) {
    room.hold(bytes);
    return room;
  }
  const std::uint64_t size = file_.remote().size;
  const ChargedFile file{key(), size, space_->now()};
  // A small file asks for all it will take, a large one step by step.
  const std::uint64_t whole = kFirstBytes + bytes_to_store({0, file_.blocks()});
  const std::uint64_t step =
      std::min(grant_step(space_->limits().limit), whole);
  GrantChange change{charge_->give_up_written(), 0};
  const GivenUp written(*charge_, change.returned);
  for (const std::uint64_t ask : {std::max(step, bytes), bytes}) {
    change.asked = ask;
    auto reserved = space_->reserve(file, change, priority);
    if (reserved) {
      charge_->add(ask, bytes);
      room.hold(bytes);
      return room;
    }
    if (reserved.error().code != ErrorCode::kNoSpace || ask == bytes) {
      return reserved.error();
    }
  }
  return room;
}

std::optional<Room> FileSpace::reserve_held(BlockRun run) {
  if (space_ == nullptr || !charge_->enter_at_once(run)) {
    return std::nullopt;
  }
  Room room(charge_, run);
  const std::uint64_t bytes = bytes_to_store(run);
  if (!charge_->take(bytes)) {
    return std::nullopt;
  }
  room.hold(bytes);
  return room;
}

std::uint64_t FileSpace::present_bytes(ExtentIndex extent) const {
  const BlockRun run = blocks_of_extent(extent, file_.blocks());
  std::uint64_t present = 0;
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    present += file_.present(block) ? 1 : 0;
  }
  return present * kBlockBytes;
}

void FileSpace::survey(SpaceSurvey& survey, std::size_t file,
                       Asker asker) const {
  const std::vector<BlockRun> entered = charge_->entered();
  for (const BlockRun& run : entered) {
    survey.busy_bytes += run.count * kBlockBytes;
  }
  // Of one that is just being opened it is not yet known what may go.
  const bool is_known = attached_.load(std::memory_order_acquire);
  if (!is_known || file_.is_borrowed() || file_.present_bytes() == 0) {
    return;
  }
  const auto is_entered = [&entered](const BlockRun& extent) {
    return std::any_of(
        entered.begin(), entered.end(), [&](const BlockRun& run) {
          return run.first < extent.end() && extent.first < run.end();
        });
  };
  for (ExtentIndex extent = 0; extent < extent_count(file_.blocks());
       ++extent) {
    const std::uint64_t bytes = present_bytes(extent);
    if (bytes == 0) {
      continue;
    }
    const ExtentState state = use_.at(extent);
    const bool is_hot = state.heat == Heat::kHot;
    survey.hot_bytes += is_hot ? bytes : 0;
    survey.counted_hot_bytes += earlier_.hot ? bytes : 0;
    if (is_entered(blocks_of_extent(extent, file_.blocks()))) {
      continue;
    }
    enter_victim(survey, {file, extent, bytes, state.last_use}, state, asker);
  }
}

std::uint64_t FileSpace::punch(std::span<const ExtentIndex> extents) {
  const auto free = charge_->begin_punch(extents);
  if (free.empty()) {
    return 0;  // they have become busy since they were chosen
  }
  std::vector<BlockRun> runs;
  runs.reserve(free.size());
  for (const ExtentIndex extent : free) {
    runs.push_back(blocks_of_extent(extent, file_.blocks()));
  }
  std::uint64_t freed = 0;
  {
    const PunchEnd end(*charge_);
    static_cast<void>(space_->index().clear_verified(key()));
    freed = file_.punch(runs);
    for (const ExtentIndex extent : free) {
      if (present_bytes(extent) == 0) {
        use_.forget(extent);
      }
    }
  }
  settle();
  return freed;
}

std::optional<std::uint64_t> FileSpace::take_last_use() {
  const std::uint64_t last = last_use_.load(std::memory_order_relaxed);
  if (last == noted_use_) {
    return std::nullopt;
  }
  noted_use_ = last;
  return last;
}

bool FileSpace::is_hot() const {
  const std::uint64_t opened = opened_at_.load(std::memory_order_relaxed);
  const bool again = earlier_.last_use != 0 &&
                     opened >= earlier_.last_use + space_->limits().one_use_us;
  const std::uint64_t extents = extent_count(file_.blocks());
  if (again && extents <= kUsedAsOne) {
    return true;
  }
  std::uint64_t hot = 0;
  std::uint64_t present = 0;
  for (ExtentIndex extent = 0; extent < extents; ++extent) {
    if (present_bytes(extent) > 0) {
      ++present;
      hot += use_.at(extent).heat == Heat::kHot ? 1 : 0;
    }
  }
  return hot > present / 2;
}

// Settles what the file is charged, too. What the index cannot take stays
// granted, here as there, until the next time.
void FileSpace::settle() {
  GrantChange change{charge_->give_up_idle(), 0};
  const GivenUp idle(*charge_, change.returned);
  const auto settled = space_->index().charge(
      {key(), file_.remote().size, space_->now()}, change, space_->limits());
  if (settled) {
    change.returned = 0;
  }
}

void FileSpace::return_idle() {
  if (charge_->has_idle()) {
    settle();
  }
}

void FileSpace::close() {
  if (const auto settle = close_later()) {
    settle();
  }
}

std::function<void()> FileSpace::close_later() {
  if (space_ == nullptr) {
    return {};
  }
  const std::uint64_t idle = charge_->give_up_idle();
  const std::uint64_t last_use = last_use_.load(std::memory_order_relaxed);
  const bool is_used = last_use != 0 && file_.present_bytes() > 0;
  if (idle == 0 && !is_used) {
    return {};
  }
  return [space = space_, idle, is_used,
          file = ChargedFile{key(), file_.remote().size, space_->now()},
          use = FileUse{last_use, is_used && is_hot()}] {
    if (idle > 0) {
      // What cannot be written is corrected by the next charge.
      static_cast<void>(
          space->index().charge(file, {idle, 0}, space->limits()));
    }
    if (is_used) {
      static_cast<void>(space->index().note_uses({{file.key, use}}));
    }
  };
}

}  // namespace omicsfs

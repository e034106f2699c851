// SPDX-License-Identifier: MIT
#include "fetch/kept_open.h"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

// For connections, catalogs and the kernel's side.
constexpr std::uint64_t kForOthers = 300;
constexpr std::uint64_t kLeastKept = 8;
constexpr std::uint64_t kMostKept = 4096;

std::filesystem::path marks_path(const std::filesystem::path& dir) {
  return dir / "v1" / "idle.lock";
}

UniqueFd open_marks(const std::filesystem::path& dir) {
  const auto path = marks_path(dir);
  std::error_code ignored;  // what cannot be made cannot be opened either
  std::filesystem::create_directories(path.parent_path(), ignored);
  return UniqueFd(::open(path.c_str(),
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                         file_mode_in(path.parent_path())));
}

// FNV-1a, in the 62 bits that a place in a file may have: two keys at one place
// would only keep each other's files.
off_t place_of(const std::string& key) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : key) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return static_cast<off_t>(hash >> 2);
}

struct flock one_byte(short type, off_t place) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = place;
  lock.l_len = 1;
  return lock;
}

}  // namespace

std::size_t most_kept_open(std::uint64_t descriptors) {
  const std::uint64_t others = std::min(descriptors / 2, kForOthers);
  return std::clamp((descriptors - others) / 2, kLeastKept, kMostKept);
}

bool MarkedPlaces::set(off_t place) {
  const MutexLock lock(mutex_);
  std::size_t& setters = setters_[place];
  struct flock mark = one_byte(F_RDLCK, place);
  if (setters == 0 && ::fcntl(marks_.get(), F_OFD_SETLK, &mark) != 0) {
    setters_.erase(place);
    return false;
  }
  ++setters;
  return true;
}

void MarkedPlaces::clear(off_t place) {
  const MutexLock lock(mutex_);
  const auto found = setters_.find(place);
  if (found == setters_.end() || --found->second > 0) {
    return;
  }
  setters_.erase(found);
  struct flock mark = one_byte(F_UNLCK, place);
  ::fcntl(marks_.get(), F_OFD_SETLK, &mark);
}

IdleMark::IdleMark(std::shared_ptr<MarkedPlaces> places, const std::string& key)
    : places_(std::move(places)), place_(place_of(key)) {}

void IdleMark::set() {
  const MutexLock lock(mutex_);
  is_set_ = is_set_ || places_->set(place_);
}

void IdleMark::clear() {
  const MutexLock lock(mutex_);
  if (std::exchange(is_set_, false)) {
    places_->clear(place_);
  }
}

bool is_marked_idle(const std::filesystem::path& dir, const std::string& key) {
  const UniqueFd marks(
      ::open(marks_path(dir).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct flock lock = one_byte(F_WRLCK, place_of(key));
  return marks.valid() && ::fcntl(marks.get(), F_OFD_GETLK, &lock) == 0 &&
         lock.l_type != F_UNLCK;
}

OpenBacking::~OpenBacking() {
  if (mark != nullptr) {
    mark->set();  // before the flock goes with the descriptors
  }
}

KeptOpen::KeptOpen(const std::filesystem::path& dir, std::size_t most)
    : most_(std::max<std::size_t>(most, 1)),
      marks_(std::make_shared<MarkedPlaces>(open_marks(dir))) {}

KeptOpen::~KeptOpen() { close_all(); }

std::shared_ptr<IdleMark> KeptOpen::mark_of(const std::string& key) {
  return std::make_shared<IdleMark>(marks_, key);
}

// The clock algorithm: one that was used since the hand last came by is passed
// over once.
void KeptOpen::keep(const std::shared_ptr<OpenBacking>& backing) {
  Backings closing;  // ends after the lock
  const MutexLock lock(mutex_);
  places_[backing.get()] = kept_.insert(kept_.end(), backing);
  std::size_t passes = kept_.size();  // readers may use them all the while
  while (kept_.size() > most_) {
    const auto oldest = kept_.begin();
    if ((*oldest)->was_used.exchange(false, std::memory_order_relaxed) &&
        passes > 0) {
      --passes;
      kept_.splice(kept_.end(), kept_, oldest);
      continue;
    }
    places_.erase(oldest->get());
    closing.splice(closing.end(), kept_, oldest);
  }
}

void KeptOpen::drop(const OpenBacking* backing) {
  Backings closing;
  const MutexLock lock(mutex_);
  const auto found = places_.find(backing);
  if (found != places_.end()) {
    closing.splice(closing.end(), kept_, found->second);
    places_.erase(found);
  }
}

void KeptOpen::close_all() {
  Backings closing;
  const MutexLock lock(mutex_);
  places_.clear();
  closing.swap(kept_);
}

}  // namespace omicsfs

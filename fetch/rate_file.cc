// SPDX-License-Identifier: MIT
#include "fetch/rate_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/local_io.h"
#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kRateMagic = 0x32657461'72736d6f;  // "omsrate2"
// Who holds the lock writes some hundred bytes. Where it is held for longer its
// holder was stopped; to go on without it may at worst send a request too many.
constexpr int kLockTries = 500;
constexpr std::chrono::milliseconds kLockPause{1};

// What a file holds: this, then free_at of each place, all in the order of this
// machine's bytes.
struct Header {
  std::uint64_t magic = kRateMagic;
  std::uint64_t boot = 0;  // times of another start of the machine mean nothing
  std::int64_t next_start = 0;
  std::int64_t paused_until = 0;
  std::int64_t interval = 0;  // these four: the pace
  std::int64_t paced_start = 0;
  std::int64_t slowed_at = 0;
  std::int64_t served_at = 0;
  std::uint32_t places = 0;
  std::uint32_t crc = 0;  // of all, with 0 in this place
};
static_assert(sizeof(Header) == 72);

using Bytes = std::vector<std::byte>;

std::uint64_t number_of_boot() {
  const UniqueFd fd(
      ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<std::byte, 64> text{};
  const std::size_t got = fd.valid() ? read_up_to(fd.get(), 0, text) : 0;
  std::uint64_t number = crc32c(std::span(text).first(got));
  number = number << 32U | crc32c(std::span(text).first(got / 2));
  return number;
}

Bytes bytes_of(const RateSlots& slots, std::uint64_t boot) {
  const auto times = std::as_bytes(std::span(slots.free_at));
  Header header;
  header.boot = boot;
  header.next_start = slots.next_start.count();
  header.paused_until = slots.paused_until.count();
  header.interval = slots.pace.interval.count();
  header.paced_start = slots.pace.next_start.count();
  header.slowed_at = slots.pace.slowed_at.count();
  header.served_at = slots.pace.served_at.count();
  header.places = static_cast<std::uint32_t>(slots.free_at.size());
  Bytes bytes(sizeof(Header) + times.size());
  std::memcpy(bytes.data(), &header, sizeof(Header));
  std::copy(times.begin(), times.end(), bytes.begin() + sizeof(Header));
  header.crc = crc32c(bytes);
  std::memcpy(bytes.data(), &header, sizeof(Header));
  return bytes;
}

// None: it holds no slots, or its bytes are not all right.
std::optional<RateSlots> slots_of(Bytes bytes, std::uint64_t boot) {
  Header header;
  if (bytes.size() < sizeof(Header)) {
    return std::nullopt;
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  const std::size_t size =
      sizeof(Header) + std::size_t{header.places} * sizeof(RateTime);
  const std::uint32_t crc = std::exchange(header.crc, 0);
  std::memcpy(bytes.data(), &header, sizeof(Header));
  if (header.magic != kRateMagic || size != bytes.size() ||
      crc32c(bytes) != crc) {
    return std::nullopt;
  }
  if (header.boot != boot) {
    return unused_slots(header.places);
  }
  RateSlots slots;
  slots.free_at.resize(header.places);
  std::copy(bytes.begin() + sizeof(Header), bytes.end(),
            std::as_writable_bytes(std::span(slots.free_at)).begin());
  slots.next_start = RateTime{header.next_start};
  slots.paused_until = RateTime{header.paused_until};
  slots.pace = {RateTime{header.interval}, RateTime{header.paced_start},
                RateTime{header.slowed_at}, RateTime{header.served_at}};
  return slots;
}

// All of the file; one that is longer than it may be is cut, and so damaged.
Bytes read_whole(int fd) {
  Bytes bytes(sizeof(Header) + (kMostPlaces + 1) * sizeof(RateTime));
  bytes.resize(read_up_to(fd, 0, bytes));
  return bytes;
}

// The later of each time. What could not be written is in one of them alone.
RateSlots later_of(const RateSlots& one, const RateSlots& other) {
  RateSlots later = one;
  later.next_start = std::max(one.next_start, other.next_start);
  later.paused_until = std::max(one.paused_until, other.paused_until);
  if (other.pace.slowed_at > one.pace.slowed_at) {
    later.pace = other.pace;
  }
  const std::size_t both = std::min(one.free_at.size(), other.free_at.size());
  for (std::size_t i = 0; i < both; ++i) {
    later.free_at[i] = std::max(one.free_at[i], other.free_at[i]);
  }
  return later;
}

void lock_for_a_while(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  for (int i = 0; i < kLockTries; ++i) {
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0 ||
        (errno != EAGAIN && errno != EACCES)) {
      return;
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

// Open and locked; not valid where it cannot be. O_NONBLOCK: it may be no file.
UniqueFd open_locked(const std::filesystem::path& path, int create = O_CREAT) {
  constexpr int kTries = 3;  // each time, another may have removed it
  for (int i = 0; i < kTries; ++i) {
    UniqueFd fd(::open(path.c_str(),
                       O_RDWR | create | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                       file_mode_in(path.parent_path())));
    struct stat facts {};
    if (!fd.valid() || ::fstat(fd.get(), &facts) != 0 ||
        !S_ISREG(facts.st_mode)) {
      return UniqueFd();
    }
    lock_for_a_while(fd.get());
    if (::fstat(fd.get(), &facts) == 0 && facts.st_nlink > 0) {
      return fd;
    }
  }
  return UniqueFd();
}

bool write_whole(int fd, const Bytes& bytes) {
  return write_all(fd, 0, bytes).has_value() &&
         ::ftruncate(fd, static_cast<off_t>(bytes.size())) == 0;
}

}  // namespace

RateTime rate_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds{time.tv_sec} +
         std::chrono::nanoseconds{time.tv_nsec};
}

RateFile::RateFile(std::filesystem::path path, std::size_t places, Clock clock)
    : path_(std::move(path)),
      places_(places),
      clock_(std::move(clock)),
      boot_(number_of_boot()),
      own_(unused_slots(places)) {}

void RateFile::update(const Change& change) {
  UniqueFd fd = open_locked(path_);
  if (!fd.valid() && path_.has_parent_path()) {
    std::error_code ignored;  // what cannot be made cannot be opened
    std::filesystem::create_directories(path_.parent_path(), ignored);
    fd = open_locked(path_);
  }
  change_slots(std::move(fd), change);
}

bool RateFile::update_if_known(const Change& change) {
  UniqueFd fd = open_locked(path_, 0);
  if (!fd.valid() && (shared_ || is_unpaced(own_, clock_()))) {
    own_ = unused_slots(places_);
    return false;
  }
  change_slots(std::move(fd), change);
  return true;
}

void RateFile::change_slots(UniqueFd fd, const Change& change) {
  if (fd.valid()) {
    own_ = read(fd.get());
  }
  const RateTime now = clock_();
  own_ = mended_slots(std::move(own_), places_, now);
  change(own_, now);
  const bool is_needless = places_ == 0 && is_unpaced(own_, now);
  if (fd.valid() && is_needless && ::unlink(path_.c_str()) == 0) {
    shared_ = true;
    return;
  }
  shared_ = fd.valid() && write_whole(fd.get(), bytes_of(own_, boot_));
}

// A file that is new knows no more than we do; one that is damaged may have
// known more.
RateSlots RateFile::read(int fd) const {
  const Bytes bytes = read_whole(fd);
  if (bytes.empty()) {
    return own_;
  }
  auto slots = slots_of(bytes, boot_);
  if (!slots) {
    return later_of(unknown_slots(places_, clock_()), own_);
  }
  return shared_ ? *slots : later_of(*slots, own_);
}

}  // namespace omicsfs

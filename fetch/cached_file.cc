// SPDX-License-Identifier: MIT
#include "fetch/cached_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/file_stamp.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

// Two hex digits of the key's hash part spread the files over 256 directories.
std::string shard_of(const std::string& key) {
  const std::size_t dash = key.find('-');
  return dash == std::string::npos ? "00" : key.substr(dash + 1, 2);
}

UniqueFd open_file(const std::filesystem::path& path, int flags) {
  return UniqueFd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
}

std::uint64_t blocks_on_disk(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(facts.st_blocks) * 512;
}

// Whether `fd` is still the file at `path`: it may have been evicted, and made
// anew, between our open and our lock.
bool is_file_at(int fd, const std::filesystem::path& path) {
  struct stat mine {};
  struct stat there {};
  return ::fstat(fd, &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
         mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

// A power cut leaves a hole where a first write was on its way to the disk.
bool has_hole(int fd, std::uint64_t size) {
  return ::lseek(fd, 0, SEEK_HOLE) != static_cast<off_t>(size);
}

bool punch_hole(int fd, ByteRange range) {
  return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(range.offset),
                     static_cast<off_t>(range.length)) == 0;
}

// Whether nothing at all is stored there: that is no rot.
bool is_hole(int fd, std::uint64_t offset, std::uint64_t length) {
  const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  return data < 0 ? errno == ENXIO
                  : static_cast<std::uint64_t>(data) >= offset + length;
}

// Tries it beyond the file's end, where it changes nothing.
bool can_punch(int fd, std::uint64_t file_size) {
  return punch_hole(fd, {block_count(file_size) * kBlockBytes, kBlockBytes});
}

Result<void> make_parent(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return system_error(
        "cannot make the cache directory " + path.parent_path().string(),
        error.value());
  }
  return {};
}

}  // namespace

CachePaths cache_paths(const std::filesystem::path& dir,
                       const std::string& key) {
  const auto base = dir / "v1" / "files" / shard_of(key) / key;
  return {base.string() + ".data", base.string() + ".map",
          base.string() + ".points"};
}

CachedFile::CachedFile(RemoteFile remote, const std::filesystem::path& dir,
                       Counters& counters)
    : remote_(std::move(remote)),
      key_(content_key(remote_)),
      paths_(cache_paths(dir, key_)),
      counters_(counters),
      pin_(std::make_shared<VersionPin>()),
      map_(block_count(remote_.size)) {}

void CachedFile::attach() {
  auto backing = open_backing(Missing::kLeave);
  if (!backing) {
    return;  // nothing usable there; create() says so when it matters
  }
  map_.load((*backing)->map.get());
  sample_what_is_here();
  rewritten_.store(true, std::memory_order_relaxed);
  publish(*std::move(backing));
}

Result<void> CachedFile::create() {
  if (backing_.load(std::memory_order_acquire) != nullptr) {
    return {};
  }
  auto backing = open_backing(Missing::kCreate);
  if (!backing) {
    return backing.error();
  }
  publish(*std::move(backing));
  return {};
}

Result<std::unique_ptr<CachedFile::Backing>> CachedFile::open_backing(
    Missing missing) {
  constexpr int kTries = 7;
  Error last{ErrorCode::kIo, paths_.map.string() + ": is being evicted"};
  for (int i = 0; i < kTries; ++i) {
    auto backing = open_locked(missing);
    if (!backing) {
      return backing.error();
    }
    if (*backing == nullptr) {
      // Removing a file takes moments; in all this waits an eighth of a second.
      std::this_thread::sleep_for(std::chrono::milliseconds(1U << i));
      continue;
    }
    auto adopted = adopt_header(**backing);
    if (adopted) {
      return backing;
    }
    last = adopted.error();
    if (last.code != ErrorCode::kInvalid) {
      break;
    }
    // Of another version, or damaged: worth nothing.
    remove();
    if (missing == Missing::kLeave) {
      break;
    }
  }
  return last;
}

// Opens both files and takes the shared lock; null where an evictor was faster.
Result<std::unique_ptr<CachedFile::Backing>> CachedFile::open_locked(
    Missing missing) const {
  const int create = missing == Missing::kCreate ? O_CREAT : 0;
  if (missing == Missing::kCreate) {
    if (auto made = make_parent(paths_.map); !made) {
      return made.error();
    }
  }
  auto backing = std::make_unique<Backing>();
  backing->map = open_file(paths_.map, O_RDWR | create);
  if (!backing->map.valid()) {
    return system_error("cannot open " + paths_.map.string(), errno);
  }
  if (::flock(backing->map.get(), LOCK_SH | LOCK_NB) != 0 ||
      !is_file_at(backing->map.get(), paths_.map)) {
    return std::unique_ptr<Backing>();
  }
  backing->data = open_file(paths_.data, O_RDWR | create);
  if (!backing->data.valid()) {
    return system_error("cannot open " + paths_.data.string(), errno);
  }
  // Runs are read whole, as they are asked for: each is then one request to the
  // disk, where the kernel's guess would be many small ones.
  ::posix_fadvise(backing->data.get(), 0, 0, POSIX_FADV_RANDOM);
  return backing;
}

void CachedFile::publish(std::unique_ptr<Backing> backing) {
  const MutexLock lock(publish_mutex_);
  if (owned_ == nullptr) {
    owned_ = std::move(backing);
    backing_.store(owned_.get(), std::memory_order_release);
  }
}

std::uint64_t CachedFile::present_bytes() const {
  const std::uint64_t count = map_.count();
  if (count == 0) {
    return 0;
  }
  const bool has_last = map_.present(blocks() - 1);
  const std::uint64_t last = bytes_of({blocks() - 1, 1}, remote_.size).length;
  return has_last ? (count - 1) * kBlockBytes + last : count * kBlockBytes;
}

BlockIndex CachedFile::load(BlockRun run, std::span<std::byte> out) {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  if (backing == nullptr) {
    return run.first;
  }
  const std::uint64_t start = run.first * kBlockBytes;
  const std::size_t got = read_up_to(backing->data.get(), start, out);
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    const ByteRange bytes = bytes_of({block, 1}, remote_.size);
    const auto piece = out.subspan(bytes.offset - start, bytes.length);
    const auto crc = map_.crc(block);
    const bool right =
        crc && bytes.end() - start <= got && crc32c(piece) == *crc;
    if (!right && !(crc && load_again(*backing, block, piece))) {
      return block;
    }
  }
  return run.end();
}

// A block that failed its CRC may have been punched, by us or by another
// process, and even stored anew between our look at its cell and the read: that
// is no damage.
bool CachedFile::load_again(const Backing& backing, BlockIndex block,
                            std::span<std::byte> out) {
  const auto crc = map_.crc(block);
  if (!crc || !map_.confirm(backing.map.get(), block, *crc)) {
    return false;
  }
  const std::size_t got =
      read_up_to(backing.data.get(), block * kBlockBytes, out);
  if (got == out.size() && crc32c(out) == *crc) {
    return true;
  }
  if (!map_.confirm(backing.map.get(), block, *crc)) {
    return false;
  }
  // Another process may punch between our write of a block and of its cell.
  if (!is_hole(backing.data.get(), block * kBlockBytes, out.size())) {
    counters_.blocks_damaged.fetch_add(1, std::memory_order_relaxed);
  }
  rewritten_.store(true, std::memory_order_relaxed);
  map_.clear(backing.map.get(), block);
  return false;
}

Result<void> CachedFile::store(
    BlockRun run, std::span<const std::span<const std::byte>> blocks) {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  if (backing == nullptr) {
    return Error{ErrorCode::kIo, "no cache file"};
  }
  if (auto saved = save_pins(*backing); !saved) {
    return saved;
  }
  std::vector<std::uint32_t> crcs;
  crcs.reserve(blocks.size());
  for (const auto block : blocks) {
    crcs.push_back(crc32c(block));
  }
  auto written =
      write_all(backing->data.get(), run.first * kBlockBytes, blocks);
  if (!written) {
    return written;
  }
  return map_.set(backing->map.get(), run.first, crcs);
}

std::uint64_t CachedFile::stamp() const {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  return backing == nullptr ? 0 : stamp_of(backing->data.get());
}

bool CachedFile::settle() {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  return backing == nullptr || !rewritten_.exchange(false) ||
         ::fdatasync(backing->data.get()) == 0;
}

UniqueFd CachedFile::open_whole(std::uint64_t stamp) const {
  UniqueFd file = open_file(paths_.data, O_RDONLY);
  const bool whole = stamp != 0 && file.valid() &&
                     ::flock(file.get(), LOCK_SH | LOCK_NB) == 0 &&
                     stamp_of(file.get()) == stamp &&
                     !has_hole(file.get(), remote_.size);
  return whole ? std::move(file) : UniqueFd();
}

std::uint64_t CachedFile::punch(std::span<const BlockRun> runs) {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  if (backing == nullptr ||
      ::flock(backing->data.get(), LOCK_EX | LOCK_NB) != 0) {
    return 0;
  }
  const std::uint64_t before = blocks_on_disk(backing->data.get());
  std::uint64_t present = 0;
  if (can_punch(backing->data.get(), remote_.size)) {
    for (const BlockRun& run : runs) {
      present += punch_run(*backing, run);
    }
  }
  const std::uint64_t after = blocks_on_disk(backing->data.get());
  ::flock(backing->data.get(), LOCK_UN);
  // Another process may have punched them before us, or store others now.
  return std::min(present, before - std::min(before, after));
}

// Cells before data: whoever sees a cell finds its data or, for a moment,
// fails its CRC.
std::uint64_t CachedFile::punch_run(const Backing& backing, BlockRun run) {
  const auto cleared = map_.clear(backing.map.get(), run);
  if (!cleared || *cleared == 0) {
    return 0;
  }
  const bool punched = punch_hole(
      backing.data.get(), {run.first * kBlockBytes, run.count * kBlockBytes});
  return punched ? *cleared * kBlockBytes : 0;
}

std::uint64_t CachedFile::disk_bytes() const {
  const Backing* backing = backing_.load(std::memory_order_acquire);
  if (backing == nullptr) {
    return 0;
  }
  return blocks_on_disk(backing->data.get()) +
         blocks_on_disk(backing->map.get());
}

void CachedFile::remove() const {
  std::error_code ignored;  // what is gone already is as good
  std::filesystem::remove(paths_.map, ignored);
  std::filesystem::remove(paths_.data, ignored);
  std::filesystem::remove(paths_.points, ignored);
}

bool remove_cached(const std::filesystem::path& dir, const std::string& key) {
  const CachePaths paths = cache_paths(dir, key);
  const UniqueFd map = open_file(paths.map, O_RDWR);
  if (!map.valid() && errno != ENOENT) {
    return false;
  }
  if (map.valid() && ::flock(map.get(), LOCK_EX | LOCK_NB) != 0) {
    return false;
  }
  std::error_code error;
  std::filesystem::remove(paths.data, error);
  std::filesystem::remove(paths.points, error);
  std::filesystem::remove(paths.map, error);
  return !error;
}

}  // namespace omicsfs

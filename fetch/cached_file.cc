// SPDX-License-Identifier: MIT
#include "fetch/cached_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/file_stamp.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

UniqueFd open_to_read(const std::filesystem::path& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

std::uint64_t blocks_on_disk(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(facts.st_blocks) * 512;
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

}  // namespace

CachedFile::CachedFile(RemoteFile remote, const std::filesystem::path& dir,
                       Counters& counters, KeptOpen* kept)
    : remote_(std::move(remote)),
      dir_(dir),
      key_(content_key(remote_)),
      paths_(cache_paths(dir, key_)),
      counters_(counters),
      pin_(std::make_shared<VersionPin>()),
      map_(block_count(remote_.size)),
      kept_(kept),
      mark_(kept == nullptr ? nullptr : kept->mark_of(key_)) {}

CachedFile::~CachedFile() {
  std::shared_ptr<Backing> backing;
  {
    const MutexLock lock(backing_mutex_);
    backing = backing_.lock();
  }
  if (kept_ != nullptr && backing != nullptr) {
    kept_->drop(backing.get());
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
  const auto open = backing();
  if (open == nullptr) {
    forget(run);
    return run.first;
  }
  const std::uint64_t start = run.first * kBlockBytes;
  const std::size_t got = read_up_to(open->data.get(), start, out);
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    const ByteRange bytes = bytes_of({block, 1}, remote_.size);
    const auto piece = out.subspan(bytes.offset - start, bytes.length);
    const auto crc = map_.crc(block);
    const bool right =
        crc && bytes.end() - start <= got && crc32c(piece) == *crc;
    if (!right && !(crc && load_again(*open, block, piece))) {
      return block;
    }
  }
  return !is_borrowed() || are_sealed(*open, run) ? run.end() : run.first;
}

// Of a borrowed file: whether the blocks that were read were sealed until after
// that. A checksum alone would not tell what its servers may have put there.
bool CachedFile::are_sealed(const Backing& backing, BlockRun run) {
  bool all = true;
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    const auto crc = map_.crc(block);
    all = crc && map_.confirm(backing.map.get(), block, *crc) && all;
  }
  return all;
}

// Whoever reads the blocks must not find them here again and again.
void CachedFile::forget(BlockRun run) {
  for (BlockIndex block = run.first; block < run.end(); ++block) {
    map_.forget(block);
  }
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

bool CachedFile::may_be(BlockIndex block,
                        std::span<const std::byte> bytes) const {
  const auto sealed = map_.sealed_crc(block);
  return !sealed || crc32c(bytes) == *sealed;
}

Result<void> CachedFile::seal(std::span<const std::uint32_t> crcs) {
  const auto open = backing();
  if (open == nullptr) {
    return Error{ErrorCode::kIo, "no cache file"};
  }
  if (auto sealed = map_.seal(open->map.get(), crcs); !sealed) {
    return sealed;
  }
  if (const std::string verified = verified_key(remote_); !verified.empty()) {
    share_verified(dir_, disk_key(), verified);
  }
  return {};
}

// Of a run that was fetched in one request some blocks may be here already:
// what is sealed may be somebody else's source, and is not written again.
Result<void> CachedFile::store(
    BlockRun run, std::span<const std::span<const std::byte>> blocks) {
  const auto open = backing();
  if (open == nullptr || is_borrowed()) {
    return Error{ErrorCode::kIo, "no cache file"};
  }
  if (auto saved = save_pins(*open); !saved) {
    return saved;
  }
  // Another process may have sealed them.
  map_.refresh(open->map.get(), run);
  const auto stays = [this](BlockIndex block) {
    return map_.present(block) && map_.sealed_crc(block).has_value();
  };
  for (BlockIndex first = run.first; first < run.end();) {
    BlockIndex end = first;
    while (end < run.end() && !stays(end)) {
      ++end;
    }
    if (end > first) {
      auto stored = store_run(*open, {first, end - first},
                              blocks.subspan(first - run.first, end - first));
      if (!stored) {
        return stored;
      }
    }
    first = end + 1;
  }
  return {};
}

Result<void> CachedFile::store_run(
    const Backing& backing, BlockRun run,
    std::span<const std::span<const std::byte>> blocks) {
  std::vector<std::uint32_t> crcs;
  crcs.reserve(blocks.size());
  for (const auto block : blocks) {
    crcs.push_back(crc32c(block));
    const auto sealed = map_.sealed_crc(run.first + crcs.size() - 1);
    if (sealed && *sealed != crcs.back()) {
      return Error{ErrorCode::kCorrupt,
                   "a block is not what it was when its file was verified"};
    }
  }
  auto written = write_all(backing.data.get(), run.first * kBlockBytes, blocks);
  if (!written) {
    return written;
  }
  return map_.set(backing.map.get(), run.first, crcs);
}

std::uint64_t CachedFile::stamp() const {
  const auto open = backing();
  return open == nullptr ? 0 : stamp_of(open->data.get());
}

bool CachedFile::settle() {
  const auto open = backing();
  return open == nullptr || !rewritten_.exchange(false) ||
         ::fdatasync(open->data.get()) == 0;
}

UniqueFd CachedFile::open_whole(std::uint64_t stamp) const {
  UniqueFd file = open_to_read(paths_.data);
  const bool whole = stamp != 0 && file.valid() &&
                     ::flock(file.get(), LOCK_SH | LOCK_NB) == 0 &&
                     stamp_of(file.get()) == stamp &&
                     !has_hole(file.get(), remote_.size);
  return whole ? std::move(file) : UniqueFd();
}

std::uint64_t CachedFile::punch(std::span<const BlockRun> runs) {
  const auto open = backing();
  if (open == nullptr || is_borrowed() ||
      ::flock(open->data.get(), LOCK_EX | LOCK_NB) != 0) {
    return 0;
  }
  const std::uint64_t before = blocks_on_disk(open->data.get());
  std::uint64_t present = 0;
  if (can_punch(open->data.get(), remote_.size)) {
    for (const BlockRun& run : runs) {
      present += punch_run(*open, run);
    }
  }
  const std::uint64_t after = blocks_on_disk(open->data.get());
  ::flock(open->data.get(), LOCK_UN);
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
  const auto open = backing();
  return open == nullptr ? 0
                         : blocks_on_disk(open->data.get()) +
                               blocks_on_disk(open->map.get());
}

void CachedFile::remove() const {
  const auto open = backing();
  const bool was_dropped = is_dropped_.exchange(true);
  if (open != nullptr) {
    remove_backing(dir_, disk_key(), *open);
  } else if (!was_dropped) {
    static_cast<void>(remove_cached(dir_, key_));
  }
}

}  // namespace omicsfs

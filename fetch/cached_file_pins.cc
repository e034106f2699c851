// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "fetch/cached_file.h"
#include "fetch/local_io.h"

// The header of a cached file's map: whose versions the blocks are, as all
// processes that store blocks agree on it.

namespace omicsfs {
namespace {

// Leaves a file alone that has its size: ftruncate(2) would set its times, and
// so take its stamp away.
Result<void> give_size(int fd, const std::filesystem::path& path,
                       std::uint64_t size) {
  struct stat facts {};
  const bool right =
      ::fstat(fd, &facts) == 0 && facts.st_size == static_cast<off_t>(size);
  if (!right && ::ftruncate(fd, static_cast<off_t>(size)) != 0) {
    return system_error("cannot size " + path.string(), errno);
  }
  return {};
}

// The lock of a map's header, among processes and within one. Whoever holds it
// reads and writes 4 KiB; one that was stopped meanwhile is waited for for an
// eighth of a second.
class HeaderLock {
 public:
  explicit HeaderLock(int map) : map_(map) {
    constexpr int kTries = 7;
    for (int i = 0; i < kTries && !held_; ++i) {
      held_ = set(F_WRLCK);
      if (!held_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1U << i));
      }
    }
  }
  ~HeaderLock() {
    if (held_) {
      static_cast<void>(set(F_UNLCK));
    }
  }
  HeaderLock(const HeaderLock&) = delete;
  HeaderLock& operator=(const HeaderLock&) = delete;

  [[nodiscard]] bool held() const { return held_; }

 private:
  // An open file description's lock, apart from the flock that marks the file
  // as open.
  [[nodiscard]] bool set(short type) const {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_len = static_cast<off_t>(kMapHeaderBytes);
    return ::fcntl(map_, F_OFD_SETLK, &lock) == 0;
  }

  const int map_;
  bool held_ = false;
};

}  // namespace

// Reads the header, or writes it where the map is new: without pins, which come
// with blocks. Whoever takes up a file without blocks must not find the
// versions that its maker has met. A file that is opened again may have been
// made anew since our pins were saved.
Result<void> CachedFile::adopt_header(const CacheBacking& backing) const {
  const HeaderLock lock(backing.map.get());
  if (!lock.held()) {
    return Error{ErrorCode::kIo,
                 paths_.map.string() + ": another process holds its header"};
  }
  MapHeaderBytes bytes;
  const std::size_t got = read_up_to(backing.map.get(), 0, bytes);
  if (got == 0) {
    if (auto written = write_header(backing, {remote_.size, {}, 0}); !written) {
      return written;
    }
  } else {
    auto header = decode_map_header(std::span(bytes).first(got));
    if (!header) {
      return header.error();
    }
    if (header->file_size != remote_.size) {
      return Error{ErrorCode::kInvalid, "block map of a file of another size"};
    }
    if (auto merged = pin_->merge(header->pins, header->since); !merged) {
      return merged;
    }
  }
  saved_pins_.store(kNotSaved, std::memory_order_release);
  return give_size(backing.data.get(), paths_.data, remote_.size);
}

// Whoever stores a block has written its pins before: those that are read after
// its cell are of every block that is taken. A header that is being written may
// be read torn: without its pins nobody knows of which version the blocks are,
// and none is taken.
Result<void> CachedFile::refresh(BlockRun run) {
  const auto open = backing();
  if (open == nullptr) {
    return {};
  }
  bool is_torn = false;
  auto taken = map_.refresh(open->map.get(), run, [&]() -> Result<void> {
    // The pins of a borrowed file's servers say nothing of ours.
    if (is_borrowed()) {
      return {};
    }
    auto pins = take_pins(*open);
    if (!pins) {
      return pins.error();
    }
    is_torn = !*pins;
    return is_torn ? Result<void>(Error{ErrorCode::kInvalid, "no pins"})
                   : Result<void>();
  });
  if (taken && !is_borrowed()) {
    keep_sample(run.first);
    keep_sample(run.end() - 1);
  }
  return is_torn ? Result<void>() : taken;
}

// The header's pins are those of all processes: read, merged and written under
// the header's lock, so that none is lost. Those of a damaged header are lost
// already: no block may join those that it had.
Result<void> CachedFile::save_pins(const Backing& backing) {
  const unsigned revision = pin_->revision();
  if (revision == 0 ||
      saved_pins_.load(std::memory_order_acquire) == revision) {
    return {};
  }
  const HeaderLock lock(backing.map.get());
  if (!lock.held()) {
    return Error{ErrorCode::kIo,
                 paths_.map.string() + ": another process holds its header"};
  }
  auto taken = take_pins(backing);
  if (!taken) {
    return taken.error();
  }
  if (!*taken) {
    return Error{ErrorCode::kIo,
                 paths_.map.string() + ": its header is damaged"};
  }
  // Those that were merged, and none that comes meanwhile, count as saved.
  const unsigned saved = pin_->revision();
  auto written =
      write_header(backing, {remote_.size, pin_->entries(), pin_->since()});
  if (written) {
    saved_pins_.store(saved, std::memory_order_release);
  }
  return written;
}

// REQUIRES: the header's lock is held.
Result<void> CachedFile::write_header(const CacheBacking& backing,
                                      const MapHeader& header) {
  const auto bytes = encode_map_header(header);
  return bytes ? write_all(backing.map.get(), 0, *bytes)
               : Result<void>(bytes.error());
}

// A header that cannot be read is being written, or about to be, or is refused
// by whoever opens the file next. Its checksum says that it was read whole.
Result<bool> CachedFile::take_pins(const CacheBacking& backing) const {
  constexpr int kTries = 3;  // whoever writes it takes microseconds
  for (int i = 0; i < kTries; ++i) {
    MapHeaderBytes bytes;
    const std::size_t got = read_up_to(backing.map.get(), 0, bytes);
    const auto header = decode_map_header(std::span(bytes).first(got));
    if (!header) {
      continue;
    }
    if (auto merged = pin_->merge(header->pins, header->since); !merged) {
      return merged.error();
    }
    return true;
  }
  return false;
}

// The blocks on disk are of the pinned version: the first, the last, and the
// one that is nearest the middle between.
void CachedFile::sample_what_is_here() {
  BlockRun run{0, blocks()};
  while (run.count > 0 && !map_.present(run.end() - 1)) {
    --run.count;
  }
  while (run.count > 0 && !map_.present(run.first)) {
    ++run.first;
    --run.count;
  }
  if (run.count == 0) {
    return;
  }
  const BlockIndex middle = run.first + run.count / 2;
  BlockIndex after = middle;
  while (after + 1 < run.end() && !map_.present(after)) {
    ++after;
  }
  BlockIndex before = middle;
  while (before > run.first && !map_.present(before)) {
    --before;
  }
  for (const BlockIndex block : {run.first, before, after, run.end() - 1}) {
    keep_sample(block);
  }
}

void CachedFile::keep_sample(BlockIndex block) {
  if (const auto crc = map_.crc(block)) {
    pin_->keep_sample({bytes_of({block, 1}, remote_.size), *crc});
  }
}

}  // namespace omicsfs

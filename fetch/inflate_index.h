// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "fetch/inflater.h"
#include "fetch/mutex.h"
#include "fetch/points_file.h"

namespace omicsfs {

// So any 64 KiB, in two blocks at worst, are read by inflating a MiB at most: a
// checkpoint is up to 64 KiB late.
inline constexpr std::uint64_t kCheckpointEvery = std::uint64_t{832} << 10;
// Of the output's bytes, what its checkpoints may take: one in so many.
inline constexpr std::uint64_t kOutputPerIndexByte = 50;

// The checkpoints of one deflated member: in a file that outlives the session
// and is shared by processes, their windows not in memory. Until the cache
// holds a block of the member, and where it cannot, in memory, as far as a few
// MiB go. What is damaged is as if it were not there. Thread-safe.
class InflateIndex {
 public:
  // `path` is the file's; "" where there is no cache. No I/O.
  InflateIndex(std::filesystem::path path, const PointsHeader& member)
      : path_(std::move(path)), member_(member) {}

  // Takes up what is on disk; blocks until that is done, for whoever calls.
  // REQUIRES: called before any of the others.
  void attach();
  // The output offset of the last checkpoint at `offset` or before it; 0 is
  // the stream's start, which always is there.
  [[nodiscard]] std::uint64_t nearest(std::uint64_t offset) const;
  // That checkpoint, or an earlier one where it turns out damaged.
  [[nodiscard]] InflateCheckpoint load(std::uint64_t offset);
  // Whether a stream that has come to `out` should leave a checkpoint, whose
  // window takes `window_bytes` once deflated.
  [[nodiscard]] bool due(std::uint64_t out,
                         std::uint64_t window_bytes = 0) const;
  // Keeps it, where it lies beyond all others and nobody else adds one now. A
  // failure keeps none: the next reader inflates more.
  void add(const InflateCheckpoint& checkpoint);

 private:
  struct Point {
    StoredPoint stored;
    std::vector<std::byte> window{};  // deflated; where it is not in the file
  };

  [[nodiscard]] std::shared_ptr<PointsFile> file() const;
  bool open_file(bool create);
  void take(const std::vector<StoredPoint>& points);
  bool write(const PointHead& head, const std::vector<std::byte>& window);
  bool write_what_is_in_memory();
  [[nodiscard]] std::optional<Point> last_until(std::uint64_t offset) const;
  [[nodiscard]] std::optional<InflateCheckpoint> restore(
      const Point& point) const;
  void forget(const Point& point);

  const std::filesystem::path path_;
  const PointsHeader member_;
  std::once_flag attached_;
  std::atomic_flag adding_;
  mutable Mutex mutex_;
  std::vector<Point> points_ GUARDED_BY(mutex_);  // by their output offset
  std::uint64_t bytes_ GUARDED_BY(mutex_) = 0;    // that all of them take
  std::shared_ptr<PointsFile> file_ GUARDED_BY(mutex_);  // set once
};

}  // namespace omicsfs

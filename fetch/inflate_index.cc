// SPDX-License-Identifier: MIT
#include "fetch/inflate_index.h"

#include <zlib.h>

#include <algorithm>
#include <system_error>

#include "catalog/crc32c.h"

namespace omicsfs {
namespace {

// What checkpoints may take in memory where no file keeps them.
constexpr std::uint64_t kMemoryBytes = std::uint64_t{4} << 20;

Bytef* bytes_at(std::vector<std::byte>& bytes) {
  return reinterpret_cast<Bytef*>(bytes.data());
}

// zlib's format, by its fastest level.
std::vector<std::byte> deflated(const std::vector<std::byte>& window) {
  uLongf length = ::compressBound(static_cast<uLong>(window.size()));
  std::vector<std::byte> bytes(length);
  const int status = ::compress2(
      bytes_at(bytes), &length, reinterpret_cast<const Bytef*>(window.data()),
      static_cast<uLong>(window.size()), Z_BEST_SPEED);
  bytes.resize(status == Z_OK ? length : 0);
  return bytes;
}

std::optional<std::vector<std::byte>> inflated(
    const std::vector<std::byte>& bytes) {
  std::vector<std::byte> window(Inflater::kWindowBytes);
  uLongf length = window.size();
  if (::uncompress(bytes_at(window), &length,
                   reinterpret_cast<const Bytef*>(bytes.data()),
                   static_cast<uLong>(bytes.size())) != Z_OK) {
    return std::nullopt;
  }
  window.resize(length);
  return window;
}

}  // namespace

void InflateIndex::attach() {
  std::call_once(attached_, [this] {
    if (!path_.empty()) {
      static_cast<void>(open_file(false));
    }
  });
}

std::shared_ptr<PointsFile> InflateIndex::file() const {
  const MutexLock lock(mutex_);
  return file_;
}

// Whether the file is open. A new one is made only beside the blocks of the
// member, with which it is evicted.
bool InflateIndex::open_file(bool create) {
  if (file() != nullptr) {
    return true;
  }
  std::error_code error;
  auto map = path_;
  if (path_.empty() || (create && !std::filesystem::exists(
                                      map.replace_extension(".map"), error))) {
    return false;
  }
  auto opened = PointsFile::open(path_, member_, create);
  if (!opened) {
    return false;
  }
  auto file = std::make_shared<PointsFile>(*std::move(opened));
  take(file->read_new());
  const MutexLock lock(mutex_);
  file_ = std::move(file);
  return true;
}

void InflateIndex::take(const std::vector<StoredPoint>& points) {
  const MutexLock lock(mutex_);
  for (const StoredPoint& point : points) {
    const auto at =
        std::lower_bound(points_.begin(), points_.end(), point.head.out,
                         [](const Point& known, std::uint64_t out) {
                           return known.stored.head.out < out;
                         });
    bytes_ += kPointHeadBytes + point.head.window_bytes;
    if (at != points_.end() && at->stored.head.out == point.head.out) {
      bytes_ -= kPointHeadBytes + at->stored.head.window_bytes;
      *at = Point{point};
    } else {
      points_.insert(at, Point{point});
    }
  }
}

std::optional<InflateIndex::Point> InflateIndex::last_until(
    std::uint64_t offset) const {
  const MutexLock lock(mutex_);
  const auto after =
      std::upper_bound(points_.begin(), points_.end(), offset,
                       [](std::uint64_t wanted, const Point& point) {
                         return wanted < point.stored.head.out;
                       });
  return after == points_.begin() ? std::nullopt
                                  : std::optional(*std::prev(after));
}

std::uint64_t InflateIndex::nearest(std::uint64_t offset) const {
  const auto point = last_until(offset);
  return point ? point->stored.head.out : 0;
}

InflateCheckpoint InflateIndex::load(std::uint64_t offset) {
  while (const auto point = last_until(offset)) {
    if (auto checkpoint = restore(*point)) {
      return *std::move(checkpoint);
    }
    forget(*point);
  }
  return {};
}

std::optional<InflateCheckpoint> InflateIndex::restore(
    const Point& point) const {
  std::vector<std::byte> bytes = point.window;
  if (bytes.empty()) {
    const auto opened = file();
    auto read = opened == nullptr ? Result<std::vector<std::byte>>(Error{
                                        ErrorCode::kNotFound, "no checkpoint"})
                                  : opened->window(point.stored);
    if (!read) {
      return std::nullopt;
    }
    bytes = *std::move(read);
  }
  auto window = inflated(bytes);
  if (!window) {
    return std::nullopt;
  }
  const PointHead& head = point.stored.head;
  return InflateCheckpoint{head.out, head.block_bit, head.code_bit,
                           *std::move(window)};
}

void InflateIndex::forget(const Point& point) {
  const MutexLock lock(mutex_);
  std::erase_if(points_, [&](const Point& known) {
    return known.stored.head == point.stored.head;
  });
}

bool InflateIndex::due(std::uint64_t out, std::uint64_t window_bytes) const {
  const MutexLock lock(mutex_);
  const std::uint64_t last =
      points_.empty() ? 0 : points_.back().stored.head.out;
  return out >= last + kCheckpointEvery &&
         bytes_ + kPointHeadBytes + window_bytes <= out / kOutputPerIndexByte;
}

bool InflateIndex::write(const PointHead& head,
                         const std::vector<std::byte>& window) {
  const auto opened = file();
  const auto written = opened->append(head, window);
  take(opened->read_new());
  return written.has_value();
}

// What came before the file could be made goes there first. False where it
// cannot.
bool InflateIndex::write_what_is_in_memory() {
  std::vector<Point> held;
  {
    const MutexLock lock(mutex_);
    std::copy_if(points_.begin(), points_.end(), std::back_inserter(held),
                 [](const Point& point) { return !point.window.empty(); });
  }
  return std::all_of(held.begin(), held.end(), [this](const Point& point) {
    return write(point.stored.head, point.window);
  });
}

void InflateIndex::add(const InflateCheckpoint& checkpoint) {
  if (adding_.test_and_set(std::memory_order_acquire)) {
    return;
  }
  const std::vector<std::byte> window = deflated(checkpoint.window);
  const PointHead head{
      checkpoint.out, checkpoint.block_bit, checkpoint.code_bit,
      static_cast<std::uint32_t>(window.size()), crc32c(window)};
  const auto wanted = [&] {
    return !window.empty() && due(head.out, window.size());
  };
  const bool kept = wanted() && open_file(true) && write_what_is_in_memory() &&
                    write(head, window);
  if (!kept && wanted()) {
    const MutexLock lock(mutex_);
    if (bytes_ + window.size() <= kMemoryBytes) {
      bytes_ += kPointHeadBytes + window.size();
      points_.push_back({{head, 0}, window});
    }
  }
  adding_.clear(std::memory_order_release);
}

}  // namespace omicsfs

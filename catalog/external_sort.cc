// SPDX-License-Identifier: MIT
#include "catalog/external_sort.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <queue>
#include <utility>

#include "catalog/temporary_file.h"

namespace omicsfs {
namespace {

constexpr std::size_t kRowHead = 2 * sizeof(std::uint32_t);
// A run is read in pieces of at least this many bytes.
constexpr std::size_t kLeastPiece = std::size_t{16} << 10;

Result<UniqueFd> nameless_file(const std::filesystem::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd.valid()) {
    return fd;
  }
  // Not every file system has files without a name.
  std::string path = (directory / ".sort-XXXXXX").native();
  UniqueFd named(::mkostemp(path.data(), O_CLOEXEC));
  if (!named.valid()) {
    return system_error("cannot make a temporary file in " +
                        directory.native());
  }
  ::unlink(path.c_str());
  return named;
}

Result<void> write_all(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return system_error("cannot write a temporary file");
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

void append_head(std::string& out, std::uint32_t key, std::uint32_t payload) {
  const std::array<std::uint32_t, 2> head = {key, payload};
  out.append(reinterpret_cast<const char*>(head.data()), kRowHead);
}

}  // namespace

// Reads one run from start to end, a row at a time.
class ExternalSort::RunReader {
 public:
  RunReader(int fd, Run run, std::size_t piece)
      : fd_(fd), at_(run.begin), end_(run.end), piece_(piece) {}

  // False at the run's end.
  Result<bool> next() {
    start_ += row_bytes_;
    row_bytes_ = 0;
    if (auto held = hold(kRowHead); !held || !*held) {
      return held;
    }
    std::array<std::uint32_t, 2> head{};
    std::memcpy(head.data(), &buffer_[start_], kRowHead);
    const std::size_t whole = kRowHead + head[0] + head[1];
    auto held = hold(whole);
    if (!held) {
      return held;
    }
    if (!*held) {
      return Error{ErrorCode::kIo, "a temporary file was cut short"};
    }
    row_bytes_ = whole;
    key_ = std::string_view(buffer_).substr(start_ + kRowHead, head[0]);
    payload_ =
        std::string_view(buffer_).substr(start_ + kRowHead + head[0], head[1]);
    return true;
  }

  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] std::string_view payload() const { return payload_; }

 private:
  // Brings in at least `bytes` from start_ on; false where there are none.
  Result<bool> hold(std::size_t bytes) {
    while (buffer_.size() - start_ < bytes) {
      buffer_.erase(0, std::exchange(start_, 0));
      const std::size_t held = buffer_.size();
      const std::size_t wanted =
          std::min<std::uint64_t>(std::max(piece_, bytes - held), end_ - at_);
      if (wanted == 0) {
        return false;
      }
      buffer_.resize(held + wanted);
      const ssize_t count =
          ::pread(fd_, &buffer_[held], wanted, static_cast<off_t>(at_));
      if (count < 0 && errno != EINTR) {
        return system_error("cannot read a temporary file");
      }
      if (count == 0) {
        return Error{ErrorCode::kIo, "a temporary file was cut short"};
      }
      const auto got = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
      buffer_.resize(held + got);
      at_ += got;
    }
    return true;
  }

  const int fd_;
  std::uint64_t at_;  // of the file: what is read next
  const std::uint64_t end_;
  const std::size_t piece_;
  std::string buffer_;
  std::size_t start_ = 0;      // of the row in buffer_
  std::size_t row_bytes_ = 0;  // of that row
  std::string_view key_;
  std::string_view payload_;
};

Result<void> ExternalSort::add(std::string_view key, std::string_view payload) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  if (key.size() > kMost || payload.size() > kMost) {
    return Error{ErrorCode::kInvalid, "a row is too large to be sorted"};
  }
  const std::size_t bytes = key.size() + payload.size();
  if (!filling_.order.empty() &&
      filling_.bytes.size() + bytes > buffer_bytes_ / 2) {
    if (auto started = start_spill(); !started) {
      return started;
    }
  }
  filling_.order.push_back({filling_.bytes.size(),
                            static_cast<std::uint32_t>(key.size()),
                            static_cast<std::uint32_t>(payload.size())});
  filling_.bytes += key;
  filling_.bytes += payload;
  ++rows_;
  return {};
}

void ExternalSort::Buffer::sort() {
  const auto before = [this](const Row& left, const Row& right) {
    return key_of(left) < key_of(right);
  };
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::stable_sort(order.begin(), order.end(), before);
  }
}

void ExternalSort::Buffer::clear() {
  bytes.clear();
  order.clear();
}

// Where the system has no thread left it is done by end_spill().
Result<void> ExternalSort::start_spill() {
  if (auto ended = end_spill(); !ended) {
    return ended;
  }
  std::swap(filling_, full_);
  spilling_ = std::async(std::launch::async | std::launch::deferred,
                         [this] { return spill(); });
  return {};
}

Result<void> ExternalSort::end_spill() {
  if (!failure_ && spilling_.valid()) {
    const auto spilled = spilling_.get();
    failure_ = spilled ? std::nullopt : std::optional(spilled.error());
  }
  return failure_ ? Result<void>(*failure_) : Result<void>();
}

Result<void> ExternalSort::spill() {
  if (!file_.valid()) {
    auto file = nameless_file(directory_);
    if (!file) {
      return file.error();
    }
    file_ = *std::move(file);
  }
  full_.sort();
  const std::uint64_t begin = file_bytes_;
  std::string piece;
  const auto flush = [&]() -> Result<void> {
    auto written = write_all(file_.get(), piece, file_bytes_);
    file_bytes_ += piece.size();
    piece.clear();
    return written;
  };
  for (const Row& row : full_.order) {
    append_head(piece, row.key_bytes, row.payload_bytes);
    piece.append(full_.bytes, row.begin,
                 std::size_t{row.key_bytes} + row.payload_bytes);
    if (piece.size() >= (std::size_t{1} << 20)) {
      if (auto flushed = flush(); !flushed) {
        return flushed;
      }
    }
  }
  if (auto flushed = flush(); !flushed) {
    return flushed;
  }
  runs_.push_back({begin, file_bytes_});
  full_.clear();
  return {};
}

Result<void> ExternalSort::drain(const Take& take) {
  if (auto ended = end_spill(); !ended) {
    return ended;
  }
  if (runs_.empty()) {
    return drain_buffer(take);
  }
  std::swap(filling_, full_);
  if (auto spilled = spill(); !spilled) {
    return spilled;
  }
  filling_ = {};
  full_ = {};
  return merge(take);
}

Result<void> ExternalSort::drain_buffer(const Take& take) {
  filling_.sort();
  for (const Row& row : filling_.order) {
    auto taken = take(filling_.key_of(row), filling_.payload_of(row));
    if (!taken) {
      return taken;
    }
  }
  filling_ = {};
  return {};
}

Result<void> ExternalSort::merge(const Take& take) {
  const std::size_t piece = std::max(kLeastPiece, buffer_bytes_ / runs_.size());
  std::vector<RunReader> readers;
  readers.reserve(runs_.size());
  // The least key on top; of equal ones that of the earlier run.
  const auto after = [&readers](std::size_t left, std::size_t right) {
    const int order = readers[left].key().compare(readers[right].key());
    return order != 0 ? order > 0 : left > right;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(after)>
      least(after);
  for (const Run& run : runs_) {
    readers.emplace_back(file_.get(), run, piece);
    const auto any = readers.back().next();
    if (!any) {
      return any.error();
    }
    if (*any) {
      least.push(readers.size() - 1);
    }
  }
  while (!least.empty()) {
    const std::size_t index = least.top();
    least.pop();
    RunReader& reader = readers[index];
    if (auto taken = take(reader.key(), reader.payload()); !taken) {
      return taken;
    }
    const auto more = reader.next();
    if (!more) {
      return more.error();
    }
    if (*more) {
      least.push(index);
    }
  }
  file_ = UniqueFd();
  return {};
}

}  // namespace omicsfs

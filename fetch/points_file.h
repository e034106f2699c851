// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

// The file that keeps a deflated member's checkpoints: a header, then a record
// for each in the order of their places. A record's head has a CRC of its own
// and tells the record's length, so that all heads can be read without the
// windows that follow them.

namespace omicsfs {

struct PointsHeader {
  std::uint64_t size = 0;             // bytes of the member
  std::uint64_t compressed_size = 0;  // bytes of its stream
  bool operator==(const PointsHeader&) const = default;
};

// A checkpoint but for its window; see InflateCheckpoint.
struct PointHead {
  std::uint64_t out = 0;
  std::uint64_t block_bit = 0;
  std::uint64_t code_bit = 0;
  std::uint32_t window_bytes = 0;  // of the window, deflated
  std::uint32_t window_crc = 0;    // CRC-32C of those bytes
  bool operator==(const PointHead&) const = default;
};

inline constexpr std::size_t kPointsHeaderBytes = 32;
inline constexpr std::size_t kPointHeadBytes = 40;

[[nodiscard]] std::vector<std::byte> encode_points_header(
    const PointsHeader& header);
// None where the bytes are no such header, or one of another version.
[[nodiscard]] std::optional<PointsHeader> decode_points_header(
    std::span<const std::byte> bytes);
[[nodiscard]] std::vector<std::byte> encode_point_head(const PointHead& head);
// None where they are damaged.
[[nodiscard]] std::optional<PointHead> decode_point_head(
    std::span<const std::byte> bytes);

struct StoredPoint {
  PointHead head;
  std::uint64_t window_at = 0;  // where in the file its window begins
};

// Such a file, open. Processes that have it open hold a shared flock and add
// records by single writes. Thread-compatible.
class PointsFile {
 public:
  // The file at `path`, or a new one. One of another member, or that is damaged
  // at its start, is begun anew where nobody else has it open; what a killed
  // process left half written at its end is cut off likewise.
  // Errors: kNotFound, there is none and `create` is false; kNoSpace, kIo;
  // kCorrupt, it is damaged and somebody has it open.
  static Result<PointsFile> open(const std::filesystem::path& path,
                                 const PointsHeader& member, bool create);

  // The records that have come since the last call, the first one gives all.
  std::vector<StoredPoint> read_new();
  // Writes a record after those read, for read_new() to give. Where others are
  // there that were not read yet, or the end is damaged, it writes none.
  // Errors: kIo, kNoSpace, also for that.
  Result<void> append(const PointHead& head, std::span<const std::byte> window);
  // The bytes of a window. Errors: kCorrupt, damaged.
  [[nodiscard]] Result<std::vector<std::byte>> window(
      const StoredPoint& point) const;
  [[nodiscard]] std::uint64_t bytes() const { return end_; }

 private:
  PointsFile(UniqueFd fd, const PointsHeader& member)
      : fd_(std::move(fd)), member_(member) {}

  UniqueFd fd_;
  PointsHeader member_;
  std::uint64_t end_ = kPointsHeaderBytes;  // of the records read
  std::uint64_t last_out_ = 0;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/zip_prefix.h"

#include <algorithm>
#include <vector>

#include "fetch/little_endian.h"

namespace omicsfs {
namespace {

// The end of central directory record (APPNOTE.TXT 4.3.16).
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::size_t kRecordBytes = 22;
constexpr std::size_t kSizeAt = 12;
constexpr std::size_t kOffsetAt = 16;
constexpr std::size_t kCommentLengthAt = 20;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint64_t kInZip64 = 0xFFFFFFFF;

bool is_record(std::span<const std::byte> bytes) {
  return little_endian(bytes.first(4)) == kEndSignature &&
         kRecordBytes + little_endian(bytes.subspan(kCommentLengthAt, 2)) ==
             bytes.size();
}

}  // namespace

std::optional<std::uint64_t> prefix_told_by(std::span<const std::byte> tail,
                                            std::uint64_t tail_at) {
  for (std::size_t left = tail.size(); left >= kRecordBytes; --left) {
    const std::size_t at = left - kRecordBytes;
    const auto record = tail.subspan(at);
    if (!is_record(record)) {
      continue;
    }
    const std::uint64_t size = little_endian(record.subspan(kSizeAt, 4));
    const std::uint64_t offset = little_endian(record.subspan(kOffsetAt, 4));
    if (size == kInZip64 || offset == kInZip64 ||
        size + offset > tail_at + at) {
      return std::nullopt;
    }
    return tail_at + at - size - offset;
  }
  return std::nullopt;
}

Result<std::uint64_t> zip_prefix(ByteSource& archive,
                                 const ReadLimits& limits) {
  const std::uint64_t length =
      std::min<std::uint64_t>(archive.size(), kRecordBytes + kLongestComment);
  std::vector<std::byte> tail(length);
  const std::uint64_t at = archive.size() - length;
  if (auto read = archive.read_at(at, tail, limits); !read) {
    return read.error();
  }
  return prefix_told_by(tail, at).value_or(0);
}

}  // namespace omicsfs

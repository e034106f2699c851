// SPDX-License-Identifier: MIT
#include "fetch/member_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxChunk = 4 * kBlockBytes;
constexpr int kLongestMatch = 258;  // RFC 1951 3.2.5

Error not_as_listed(const char* what) {
  return {ErrorCode::kCorrupt,
          std::string("a member's bytes are not as the archive's directory "
                      "says: ") +
              what};
}

}  // namespace

Result<void> MemberStream::start(std::uint64_t offset) {
  const InflateCheckpoint checkpoint = index_.load(offset);
  auto inflater = Inflater::from(checkpoint);
  if (!inflater) {
    return inflater.error();
  }
  inflater_ = *std::move(inflater);
  from_start_ = checkpoint.out == 0;
  return {};
}

// The compressed bytes from where the inflater wants them; none at their end.
// Pieces grow as they follow each other: who wants little is not to wait for
// much. The first ends where a block of the archive does.
Result<std::span<const std::byte>> MemberStream::input(
    const ReadLimits& limits) {
  const std::uint64_t at = std::min(inflater_->input_offset(), bytes_.size());
  if (at < chunk_.offset || at >= chunk_.end()) {
    const auto begin = bytes_.data_offset(limits);
    if (!begin) {
      return begin.error();
    }
    const bool follows = !chunk_.empty() && at == chunk_.end();
    const std::uint64_t to_block_end =
        kBlockBytes - (*begin + at) % kBlockBytes;
    const std::uint64_t wanted =
        follows ? std::min(2 * std::max(chunk_.length, kBlockBytes / 2),
                           kMaxChunk - kBlockBytes) +
                      to_block_end
                : to_block_end;
    const ByteRange next = clip({at, wanted}, bytes_.size());
    buffer_.resize(next.length);
    chunk_ = {};
    if (auto read = bytes_.read_at(at, buffer_, limits); !read) {
      return read.error();
    }
    chunk_ = next;
  }
  return std::span<const std::byte>(buffer_).subspan(at - chunk_.offset);
}

Result<std::size_t> MemberStream::step(std::span<std::byte> out,
                                       const ReadLimits& limits) {
  const auto in = input(limits);
  if (!in) {
    return in.error();
  }
  const std::uint64_t before = inflater_->input_offset();
  auto written = inflater_->step(*in, out);
  if (written && *written == 0 && in->empty() && !inflater_->ended() &&
      before == inflater_->input_offset()) {
    return not_as_listed("they end too early");
  }
  return written;
}

// Leaves a checkpoint where one is due. Returns how many bytes, of `most`, to
// inflate next: out of a match there are a few to the next place to go on from.
// A stored block ends where the inflater stops by itself.
std::size_t MemberStream::leave_checkpoint(std::size_t most) {
  if (position() < next_try_ || !index_.due(position())) {
    return most;
  }
  const auto checkpoint = inflater_->checkpoint();
  if (!checkpoint) {
    return bytes_to_boundary_++ < kLongestMatch ? 1 : most;
  }
  index_.add(*checkpoint);
  bytes_to_boundary_ = 0;
  next_try_ = position() + kBlockBytes;
  return most;
}

Result<std::size_t> MemberStream::read(std::span<std::byte> out,
                                       const ReadLimits& limits) {
  out =
      out.first(std::min<std::uint64_t>(out.size(), facts_.size - position()));
  std::size_t filled = 0;
  while (filled < out.size() && !inflater_->ended()) {
    const std::size_t next = leave_checkpoint(out.size() - filled);
    auto written = step(out.subspan(filled, next), limits);
    if (!written) {
      return written;
    }
    filled += *written;
  }
  counters_.bytes_inflated.fetch_add(filled, std::memory_order_relaxed);
  if (filled < out.size()) {
    return not_as_listed("they inflate to less");
  }
  if (from_start_) {
    hasher_.update(out);
  }
  if (position() == facts_.size) {
    if (auto checked = check_end(limits); !checked) {
      return checked.error();
    }
  }
  return filled;
}

Result<void> MemberStream::check_end(const ReadLimits& limits) {
  std::array<std::byte, 1> more{};
  while (!inflater_->ended()) {
    const auto written = step(more, limits);
    if (!written) {
      return written.error();
    }
    if (*written != 0) {
      return not_as_listed("they inflate to more");
    }
  }
  if (from_start_ && facts_.crc && hasher_.finish() != *facts_.crc) {
    return not_as_listed("their CRC-32 differs");
  }
  return {};
}

}  // namespace omicsfs

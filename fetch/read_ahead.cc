// SPDX-License-Identifier: MIT
#include "fetch/read_ahead.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace omicsfs {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlocksPerMiB = kMiB / kBlockBytes;
// The least that is worth a request of its own.
constexpr std::uint64_t kLeastRequest = 4;
// A kernel asks by pages: what a program reads without gaps may come with some.
constexpr std::uint64_t kPage = 4096;
// The kernel asks ahead itself, up to 4 MiB, by several threads: the reads of
// one stream come out of order by so much.
constexpr std::uint64_t kDisorder = 8 * kMiB;
// A reader that skips less goes on; one that skips more begins anew.
constexpr std::uint64_t kSkip = 4 * kMiB;
// A stream that nobody followed for so many reads has to prove itself anew.
constexpr std::uint64_t kRestsFor = 64;
constexpr std::uint64_t kMaxSteps = 32;

constexpr std::uint64_t kReadsToFollow = 3;
constexpr std::uint64_t kReadsToStep = 4;

bool near(std::uint64_t a, std::uint64_t b, std::uint64_t by) {
  return a > b ? a - b <= by : b - a <= by;
}

bool just_after(std::uint64_t a, std::uint64_t b) {
  return a >= b && a - b <= kPage;
}

// `offset` moved by `steps` times `step`; none where that leaves the file.
std::optional<std::uint64_t> moved(std::uint64_t offset, std::int64_t step,
                                   std::uint64_t steps, std::uint64_t size) {
  const auto length = static_cast<std::uint64_t>(std::abs(step));
  const std::uint64_t room = step < 0 ? offset : size - offset;
  if (length == 0 || steps > room / length) {
    return std::nullopt;
  }
  const std::uint64_t way = steps * length;
  if (step > 0 && way == room) {
    return std::nullopt;
  }
  return step < 0 ? offset - way : offset + way;
}

std::uint64_t request_of(std::uint64_t window, std::uint64_t most) {
  // Eight requests under way for one stream keep a line busy.
  return std::min({std::max(window / 8, kLeastRequest), window, most});
}

}  // namespace

AheadLimits ahead_limits(const LinkSpeed& speed, std::uint64_t connections) {
  const std::uint64_t wanted = 4 * speed.bytes_in_round_trip() / kBlockBytes;
  const std::uint64_t request =
      std::clamp(wanted, kBlocksPerMiB, 8 * kBlocksPerMiB);
  return {request, request * std::max<std::uint64_t>(connections, 8)};
}

std::vector<BlockRun> ReadAhead::observe(ByteRange read, Met met,
                                         const AheadLimits& limits) {
  ++reads_;
  Stream& stream = stream_of(read);
  stream.used = reads_;
  const std::uint64_t needed =
      stream.kind == Kind::kSteps ? kReadsToStep : kReadsToFollow;
  if (stream.kind == Kind::kFresh || stream.reads < needed) {
    return {};
  }
  widen(stream, met, limits);
  return ahead(stream, limits);
}

ReadAhead::Stream& ReadAhead::stream_of(ByteRange read) {
  for (Stream* const found : {follower(read), adjacent(read), stepping(read)}) {
    if (found != nullptr) {
      return *found;
    }
  }
  return begin(read);
}

// An established stream that `read` goes on with.
ReadAhead::Stream* ReadAhead::follower(ByteRange read) {
  for (Stream& stream : streams_) {
    if (follows(stream, read)) {
      if (reads_ - stream.used > kRestsFor) {
        stream.reads = 1;
        stream.passed = 0;
        stream.window = 0;
      }
      advance(stream, read);
      return &stream;
    }
  }
  return nullptr;
}

bool ReadAhead::follows(const Stream& stream, ByteRange read) const {
  const ByteRange last = stream.last;
  // The further a stream has come, the more is forgiven it; chance neighbours
  // have come no way at all.
  const std::uint64_t come = stream.reads < kReadsToFollow ? 0 : stream.passed;
  const std::uint64_t behind = std::min(kDisorder, come);
  const std::uint64_t skip = std::clamp(come, kPage, kSkip);
  switch (stream.kind) {
    case Kind::kForward:
      return read.offset + behind >= last.end() &&
             read.offset <= last.end() + skip;
    case Kind::kBackward:
      return read.end() <= last.offset + behind &&
             read.end() + skip >= last.offset;
    case Kind::kSteps: {
      const auto next = moved(last.offset, stream.step, 1, file_size_);
      return next && near(*next, read.offset, kPage);
    }
    case Kind::kNone:
    case Kind::kFresh:
      break;
  }
  return false;
}

// A read behind the last one came out of order: the stream stays where it is.
void ReadAhead::advance(Stream& stream, ByteRange read) {
  const ByteRange last = stream.last;
  if (stream.kind == Kind::kForward && read.end() <= last.end()) {
    return;
  }
  if (stream.kind == Kind::kBackward && read.offset >= last.offset) {
    return;
  }
  if (stream.kind == Kind::kSteps && stream.reach > 0) {
    --stream.reach;
  }
  stream.passed += read.length;
  stream.last = read;
  ++stream.reads;
}

// A single read that `read` lies beside.
ReadAhead::Stream* ReadAhead::adjacent(ByteRange read) {
  for (Stream& stream : streams_) {
    if (stream.kind != Kind::kFresh) {
      continue;
    }
    const bool forward = just_after(read.offset, stream.last.end());
    if (!forward && !just_after(stream.last.offset, read.end())) {
      continue;
    }
    stream.kind = forward ? Kind::kForward : Kind::kBackward;
    stream.passed = stream.last.length + read.length;
    stream.last = read;
    stream.reads = 2;
    const BlockRun blocks = blocks_of(read);
    stream.reach = forward ? blocks.end() : blocks.first;
    return &stream;
  }
  return nullptr;
}

const ReadAhead::Stream* ReadAhead::fresh_at(std::uint64_t offset,
                                             std::uint64_t before) const {
  for (const Stream& stream : streams_) {
    if (stream.kind == Kind::kFresh && stream.used < before &&
        near(stream.last.offset, offset, kPage)) {
      return &stream;
    }
  }
  return nullptr;
}

// The last of three single reads to which `read` is the fourth, each as far
// from the one before.
ReadAhead::Stream* ReadAhead::stepping(ByteRange read) {
  for (Stream& third : streams_) {
    const auto step = static_cast<std::int64_t>(read.offset) -
                      static_cast<std::int64_t>(third.last.offset);
    if (third.kind != Kind::kFresh ||
        static_cast<std::uint64_t>(std::abs(step)) <= read.length) {
      continue;
    }
    const auto second_at = moved(third.last.offset, -step, 1, file_size_);
    const Stream* const second =
        second_at ? fresh_at(*second_at, third.used) : nullptr;
    if (second == nullptr) {
      continue;
    }
    const auto first_at = moved(second->last.offset, -step, 1, file_size_);
    if (!first_at || fresh_at(*first_at, second->used) == nullptr) {
      continue;
    }
    third.kind = Kind::kSteps;
    third.step = step;
    third.last = read;
    third.reads = kReadsToStep;
    third.passed = 2 * read.length;
    third.reach = 0;
    return &third;
  }
  return nullptr;
}

// In place of the single read that is the oldest, or else of the stream that
// rested longest.
ReadAhead::Stream& ReadAhead::begin(ByteRange read) {
  const auto older = [](const Stream& a, const Stream& b) {
    const bool a_single = a.kind <= Kind::kFresh;
    const bool b_single = b.kind <= Kind::kFresh;
    return a_single != b_single ? a_single : a.used < b.used;
  };
  Stream& stream = *std::min_element(streams_.begin(), streams_.end(), older);
  stream = {};
  stream.kind = Kind::kFresh;
  stream.last = read;
  stream.reads = 1;
  return stream;
}

void ReadAhead::widen(Stream& stream, Met met, const AheadLimits& limits) {
  const std::uint64_t proven =
      std::max<std::uint64_t>(stream.passed / kBlockBytes, 1);
  if (stream.window == 0) {
    stream.window = proven;
  } else if (met == Met::kWait) {
    stream.window *= 2;
  }
  stream.window = std::min(stream.window, limits.window);
}

std::vector<BlockRun> ReadAhead::ahead(Stream& stream,
                                       const AheadLimits& limits) const {
  const std::uint64_t request = request_of(stream.window, limits.request);
  switch (stream.kind) {
    case Kind::kForward:
      return forward(stream, request);
    case Kind::kBackward:
      return backward(stream, request);
    case Kind::kSteps:
      return steps(stream, request);
    case Kind::kNone:
    case Kind::kFresh:
      break;
  }
  return {};
}

// Whole requests only, but at the end of the file.
std::vector<BlockRun> ReadAhead::forward(Stream& stream,
                                         std::uint64_t request) const {
  std::vector<BlockRun> runs;
  const std::uint64_t file_end = block_count(file_size_);
  const std::uint64_t here = blocks_of(stream.last).end();
  const std::uint64_t end = std::min(here + stream.window, file_end);
  stream.reach = std::max(stream.reach, here);
  while (stream.reach < end &&
         (end - stream.reach >= request || end == file_end)) {
    const std::uint64_t count = std::min(request, end - stream.reach);
    runs.push_back({stream.reach, count});
    stream.reach += count;
  }
  return runs;
}

std::vector<BlockRun> ReadAhead::backward(Stream& stream,
                                          std::uint64_t request) const {
  std::vector<BlockRun> runs;
  const std::uint64_t here = blocks_of(stream.last).first;
  const std::uint64_t end = here - std::min(here, stream.window);
  stream.reach = std::min(stream.reach, here);
  while (stream.reach > end && (stream.reach - end >= request || end == 0)) {
    const std::uint64_t count = std::min(request, stream.reach - end);
    stream.reach -= count;
    runs.push_back({stream.reach, count});
  }
  return runs;
}

// The places of the next reads, each as long as the last.
std::vector<BlockRun> ReadAhead::steps(Stream& stream,
                                       std::uint64_t request) const {
  std::vector<BlockRun> runs;
  const std::uint64_t each =
      std::max<std::uint64_t>(blocks_of(stream.last).count, 1);
  const std::uint64_t most =
      std::clamp<std::uint64_t>(stream.window / each, 1, kMaxSteps);
  while (stream.reach < most) {
    const auto place =
        moved(stream.last.offset, stream.step, stream.reach + 1, file_size_);
    if (!place) {
      break;
    }
    const BlockRun run =
        blocks_of(clip({*place, stream.last.length}, file_size_));
    for (std::uint64_t done = 0; done < run.count; done += request) {
      runs.push_back({run.first + done, std::min(request, run.count - done)});
    }
    ++stream.reach;
  }
  return runs;
}

void ReadAhead::refused(BlockRun run) {
  for (Stream& stream : streams_) {
    if (stream.used != reads_) {
      continue;
    }
    stream.window = std::max<std::uint64_t>(stream.window / 2, 1);
    if (stream.kind == Kind::kForward) {
      stream.reach = std::min(stream.reach, run.first);
    } else if (stream.kind == Kind::kBackward) {
      stream.reach = std::max(stream.reach, run.end());
    }
  }
}

}  // namespace omicsfs

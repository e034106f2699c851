// SPDX-License-Identifier: MIT
#include "fetch/column_source.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace omicsfs {
namespace {

// Of an array at a time: enough that what follows is asked for ahead, little
// enough for each of many readers to hold.
constexpr std::uint64_t kGatherBytes = std::uint64_t{1} << 20;

}  // namespace

GatherStep next_gather(const ColumnPlace& place, ByteRange wanted,
                       std::uint64_t most) {
  const std::uint64_t row = wanted.offset / place.width;
  const std::uint64_t skip = wanted.offset % place.width;
  const std::uint64_t begin =
      place.rows_offset + row * place.row_bytes + place.offset;
  const std::uint64_t gap = place.row_bytes - place.width;
  const std::uint64_t rest = place.width - skip;  // of the first stretch
  if (wanted.length <= rest || gap >= kBlockBytes || place.row_bytes > most) {
    const std::uint64_t bytes = std::min(wanted.length, rest);
    return {{begin + skip, bytes}, 0, bytes};
  }
  const std::uint64_t rows =
      std::min((skip + wanted.length + place.width - 1) / place.width,
               most / place.row_bytes);
  const std::uint64_t bytes =
      std::min(wanted.length, rows * place.width - skip);
  // To the end of the last byte that is wanted, and no further.
  const std::uint64_t last = (skip + bytes - 1) / place.width;
  const std::uint64_t in_last = skip + bytes - last * place.width;
  return {{begin + skip, last * place.row_bytes + in_last - skip}, skip, bytes};
}

bool columns_present(const ColumnPlace& place, ByteRange range,
                     const std::function<bool(ByteRange)>& has) {
  const std::uint64_t header = place.header.size();
  std::uint64_t offset = std::max(range.offset, header);
  while (offset < range.end()) {
    const GatherStep step = next_gather(
        place, {offset - header, range.end() - offset}, kGatherBytes);
    if (!has(step.read)) {
      return false;
    }
    offset += step.bytes;
  }
  return true;
}

Result<void> ColumnSource::read_at(std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const ReadLimits& limits) {
  const std::uint64_t header = place_.header.size();
  if (offset < header) {
    const auto count = std::min<std::size_t>(out.size(), header - offset);
    std::memcpy(out.data(), place_.header.data() + offset, count);
    offset += count;
    out = out.subspan(count);
  }
  while (!out.empty()) {
    const GatherStep step =
        next_gather(place_, {offset - header, out.size()}, kGatherBytes);
    if (auto gathered = gather(step, out.first(step.bytes), limits);
        !gathered) {
      return gathered;
    }
    offset += step.bytes;
    out = out.subspan(step.bytes);
  }
  return {};
}

Result<void> ColumnSource::gather(const GatherStep& step,
                                  std::span<std::byte> out,
                                  const ReadLimits& limits) {
  if (step.read.length == step.bytes) {
    return array_->read_at(step.read.offset, out, limits);
  }
  std::vector<std::byte> rows(step.read.length);
  if (auto read = array_->read_at(step.read.offset, rows, limits); !read) {
    return read;
  }
  std::uint64_t from = 0;
  std::uint64_t stretch = place_.width - step.skip;
  for (std::uint64_t done = 0; done < step.bytes;) {
    const std::uint64_t count = std::min(stretch, step.bytes - done);
    std::memcpy(out.data() + done, rows.data() + from, count);
    done += count;
    from += stretch + place_.row_bytes - place_.width;
    stretch = place_.width;
  }
  return {};
}

}  // namespace omicsfs

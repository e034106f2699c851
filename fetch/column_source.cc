// SPDX-License-Identifier: MIT
#include "fetch/column_source.h"

#include <algorithm>
#include <cstring>
#include <optional>
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

namespace {

// Copies what is wanted of the rows that `step` reads.
void take_stretches(const ColumnPlace& place, const GatherStep& step,
                    std::span<const std::byte> rows, std::byte* out) {
  std::uint64_t from = 0;
  std::uint64_t stretch = place.width - step.skip;
  for (std::uint64_t done = 0; done < step.bytes;) {
    const std::uint64_t count = std::min(stretch, step.bytes - done);
    std::memcpy(out + done, rows.data() + from, count);
    done += count;
    from += stretch + place.row_bytes - place.width;
    stretch = place.width;
  }
}

// One read of the array after another. What a wait interrupts is kept.
class ColumnReading final : public Reading {
 public:
  ColumnReading(const ColumnPlace& place, ByteSource& array, ByteRange range)
      : place_(place), array_(array), range_(range) {}

  std::optional<Result<void>> poll(std::span<std::byte> out,
                                   const ReadLimits& limits,
                                   const WakerPointer& waker) override {
    std::copy(kept_.begin(), kept_.end(), out.begin());
    done_ = std::max<std::uint64_t>(kept_.size(), take_header(out));
    while (done_ < out.size()) {
      const GatherStep step = next_gather(
          place_,
          {range_.offset + done_ - place_.header.size(), out.size() - done_},
          kGatherBytes);
      auto gathered =
          gather(step, out.subspan(done_, step.bytes), limits, waker);
      if (!gathered) {
        kept_.assign(out.begin(),
                     out.begin() + static_cast<std::ptrdiff_t>(done_));
        return std::nullopt;
      }
      if (!*gathered) {
        return gathered;
      }
      reading_.reset();
      done_ += step.bytes;
    }
    return Result<void>();
  }
  [[nodiscard]] TimePoint wake_at() const override {
    return reading_ == nullptr ? TimePoint::max() : reading_->wake_at();
  }

 private:
  // Returns how many bytes of the header the read begins with.
  [[nodiscard]] std::uint64_t take_header(std::span<std::byte> out) const {
    const std::uint64_t header = place_.header.size();
    if (range_.offset >= header) {
      return 0;
    }
    const auto count =
        std::min<std::uint64_t>(out.size(), header - range_.offset);
    std::memcpy(out.data(), place_.header.data() + range_.offset, count);
    return count;
  }

  std::optional<Result<void>> gather(const GatherStep& step,
                                     std::span<std::byte> out,
                                     const ReadLimits& limits,
                                     const WakerPointer& waker) {
    if (reading_ == nullptr) {
      reading_ = array_.begin_read(step.read);
    }
    if (step.read.length == step.bytes) {
      return reading_->poll(out, limits, waker);
    }
    std::vector<std::byte> rows(step.read.length);
    auto read = reading_->poll(rows, limits, waker);
    if (read && *read) {
      take_stretches(place_, step, rows, out.data());
    }
    return read;
  }

  const ColumnPlace& place_;
  ByteSource& array_;
  const ByteRange range_;
  std::uint64_t done_ = 0;
  std::vector<std::byte> kept_;       // what came before the read had to wait
  std::unique_ptr<Reading> reading_;  // of the step that it waits in
};

}  // namespace

Result<void> ColumnSource::read_at(std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const ReadLimits& limits) {
  ColumnReading reading(place_, *array_, {offset, out.size()});
  return finish(reading, out, limits);
}

std::unique_ptr<Reading> ColumnSource::begin_read(ByteRange range) {
  return std::make_unique<ColumnReading>(place_, *array_, range);
}

}  // namespace omicsfs

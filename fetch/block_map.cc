// SPDX-License-Identifier: MIT
#include "fetch/block_map.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/crc32c.h"
#include "fetch/local_io.h"
#include "fetch/pin_text.h"

namespace omicsfs {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the map's cells are kept in the machine's order");

constexpr std::string_view kMapMagic = "OMICSMAP";
constexpr std::uint32_t kVersion = 1;

// The fixed part of the header; the pins' text follows it.
struct FixedHeader {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t block_bytes;
  std::uint64_t file_size;
  std::uint32_t pins_bytes;
  std::uint32_t crc;  // of the whole header with this field 0
};
static_assert(sizeof(FixedHeader) == 32);

// The time stands at the header's end, which earlier versions left 0.
constexpr std::size_t kSinceAt = kMapHeaderBytes - sizeof(std::int64_t);
static_assert(kPinTextRoom == kSinceAt - sizeof(FixedHeader));

Error bad_header(const std::string& why) {
  return {ErrorCode::kInvalid, "block map header: " + why};
}

std::uint32_t header_crc(MapHeaderBytes bytes) {
  const std::uint32_t zero = 0;
  std::memcpy(bytes.data() + offsetof(FixedHeader, crc), &zero, sizeof zero);
  return crc32c(bytes);
}

std::uint64_t cell_offset(BlockIndex block) {
  return kMapHeaderBytes + block * kMapCellBytes;
}

std::uint64_t load_cell(const std::uint64_t& cell) {
  return __atomic_load_n(&cell, __ATOMIC_ACQUIRE);
}

}  // namespace

Result<MapHeaderBytes> encode_map_header(const MapHeader& header) {
  const auto pins = text_of_pins(header.pins);
  if (!pins) {
    return pins.error();
  }
  FixedHeader fixed{};
  std::copy(kMapMagic.begin(), kMapMagic.end(), fixed.magic.begin());
  fixed.version = kVersion;
  fixed.block_bytes = kBlockBytes;
  fixed.file_size = header.file_size;
  fixed.pins_bytes = static_cast<std::uint32_t>(pins->size());
  MapHeaderBytes bytes{};
  std::memcpy(bytes.data(), &fixed, sizeof fixed);
  std::memcpy(bytes.data() + sizeof fixed, pins->data(), pins->size());
  std::memcpy(bytes.data() + kSinceAt, &header.since, sizeof header.since);
  fixed.crc = header_crc(bytes);
  std::memcpy(bytes.data(), &fixed, sizeof fixed);
  return bytes;
}

Result<MapHeader> decode_map_header(std::span<const std::byte> bytes) {
  if (bytes.size() < kMapHeaderBytes) {
    return bad_header("too short");
  }
  MapHeaderBytes header;
  std::memcpy(header.data(), bytes.data(), kMapHeaderBytes);
  FixedHeader fixed;
  std::memcpy(&fixed, header.data(), sizeof fixed);
  if (!std::equal(kMapMagic.begin(), kMapMagic.end(), fixed.magic.begin())) {
    return bad_header("not a block map");
  }
  if (fixed.version != kVersion || fixed.block_bytes != kBlockBytes) {
    return bad_header("of another version");
  }
  if (fixed.crc != header_crc(header) || fixed.pins_bytes > kPinTextRoom) {
    return bad_header("damaged");
  }
  auto pins = parse_pin_text(
      {reinterpret_cast<const char*>(header.data()) + sizeof fixed,
       fixed.pins_bytes});
  if (!pins) {
    return pins.error();
  }
  std::int64_t since = 0;
  std::memcpy(&since, header.data() + kSinceAt, sizeof since);
  return MapHeader{fixed.file_size, *std::move(pins), since};
}

void BlockMap::Free::operator()(std::uint64_t* cells) const {
  std::free(cells);
}

BlockMap::BlockMap(std::uint64_t blocks)
    : blocks_(blocks),
      cells_(static_cast<std::uint64_t*>(
          std::calloc(std::max<std::uint64_t>(blocks, 1), kMapCellBytes))) {
  if (cells_ == nullptr) {
    throw std::bad_alloc();
  }
}

void BlockMap::trust_sealed_alone() { reset(true); }
void BlockMap::trust_all() { reset(false); }

void BlockMap::reset(bool sealed_alone) {
  BlockMap empty(blocks_);
  std::swap(cells_, empty.cells_);
  sealed_alone_ = sealed_alone;
  count_.store(0, std::memory_order_release);
}

bool BlockMap::counts(std::uint64_t cell) const {
  return sealed_alone_ ? state_of_cell(cell) == CellState::kSealed
                       : crc_of_cell(cell).has_value();
}

std::uint64_t BlockMap::cell(BlockIndex block) const {
  return load_cell(cells_[block]);
}

bool BlockMap::present(BlockIndex block) const { return counts(cell(block)); }

std::optional<std::uint32_t> BlockMap::crc(BlockIndex block) const {
  const std::uint64_t now = cell(block);
  return counts(now) ? crc_of_cell(now) : std::nullopt;
}

std::optional<std::uint32_t> BlockMap::sealed_crc(BlockIndex block) const {
  return sealed_crc_of_cell(cell(block));
}

bool BlockMap::adopt(BlockIndex block, std::uint64_t cell) {
  const std::uint64_t before =
      __atomic_exchange_n(&cells_[block], cell, __ATOMIC_ACQ_REL);
  const bool was = counts(before);
  const bool is = counts(cell);
  if (is && !was) {
    count_.fetch_add(1, std::memory_order_acq_rel);
  } else if (was && !is) {
    count_.fetch_sub(1, std::memory_order_acq_rel);
    losses_.fetch_add(1, std::memory_order_acq_rel);
  }
  return was;
}

void BlockMap::refresh(int fd, BlockRun run) {
  static_cast<void>(refresh(fd, run, [] { return Result<void>(); }));
}

Result<void> BlockMap::refresh(
    int fd, BlockRun run, const std::function<Result<void>()>& before_taking) {
  std::vector<std::uint64_t> cells(run.count);
  const std::size_t got = read_up_to(fd, cell_offset(run.first),
                                     std::as_writable_bytes(std::span(cells)));
  cells.resize(got / kMapCellBytes);
  bool asked = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool is_news = !present(run.first + i) &&
                         state_of_cell(cells[i]) != CellState::kAbsent;
    if (!is_news) {
      continue;
    }
    if (!std::exchange(asked, true)) {
      if (auto allowed = before_taking(); !allowed) {
        return allowed;
      }
    }
    adopt(run.first + i, cells[i]);
  }
  return {};
}

void BlockMap::load(int fd) {
  constexpr std::uint64_t kCellsAtOnce = 8192;
  const std::uint64_t end = cell_offset(blocks_);
  std::uint64_t at = kMapHeaderBytes;
  while (at < end) {
    const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0) {
      return;  // ENXIO: only a hole is left; anything else: stay absent
    }
    at = std::max(at, static_cast<std::uint64_t>(data));
    const BlockIndex first = (at - kMapHeaderBytes) / kMapCellBytes;
    if (first >= blocks_) {
      return;
    }
    const std::uint64_t count = std::min(kCellsAtOnce, blocks_ - first);
    refresh(fd, {first, count});
    at = cell_offset(first + count);
  }
}

std::vector<std::uint64_t> BlockMap::newest_cells(int fd, BlockRun run) const {
  std::vector<std::uint64_t> cells(run.count);
  const std::size_t got = read_up_to(fd, cell_offset(run.first),
                                     std::as_writable_bytes(std::span(cells)));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    // Damage, or a version that knows no seals, may have taken one away.
    const bool is_older = (i + 1) * kMapCellBytes > got ||
                          !sealed_crc_of_cell(cells[i]).has_value();
    cells[i] = is_older ? cell(run.first + i) : cells[i];
  }
  return cells;
}

Result<void> BlockMap::set(int fd, BlockIndex first,
                           std::span<const std::uint32_t> crcs) {
  std::vector<std::uint64_t> cells(crcs.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = stored_cell(cell(first + i), crcs[i]);
  }
  auto written =
      write_all(fd, cell_offset(first), std::as_bytes(std::span(cells)));
  if (!written) {
    return written;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    adopt(first + i, cells[i]);
  }
  return {};
}

std::vector<std::uint32_t> BlockMap::crcs() const {
  std::vector<std::uint32_t> all(blocks_);
  for (BlockIndex block = 0; block < blocks_; ++block) {
    all[block] = crc(block).value_or(0);
  }
  return all;
}

Result<void> BlockMap::seal(int fd, std::span<const std::uint32_t> crcs) {
  constexpr std::size_t kCellsAtOnce = 8192;
  std::vector<std::uint64_t> cells;
  for (std::size_t from = 0; from < crcs.size(); from += kCellsAtOnce) {
    cells.resize(std::min(kCellsAtOnce, crcs.size() - from));
    const std::size_t got = read_up_to(
        fd, cell_offset(from), std::as_writable_bytes(std::span(cells)));
    cells.resize(got / kMapCellBytes);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::uint32_t crc = crcs[from + i];
      if (crc_of_cell(cells[i]) == crc && this->crc(from + i) == crc) {
        cells[i] = make_cell(CellState::kSealed, crc);
      }
    }
    if (auto written =
            write_all(fd, cell_offset(from), std::as_bytes(std::span(cells)));
        !written) {
      return written;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (state_of_cell(cells[i]) == CellState::kSealed) {
        adopt(from + i, cells[i]);
      }
    }
  }
  return {};
}

void BlockMap::clear(int fd, BlockIndex block) {
  const std::uint64_t lost = lost_cell(newest_cells(fd, {block, 1}).front());
  adopt(block, lost);
  // A cell that cannot be cleared on disk still fails its block's CRC there.
  const auto written =
      write_all(fd, cell_offset(block), std::as_bytes(std::span(&lost, 1)));
  static_cast<void>(written);
}

void BlockMap::forget(BlockIndex block) {
  adopt(block, lost_cell(cell(block)));
}

// Only from the first present cell to the last: a map page that was never
// written must not come to take room because its blocks go.
Result<std::uint64_t> BlockMap::clear(int fd, BlockRun run) {
  BlockIndex first = run.first;
  BlockIndex end = run.end();
  while (first < end && !present(first)) {
    ++first;
  }
  while (end > first && !present(end - 1)) {
    --end;
  }
  std::vector<std::uint64_t> cells = newest_cells(fd, {first, end - first});
  std::transform(cells.begin(), cells.end(), cells.begin(), lost_cell);
  if (auto written =
          write_all(fd, cell_offset(first), std::as_bytes(std::span(cells)));
      !written) {
    return written.error();
  }
  std::uint64_t cleared = 0;
  for (BlockIndex block = first; block < end; ++block) {
    cleared += adopt(block, cells[block - first]) ? 1 : 0;
  }
  return cleared;
}

bool BlockMap::confirm(int fd, BlockIndex block, std::uint32_t crc) {
  std::uint64_t cell = 0;
  const std::size_t got = read_up_to(
      fd, cell_offset(block), std::as_writable_bytes(std::span(&cell, 1)));
  if (got != kMapCellBytes) {
    cell = 0;
  }
  if (counts(cell) && crc_of_cell(cell) == crc) {
    return true;
  }
  adopt(block, cell);
  return false;
}

}  // namespace omicsfs

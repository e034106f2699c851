// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/map_cell.h"
#include "fetch/version_pin.h"

// The block map of a cached file: which of its blocks are on disk, and the
// CRC-32C of each. On disk: a header of kMapHeaderBytes, then one cell of 8
// bytes a block, little-endian, {u32 state, u32 crc}.

namespace omicsfs {

inline constexpr std::size_t kMapHeaderBytes = 4096;

// What the header says. The pins are as pin_text.h keeps them.
struct MapHeader {
  std::uint64_t file_size = 0;
  VersionPin::Entries pins;
  // VersionPin::since; 0 where an earlier version wrote the header.
  std::int64_t since = 0;
};

using MapHeaderBytes = std::array<std::byte, kMapHeaderBytes>;

// Errors: kInvalid, the pins do not fit (text_of_pins).
Result<MapHeaderBytes> encode_map_header(const MapHeader& header);
// Errors: kInvalid for bytes that no encode_map_header of this version made:
// another magic, version, block size or checksum, or too few bytes.
Result<MapHeader> decode_map_header(std::span<const std::byte> bytes);

// The cells of one file, held in memory and written through to the map file.
// Memory is that of the pages touched. The file is neither mapped nor grown by
// a store to memory: a full disk or a truncated map is an error code here and
// not a SIGBUS. A cell that another process set is seen by refresh().
// Thread-safe; nothing here locks.
class BlockMap {
 public:
  // An empty map of `blocks` cells with no file behind it yet.
  explicit BlockMap(std::uint64_t blocks);

  // Empties it; from now on only sealed blocks count as present: the file was
  // filled from servers that are not trusted otherwise. REQUIRES: nobody else
  // uses it yet.
  void trust_sealed_alone();
  // Empties it, and all blocks count. REQUIRES: likewise.
  void trust_all();
  [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
  [[nodiscard]] bool present(BlockIndex block) const;
  [[nodiscard]] std::optional<std::uint32_t> crc(BlockIndex block) const;
  // The checksum that `block` must have, if it was sealed before.
  [[nodiscard]] std::optional<std::uint32_t> sealed_crc(BlockIndex block) const;
  // How often a present block has become absent here, for whatever reason:
  // what was found of the whole file before holds no longer.
  [[nodiscard]] std::uint64_t losses() const {
    return losses_.load(std::memory_order_acquire);
  }
  // Cells that are present.
  [[nodiscard]] std::uint64_t count() const {
    return count_.load(std::memory_order_acquire);
  }

  // Reads from the map file `fd` the cells of `run` that are absent here.
  // A cell that cannot be read stays absent.
  void refresh(int fd, BlockRun run);
  // Likewise; `before_taking` is called once the cells are read and before the
  // first is taken. Errors: its own; no cell is then taken.
  Result<void> refresh(int fd, BlockRun run,
                       const std::function<Result<void>()>& before_taking);
  // As refresh of every block, skipping the file's holes.
  void load(int fd);

  // Sets the cells of the blocks from `first` on in `fd`, then here. REQUIRES:
  // their data is written. Errors: kNoSpace, kIo; they then stay absent.
  Result<void> set(int fd, BlockIndex first,
                   std::span<const std::uint32_t> crcs);
  // The checksums of all blocks. REQUIRES: all are present.
  [[nodiscard]] std::vector<std::uint32_t> crcs() const;
  // Seals the blocks: `crcs` are those of all, of a file whose digest was found
  // right. Those that have changed meanwhile, here or in `fd`, stay as they
  // are. Errors: kNoSpace, kIo; some may be sealed then.
  Result<void> seal(int fd, std::span<const std::uint32_t> crcs);
  // Makes the block absent, in the file too as far as that can be written. Of
  // one that was sealed the checksum is kept, as by the next.
  void clear(int fd, BlockIndex block);
  // Makes the block absent here: the file cannot be reached.
  void forget(BlockIndex block);
  // Makes the blocks of `run` absent, in `fd` before here, so that no other
  // process takes them up again. Returns how many were present here.
  // Errors: kNoSpace, kIo; all then stay as they were.
  Result<std::uint64_t> clear(int fd, BlockRun run);
  // Whether `fd` still says that `block` is present with checksum `crc`. If
  // not, takes over what it says: another process has changed it.
  bool confirm(int fd, BlockIndex block, std::uint32_t crc);

 private:
  void reset(bool sealed_alone);
  [[nodiscard]] bool counts(std::uint64_t cell) const;
  [[nodiscard]] std::uint64_t cell(BlockIndex block) const;
  // The cells of `run` as `fd` has them, or as they are here.
  [[nodiscard]] std::vector<std::uint64_t> newest_cells(int fd,
                                                        BlockRun run) const;
  // Returns whether the block was present before.
  bool adopt(BlockIndex block, std::uint64_t cell);

  std::uint64_t blocks_;
  bool sealed_alone_ = false;
  // From calloc, so that cells never touched cost no memory.
  struct Free {
    void operator()(std::uint64_t* cells) const;
  };
  std::unique_ptr<std::uint64_t[], Free> cells_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> losses_{0};
};

}  // namespace omicsfs

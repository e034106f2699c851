// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/unique_fd.h"
#include "fetch/block_map.h"
#include "fetch/byte_range.h"
#include "fetch/cache_files.h"
#include "fetch/counters.h"
#include "fetch/kept_open.h"
#include "fetch/mutex.h"
#include "fetch/version_pin.h"

namespace omicsfs {

// The blocks of one remote file on the local disk: a sparse data file and its
// block map, named by the content and its servers (content_key) and so shared
// by releases, mounts and processes; cache_files.h says how. If other servers'
// files of the same digest were found right, the file reads those instead:
// their sealed blocks alone, and it stores none. Nothing is written before the
// first create(). Where `kept` is given, it may close the files' descriptors
// between two uses; the next use opens them again. Thread-safe.
class CachedFile {
 public:
  // `kept` must outlive it; where it is null, the descriptors stay open.
  CachedFile(RemoteFile remote, const std::filesystem::path& dir,
             Counters& counters, KeptOpen* kept = nullptr);
  ~CachedFile();
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;

  [[nodiscard]] const RemoteFile& remote() const { return remote_; }
  // Names the content, for this process.
  [[nodiscard]] const std::string& key() const { return key_; }
  // Names the files on disk, for the index: another key if they are borrowed.
  [[nodiscard]] const std::string& disk_key() const {
    return is_borrowed() ? borrowed_key_ : key_;
  }
  [[nodiscard]] bool is_borrowed() const {
    return borrowed_.load(std::memory_order_acquire);
  }
  [[nodiscard]] const std::shared_ptr<VersionPin>& pin() const { return pin_; }
  [[nodiscard]] std::uint64_t blocks() const { return map_.blocks(); }

  // Takes up what an earlier session left, if it is usable: the files of
  // another server if those are whole and sealed, else its own. Once, before
  // any other use.
  void attach();
  // Takes up the whole file that a version left whose keys named no server, and
  // seals it, if its stamp is what `verified_stamp` says of its key. After
  // attach(), before any other use.
  void attach_earlier(
      const std::function<std::uint64_t(const std::string&)>& verified_stamp);
  // Makes the files where there are none. Errors: kNoSpace, kIo; the file then
  // works uncached and the next call tries again. Not after remove().
  Result<void> create();

  [[nodiscard]] bool present(BlockIndex block) const {
    return map_.present(block);
  }
  // Looks whether another process has stored blocks of `run`, and takes its
  // pins before its blocks. Errors: kChanged, where they are of another
  // version.
  Result<void> refresh(BlockRun run);
  [[nodiscard]] bool complete() const { return map_.count() == blocks(); }
  [[nodiscard]] std::uint64_t present_bytes() const;
  // See BlockMap::losses.
  [[nodiscard]] std::uint64_t losses() const { return map_.losses(); }
  // Whether `bytes` may be those of `block`: not if it was sealed with another
  // checksum.
  [[nodiscard]] bool may_be(BlockIndex block,
                            std::span<const std::byte> bytes) const;
  // The published digest was found right of all blocks, whose checksums are
  // `crcs`: seals them and shares the file with other servers. Errors:
  // kNoSpace, kIo.
  Result<void> seal(std::span<const std::uint32_t> crcs);

  // Reads the blocks of `run` whole into `out` and checks each one's CRC.
  // Returns the first block that was not read: not present, or damaged and so
  // just made absent; or punched. REQUIRES: out.size() is what the run covers
  // of the file.
  [[nodiscard]] BlockIndex load(BlockRun run, std::span<std::byte> out);
  // Writes the blocks of `run`, data before cells, and the pins before the
  // first block that came under them. Blocks that are here and sealed stay as
  // they are. Errors: kNoSpace, kIo; kCorrupt, a block is not what was sealed;
  // kChanged where another process keeps blocks of another version; the blocks
  // then stay absent. REQUIRES: `blocks` are those of the run, each whole, and
  // the file is not borrowed.
  Result<void> store(BlockRun run,
                     std::span<const std::span<const std::byte>> blocks);

  // The data file's stamp (stamp_of), 0 where there is none.
  [[nodiscard]] std::uint64_t stamp() const;
  // Puts on the disk what was written where older bytes may lie: a power cut
  // could bring those back under the same stamp. False where it cannot.
  [[nodiscard]] bool settle();
  // The data file opened anew, for others to read: in the state that `stamp`
  // names and with no hole, else not. Its shared flock keeps holes out.
  [[nodiscard]] UniqueFd open_whole(std::uint64_t stamp) const;

  // Frees the disk space of `runs`; their blocks become absent. Returns the
  // bytes that the disk got back: 0 where the file system cannot punch holes,
  // or where somebody has a shared flock on the data file, who reads it as it
  // lies. REQUIRES: nobody stores blocks of `runs` meanwhile; readers may.
  std::uint64_t punch(std::span<const BlockRun> runs);

  // Whether the two files have been found or made.
  [[nodiscard]] bool is_created() const {
    return was_opened_.load(std::memory_order_acquire);
  }
  // Bytes that the two files take on disk; 0 before create().
  [[nodiscard]] std::uint64_t disk_bytes() const;
  // Unlinks the files that it has open, and its own if nobody has them open;
  // open handles keep what they have. It opens and makes none any more: those
  // of its name are its successor's.
  void remove() const;

 private:
  using Backing = OpenBacking;
  using NewBacking = std::unique_ptr<CacheBacking>;

  Result<NewBacking> open_files(MissingFile missing) const;
  Result<NewBacking> open_backing(MissingFile missing) const;
  Result<NewBacking> open_again() const;
  [[nodiscard]] Result<void> adopt_header(const CacheBacking& backing) const;
  [[nodiscard]] bool is_of_this_size(const CacheBacking& backing) const;
  bool attach_borrowed(const std::string& key);
  bool borrow(const std::string& key, NewBacking backing);
  Result<void> store_run(const Backing& backing, BlockRun run,
                         std::span<const std::span<const std::byte>> blocks);
  [[nodiscard]] bool are_sealed(const Backing& backing, BlockRun run);
  std::shared_ptr<const Backing> publish(NewBacking backing) const;
  // The open files, opened again where they were closed; null before attach()
  // or create() has found or made them, and where they cannot be opened.
  [[nodiscard]] std::shared_ptr<const Backing> backing() const;
  Result<void> save_pins(const Backing& backing);
  static Result<void> write_header(const CacheBacking& backing,
                                   const MapHeader& header);
  // False where there is no header that can be read.
  Result<bool> take_pins(const CacheBacking& backing) const;
  void sample_what_is_here();
  void keep_sample(BlockIndex block);
  [[nodiscard]] bool load_again(const Backing& backing, BlockIndex block,
                                std::span<std::byte> out);
  std::uint64_t punch_run(const Backing& backing, BlockRun run);
  void forget(BlockRun run);

  RemoteFile remote_;
  std::filesystem::path dir_;
  std::string key_;
  CachePaths paths_;          // of the files in use
  std::string borrowed_key_;  // constant once borrowed_
  std::atomic<bool> borrowed_{false};
  Counters& counters_;
  std::shared_ptr<VersionPin> pin_;
  BlockMap map_;
  KeptOpen* const kept_;
  // Of the files in use; null where nothing closes them. Constant after
  // attach() and attach_earlier().
  std::shared_ptr<IdleMark> mark_;
  mutable std::atomic<bool> was_opened_{false};
  mutable Mutex backing_mutex_;
  mutable std::weak_ptr<Backing> backing_ GUARDED_BY(backing_mutex_);
  // Where nothing closes the files.
  mutable std::shared_ptr<Backing> owned_ GUARDED_BY(backing_mutex_);
  // The pin's revision that the header has.
  static constexpr unsigned kNotSaved = UINT_MAX;
  mutable std::atomic<unsigned> saved_pins_{kNotSaved};
  mutable std::atomic<bool> is_dropped_{false};
  std::atomic<bool> rewritten_{false};  // perhaps, and not on the disk yet
};

}  // namespace omicsfs

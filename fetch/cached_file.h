// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
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
#include "fetch/counters.h"
#include "fetch/mutex.h"
#include "fetch/version_pin.h"

namespace omicsfs {

// Where the files of a key lie below the cache directory:
// `<dir>/v1/files/<2 hex>/<key>.data` and `.map`, and of a deflated member
// `.points`, the checkpoints of its stream (points_file.h).
struct CachePaths {
  std::filesystem::path data;
  std::filesystem::path map;
  std::filesystem::path points;
};
[[nodiscard]] CachePaths cache_paths(const std::filesystem::path& dir,
                                     const std::string& key);

// The blocks of one remote file on the local disk: a sparse data file and its
// block map, named by the content and so shared by releases, mounts and
// processes. A shared flock on the map marks the file as open; who holds the
// exclusive one may delete it (see remove_cached). Nothing is written before
// the first create(). Thread-safe.
class CachedFile {
 public:
  CachedFile(RemoteFile remote, const std::filesystem::path& dir,
             Counters& counters);
  ~CachedFile() = default;
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;

  [[nodiscard]] const RemoteFile& remote() const { return remote_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const std::shared_ptr<VersionPin>& pin() const { return pin_; }
  [[nodiscard]] std::uint64_t blocks() const { return map_.blocks(); }

  // Takes up what an earlier session left, if it is usable. Once, before any
  // other use.
  void attach();
  // Makes the files where there are none. Errors: kNoSpace, kIo; the file then
  // works uncached and the next call tries again.
  Result<void> create();

  [[nodiscard]] bool present(BlockIndex block) const {
    return map_.present(block);
  }
  // Looks whether another process has stored blocks of `run`.
  void refresh(BlockRun run);
  [[nodiscard]] bool complete() const { return map_.count() == blocks(); }
  [[nodiscard]] std::uint64_t present_bytes() const;

  // Reads the blocks of `run` whole into `out` and checks each one's CRC.
  // Returns the first block that was not read: not present, or damaged and so
  // just made absent; or punched. REQUIRES: out.size() is what the run covers
  // of the file.
  [[nodiscard]] BlockIndex load(BlockRun run, std::span<std::byte> out);
  // Writes the blocks of `run`, data before cells, and the pins before the
  // first block that came under them. Errors: kNoSpace, kIo; the blocks then
  // stay absent. REQUIRES: `blocks` are those of the run, each whole.
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

  // Whether the two files are there and open.
  [[nodiscard]] bool is_created() const {
    return backing_.load(std::memory_order_acquire) != nullptr;
  }
  // Bytes that the two files take on disk; 0 before create().
  [[nodiscard]] std::uint64_t disk_bytes() const;
  // Unlinks the files; open handles keep what they have.
  void remove() const;

 private:
  struct Backing {
    UniqueFd data;
    UniqueFd map;
  };
  enum class Missing { kCreate, kLeave };

  Result<std::unique_ptr<Backing>> open_backing(Missing missing);
  [[nodiscard]] Result<std::unique_ptr<Backing>> open_locked(
      Missing missing) const;
  Result<void> adopt_header(const Backing& backing);
  void publish(std::unique_ptr<Backing> backing);
  Result<void> save_pins(const Backing& backing);
  [[nodiscard]] bool load_again(const Backing& backing, BlockIndex block,
                                std::span<std::byte> out);
  std::uint64_t punch_run(const Backing& backing, BlockRun run);

  RemoteFile remote_;
  std::string key_;
  CachePaths paths_;
  Counters& counters_;
  std::shared_ptr<VersionPin> pin_;
  BlockMap map_;
  // Set once, then unchanged: readers need no lock.
  std::atomic<const Backing*> backing_{nullptr};
  Mutex publish_mutex_;
  std::unique_ptr<Backing> owned_ GUARDED_BY(publish_mutex_);
  std::atomic<unsigned> saved_pins_{0};
  std::atomic<bool> rewritten_{false};  // perhaps, and not on the disk yet
};

// Deletes the files of `key` unless some process has them open. Returns whether
// they are gone.
bool remove_cached(const std::filesystem::path& dir, const std::string& key);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fetch/block_origin.h"
#include "fetch/byte_source.h"
#include "fetch/cache_index.h"
#include "fetch/cache_space.h"
#include "fetch/cached_file.h"
#include "fetch/check_turn.h"
#include "fetch/counters.h"
#include "fetch/digest_check.h"
#include "fetch/fetch_memory.h"
#include "fetch/file_space.h"
#include "fetch/flight_table.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"
#include "fetch/read_ahead.h"
#include "fetch/store_backlog.h"
#include "fetch/whole_stream.h"
#include "fetch/worker.h"

namespace omicsfs {

// How long a server that offered other bytes than the catalog's is believed.
// Its file keeps its blocks; the first read after that asks again.
struct ChangeVerdicts {
  std::chrono::steady_clock::duration last = std::chrono::seconds(30);
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;
};

// A file's own failures, of interest beyond the read that meets them.
using OnFailure =
    std::function<void(const std::string& key, const Error& failure)>;

// What every cached source uses; outlives them all. `index`, `space` are null
// where the cache directory cannot be used: everything is then read uncached.
struct CacheServices {
  std::filesystem::path dir;
  CacheIndex* index = nullptr;
  CacheSpace* space = nullptr;
  // Does what nobody waits for: uses to be written to the index, reports.
  Worker* housekeeper = nullptr;
  // Checks the digests of large files, which takes minutes.
  Worker* checker = nullptr;
  RangeFetcher* fetcher = nullptr;
  Counters* counters = nullptr;
  KeptOpen* kept = nullptr;
  OnFailure on_failure;
  // Told what kept bytes from being kept, where that is not the limit.
  OnFailure on_unkept;
  FetchBudget* budget = nullptr;
  BlockBuffers* buffers = nullptr;
  // Writes what came over the network to the cache's disk, so that neither
  // readers nor the network wait for it.
  Worker* storer = nullptr;
  // What waits for it.
  StoreBacklog* backlog = nullptr;
  std::uint64_t connections = 1;  // that a server is asked over at a time
  // Asks for the room of what is fetched ahead, so that no reader does.
  Worker* prefetcher = nullptr;
  // Tells the index what it must know of a file that was closed, later or, at
  // the end of the cache, at once.
  std::function<void(const std::function<void()>& tell)> after_close{};
  ChangeVerdicts verdicts{};
};

// One remote file read through the block cache; one object a file, shared by
// all who have it open. Thread-safe.
class CachedSource final : public ByteSource,
                           public std::enable_shared_from_this<CachedSource> {
 public:
  // The most that one request asks for: 8 MiB.
  static constexpr std::uint64_t kMaxRunBlocks = 128;
  // Up to this size a file's digest is checked before the read that completes
  // it returns, from memory and from what is on disk: hashing it costs a few
  // milliseconds at most.
  static constexpr std::uint64_t kCheckBeforeReply = 4 << 20;
  // The same of a file that had wrong bytes before, which its server may send
  // again, and of one that replicas were believed of by a few of its bytes.
  // Hashing it costs two seconds at most.
  static constexpr std::uint64_t kCheckSuspect = std::uint64_t{1} << 30;

  // `origin` is null for a file that comes from its own urls.
  CachedSource(RemoteFile remote, const CacheServices& services,
               std::shared_ptr<BlockOrigin> origin);
  ~CachedSource() override;

  // Takes up what is on disk; blocks until that is done, for whoever calls.
  void attach();
  // See BlockOrigin.
  void renew_urls(const std::vector<std::string>& urls) {
    origin_->renew_urls(urls);
  }
  // The file had wrong bytes before. REQUIRES: nobody reads yet.
  void suspect() { is_suspect_ = true; }
  // The failure() until then. REQUIRES: nobody reads yet.
  using TimePoint = std::chrono::steady_clock::time_point;
  void refuse(const Error& error, TimePoint until);

  [[nodiscard]] const CachedFile& file() const { return file_; }
  // Whether all of `range` is on disk. REQUIRES: `range` lies within the file.
  [[nodiscard]] bool has(ByteRange range) const {
    return all_present(blocks_of(range));
  }
  [[nodiscard]] FileSpace& space() { return space_; }
  // Whether the bytes that readers get now were found to have the digest.
  [[nodiscard]] bool verified() const {
    return is_checked() || agreed_.load() == changes();
  }
  [[nodiscard]] bool has_failed() const {
    return failed_.load(std::memory_order_acquire);
  }
  // Whether its files are gone, so that whoever opens the file begins anew.
  [[nodiscard]] bool is_spent() const {
    return spent_.load(std::memory_order_acquire);
  }
  // The data file, for the kernel to read past us (CachedFile::open_whole); no
  // descriptor where it is incomplete, not verified, or written to since.
  [[nodiscard]] UniqueFd open_whole() const;
  // The failure that makes each read of what is not here fail now, if there is
  // one; but for kChanged, that of what is here, too.
  [[nodiscard]] std::optional<Error> failure();

  [[nodiscard]] std::uint64_t size() const override {
    return file_.remote().size;
  }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override;
  [[nodiscard]] std::unique_ptr<Reading> begin_read(ByteRange range) override;
  // Starts to fetch what of `range` is neither here nor on its way, as far as
  // memory and disk have room for what nobody has asked for yet; returns at
  // once. REQUIRES: `range` lies within the file.
  void fetch_ahead(ByteRange range);
  // Somebody opens the file, or closes it: when the last one has, what was
  // fetched ahead is cancelled.
  void add_reader() {
    had_readers_.store(true, std::memory_order_relaxed);
    readers_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop_reader();

 private:
  using Check = CheckState;
  // What reads on from a stream of reads, or what something else hints at.
  enum class AheadFor { kStream, kOther };
  struct AwaitsRoom {
    BlockRun run;
    AheadFor whom = AheadFor::kOther;
    std::uint64_t closes = 0;  // as it was when the run was to be fetched
  };
  using Parts = std::vector<FlightTable::Part>;
  struct Window;       // a read's range and buffer
  struct Storing;      // how far a flight's blocks are on disk
  class BlockReading;  // one read
  class DigestTurn;    // the one reader that checks the digest
  class RoomTurn;      // the one question for room ahead

  Parts join(BlockRun run);
  void note_fetched(const FlightTable::Part& part, bool is_jump);
  BlockIndex take_present(BlockRun run, const Window& window);
  BlockIndex take_whole(BlockIndex block, BlockIndex end, const Window& window);
  BlockIndex take_part(BlockIndex block, const Window& window);
  [[nodiscard]] bool all_present(BlockRun run) const;
  [[nodiscard]] RunLimits run_limits() const;
  [[nodiscard]] std::shared_ptr<Flight> new_flight(BlockRun run,
                                                   FetchBudget::Share share);

  void look_ahead(ByteRange read, ReadAhead::Met met);
  void follow_format(BlockIndex block, std::span<const std::byte> bytes);
  void fetch_runs_ahead(const std::vector<BlockRun>& runs, AheadFor whom);
  void ask_later(std::span<const BlockRun> runs, AheadFor whom);
  bool ask_room_and_fetch();
  bool fetch_within(const std::shared_ptr<const Room>& room, BlockRun run);
  void refuse_ahead(BlockRun run, AheadFor whom);
  enum class Ahead { kTaken, kNoMemory, kNoRoom };
  Ahead ask_ahead(BlockRun run);
  void attach_disk();
  std::shared_ptr<BlockOrigin> origin_of_urls();
  void fill(const std::shared_ptr<WholeStream::Question>& question);

  void start(const std::shared_ptr<Flight>& flight,
             std::shared_ptr<const Room> room);
  void launch(const std::shared_ptr<Flight>& flight,
              std::shared_ptr<const Room> room);
  void note_arrived(const std::shared_ptr<Storing>& storing,
                    std::uint64_t count);
  void note_ended(const Flight& flight, const Result<void>& result);
  void end_storing(Storing& storing);
  std::shared_ptr<const Room> room_for(const BlockRun& run, Priority priority);
  void remove_if_spent();
  void tell_unkept(const Error& error);
  [[nodiscard]] std::shared_ptr<const Room> room_held(const BlockRun& run);
  bool has_room(Storing& storing);
  void store_arrived(Storing& storing, std::uint64_t count);
  void store(Storing& storing, std::uint64_t count);
  void settle_backlog(Storing& storing, std::uint64_t count);

  // Whether the bytes on disk were checked, and none has been lost since.
  [[nodiscard]] bool is_checked() const {
    return check_.load(std::memory_order_acquire) == Check::kPassed &&
           checked_losses_.load(std::memory_order_acquire) == file_.losses();
  }
  // How often bytes came, or went that may come again: each time they may
  // differ from those that were checked.
  [[nodiscard]] std::uint64_t changes() const {
    return arrivals_.load() + file_.losses();
  }
  [[nodiscard]] bool digest_due() const;
  [[nodiscard]] bool is_checked_before_reply() const {
    const bool is_suspect = is_suspect_ || file_.pin()->has_replicas();
    return size() <= (is_suspect ? kCheckSuspect : kCheckBeforeReply);
  }
  [[nodiscard]] bool needs_check() const;
  void check_later();
  bool begin_check();
  bool was_verified_before();
  std::optional<Result<void>> check_before_reply(
      const Parts& parts, const std::shared_ptr<Waker>& waker);
  bool check_now(const Parts& parts, const std::shared_ptr<Waker>& waker);
  [[nodiscard]] std::optional<BlocksInMemory> all_here(
      const Parts& parts) const;
  void fail_digest();
  void check_digest(const std::stop_token& stop);
  void note_verified(std::uint64_t stamp,
                     const std::vector<std::uint32_t>& crcs);
  void drop_stale_check();
  [[nodiscard]] std::optional<Error> failure_of_all();
  void fail(const Error& error);

  CachedFile file_;
  const CacheServices& services_;
  std::shared_ptr<WholeStream> stream_;  // null: it has an origin of its own
  const std::shared_ptr<BlockOrigin> origin_;
  FlightTable flights_;
  FileSpace space_;
  std::once_flag attached_;
  std::atomic<Check> check_{Check::kNone};
  std::atomic<std::uint64_t> stamp_{0};  // of the data file that was verified
  // CachedFile::losses when the check that passed began.
  std::atomic<std::uint64_t> checked_losses_{0};
  bool is_suspect_ = false;
  std::atomic<bool> disk_was_full_{false};
  std::atomic<bool> failed_{false};
  std::atomic<bool> spent_{false};
  std::atomic<int> readers_{0};
  std::atomic<bool> had_readers_{false};
  std::atomic<bool> has_format_{false};  // its bytes have told what comes next
  std::atomic<BlockIndex> last_followed_{UINT64_MAX};

  Mutex ahead_mutex_;
  ReadAhead ahead_ GUARDED_BY(ahead_mutex_);
  // To be fetched ahead once there is room.
  std::deque<AwaitsRoom> await_room_ GUARDED_BY(ahead_mutex_);
  bool asks_room_ GUARDED_BY(ahead_mutex_) = false;  // a task does

  std::atomic<std::uint64_t> arrivals_{0};  // flights that were launched
  // As of which changes() the readers found that the digest agrees.
  std::atomic<std::uint64_t> agreed_{UINT64_MAX};
  std::atomic<std::uint64_t> closes_{0};  // by a last reader

  mutable Mutex mutex_;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  TimePoint failure_ends_ GUARDED_BY(mutex_) = TimePoint::max();
  bool is_checking_ GUARDED_BY(mutex_) = false;  // a reader
  std::vector<std::weak_ptr<Waker>> await_verdict_ GUARDED_BY(mutex_);
};

// One who has a cached file open.
class CacheReader final : public ByteSource {
 public:
  explicit CacheReader(std::shared_ptr<CachedSource> source);
  ~CacheReader() override;
  CacheReader(const CacheReader&) = delete;
  CacheReader& operator=(const CacheReader&) = delete;

  [[nodiscard]] std::uint64_t size() const override { return source_->size(); }
  Result<void> read_at(std::uint64_t offset, std::span<std::byte> out,
                       const ReadLimits& limits) override {
    return source_->read_at(offset, out, limits);
  }
  [[nodiscard]] std::unique_ptr<Reading> begin_read(ByteRange range) override {
    return source_->begin_read(range);
  }

 private:
  std::shared_ptr<CachedSource> source_;
};

}  // namespace omicsfs

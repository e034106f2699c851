// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "fetch/cache_index.h"
#include "fetch/cache_space.h"
#include "fetch/cached_source.h"
#include "fetch/counters.h"
#include "fetch/mutex.h"
#include "fetch/once_per.h"
#include "fetch/range_fetch.h"
#include "fetch/worker.h"
#include "fetch/worker_pool.h"

namespace omicsfs {

struct CacheUse {
  std::uint64_t limit = 0;  // bytes
  std::uint64_t used = 0;   // bytes
  std::uint64_t files = 0;
};

// How much is fetched at a time.
struct FetchLimits {
  std::uint64_t memory = std::uint64_t{256} << 20;  // bytes, in all
  std::uint64_t connections = kConnectionsPerHost;  // to one server
  std::size_t kept_open = 512;  // cached files that keep their descriptors
};

// What fetches, and how much at a time.
struct Fetching {
  RangeFetcher& fetcher;
  FetchLimits limits{};
  ChangeVerdicts verdicts{};
};

// What is known of a file without opening it.
struct CachedState {
  std::uint64_t cached_bytes = 0;
  bool verified = false;
};

// Remote files as local ones: blocks come over the network when first read and
// stay on disk, within a limit, shared by all processes that use the directory.
// Thread-safe.
class BlockCache {
 public:
  // Told, from the housekeeper's thread, when a file's bytes turned out wrong
  // or changed (CachedSource::failure says which), and once a minute at most
  // when the disk fails to keep what was fetched.
  using OnReport = std::function<void(const CacheReport& report)>;

  // Makes `dir` where it is missing. Where it cannot be used, everything is
  // read uncached and why() says why. the fetcher and `counters` must outlive
  // it; the transport below must be stopped before it is destroyed.
  BlockCache(const std::filesystem::path& dir, const CacheLimits& limits,
             const Fetching& fetching, Counters& counters, OnReport on_report);
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  // The one source for the content of `remote`; made where nobody has it open.
  // Where its server was found to offer other bytes lately (ChangeVerdicts),
  // each read fails with that kChanged, and no server is asked.
  std::shared_ptr<CachedSource> open(const RemoteFile& remote);
  [[nodiscard]] CachedState state(const RemoteFile& remote);
  // Fetches a file ahead that nobody has opened yet, as far as there is room;
  // returns at once.
  void fetch_ahead(const RemoteFile& remote);
  // Whether content of `key` was dropped since the start.
  [[nodiscard]] bool was_dropped(const std::string& key) const;

  // Limits and use as last seen; never waits for the disk.
  [[nodiscard]] CacheUse use() const;
  // Why nothing is cached; empty where all is well.
  [[nodiscard]] const std::string& why_uncached() const { return why_; }
  // Ends what asks the network by itself: what members of archives are unpacked
  // by, whose reads then fail with kInterrupted, and what fetches ahead.
  // REQUIRES: called before the transport is destroyed.
  void end_unpacking();
  // Files that are remembered because somebody has them open, or had of late:
  // about twice those that are open at most.
  [[nodiscard]] std::size_t remembered() const;
  // Returns once what was fetched is on disk, and digests that wait to be
  // checked, and reports, have been.
  void wait_until_idle();

 private:
  class PlaceAhead;

  std::shared_ptr<CachedSource> source_of(const RemoteFile& remote);
  [[nodiscard]] std::shared_ptr<CachedSource> open_source(
      const std::string& key) const;
  void renew_urls(CachedSource& source, const RemoteFile& remote) const;
  std::shared_ptr<CachedSource> new_source(const RemoteFile& remote,
                                           const std::string& key);
  std::shared_ptr<BlockOrigin> origin_of(const RemoteFile& remote,
                                         const std::string& key);
  std::shared_ptr<BlockOrigin> member_origin(const RemoteFile& remote,
                                             const std::string& key);
  [[nodiscard]] std::vector<std::shared_ptr<CachedSource>> open_sources() const;
  [[nodiscard]] OpenSpaces open_files() const;
  void note_failure(const std::string& key, const Error& failure);
  void note_unkept(const std::string& key, const Error& failure);
  void tell(const std::string& key, const std::string& message);
  void forget_closed() REQUIRES_LOCK(mutex_);
  void do_regular_work();
  void after_close(const std::function<void()>& tell);

  CacheLimits limits_;
  std::string why_;
  std::unique_ptr<CacheIndex> index_;
  std::unique_ptr<KeptOpen> kept_;  // null where index_ is
  std::unique_ptr<CacheSpace> space_;
  CacheServices services_;
  CacheServices uncached_;  // for what is on this machine's disk anyway
  OnReport on_report_;
  OncePer unkept_;

  mutable Mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<CachedSource>> open_
      GUARDED_BY(mutex_);
  std::size_t forget_at_ GUARDED_BY(mutex_) = 0;  // entries of open_
  // By key, content that turned out wrong.
  std::set<std::string> dropped_ GUARDED_BY(mutex_);
  // By key, what is believed of servers that offer other bytes.
  struct Verdict {
    Error error;
    CachedSource::TimePoint until;
  };
  std::map<std::string, Verdict> changed_ GUARDED_BY(mutex_);
  CacheUse use_ GUARDED_BY(mutex_);
  bool is_ending_ GUARDED_BY(mutex_) = false;
  std::atomic<std::size_t> files_ahead_{0};  // that wait for their turn

  FetchBudget budget_;
  StoreBacklog backlog_;
  BlockBuffers buffers_;
  // Last: their threads use the rest. Who unpacks may wait for who reads.
  std::unique_ptr<Worker> housekeeper_;
  std::unique_ptr<Worker> checker_;
  std::unique_ptr<Worker> storer_;
  std::unique_ptr<Worker> prefetcher_;
  WorkerPool local_readers_;
  WorkerPool unpackers_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/block_cache.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace omicsfs {
namespace {

// How often uses are written to the index and its totals read.
constexpr std::chrono::seconds kRegularPeriod{5};
}  // namespace

BlockCache::BlockCache(const std::filesystem::path& dir, CacheLimits limits,
                       const Fetching& fetching, Counters& counters,
                       OnDropped on_dropped)
    : limits_(limits),
      on_dropped_(std::move(on_dropped)),
      // What is on its way to the disk cannot be evicted.
      budget_(fetching.limits.memory, limits.limit / 4),
      buffers_(fetching.limits.memory) {
  auto index = CacheIndex::open(dir);
  if (index) {
    index_ = *std::move(index);
    space_ = std::make_unique<CacheSpace>(dir, limits, *index_, counters,
                                          [this] { return open_files(); });
  } else {
    why_ = index.error().message;
  }
  services_ = {dir,
               index_.get(),
               space_.get(),
               nullptr,
               &fetching.fetcher,
               &counters,
               [this](const std::string& key, const Error& failure) {
                 note_failure(key, failure);
               },
               &budget_,
               &buffers_,
               nullptr,
               fetching.limits.connections};
  housekeeper_ = std::make_unique<Worker>(
      Worker::Options{Worker::AtEnd::kDrop, Worker::Weight::kThird,
                      kRegularPeriod, [this] { do_regular_work(); }});
  services_.housekeeper = housekeeper_.get();
  storer_ = std::make_unique<Worker>(Worker::Options{});
  services_.storer = storer_.get();
  if (space_ != nullptr) {
    housekeeper_->add([this](const std::stop_token& /*stop*/) {
      // What is not settled now is by the next session.
      static_cast<void>(index_->settle_for_the_dead());
      space_->trim();
    });
  }
  do_regular_work();
}

// What was fetched is still stored; that may give the housekeeper work.
BlockCache::~BlockCache() {
  storer_.reset();
  housekeeper_.reset();
}

void BlockCache::wait_until_idle() {
  storer_->wait_until_idle();
  housekeeper_->wait_until_idle();
}

std::shared_ptr<CachedSource> BlockCache::open(const RemoteFile& remote) {
  auto source = source_of(remote);
  source->space().note_used();
  return source;
}

std::shared_ptr<CachedSource> BlockCache::source_of(const RemoteFile& remote) {
  const std::string key = content_key(remote);
  std::shared_ptr<CachedSource> source;
  std::shared_ptr<CachedSource> failed;  // its end is I/O: not under the lock
  {
    const MutexLock lock(mutex_);
    auto& slot = open_[key];
    source = slot.lock();
    // One that failed serves those who have it; new readers begin anew.
    if (source != nullptr && source->has_failed()) {
      failed = std::move(source);
      source = nullptr;
    }
    if (source == nullptr) {
      source = std::make_shared<CachedSource>(remote, services_);
      const auto dropped = dropped_.find(key);
      if (dropped != dropped_.end() && dropped->second) {
        source->refuse(*dropped->second);
      }
      slot = source;
    }
  }
  source->attach();
  return source;
}

CachedState BlockCache::state(const RemoteFile& remote) {
  const auto source = source_of(remote);
  return {source->file().present_bytes(), source->verified()};
}

bool BlockCache::was_dropped(const std::string& key) const {
  const MutexLock lock(mutex_);
  return dropped_.contains(key);
}

CacheUse BlockCache::use() const {
  const MutexLock lock(mutex_);
  return use_;
}

// Comes from a read or from the transport's thread, which must not wait for
// whoever is told: the kernel drops no page while a read of it is under way.
void BlockCache::note_failure(const std::string& key, const Error& failure) {
  {
    const MutexLock lock(mutex_);
    auto& lasting = dropped_[key];
    if (failure.code == ErrorCode::kChanged) {
      lasting = failure;
    }
  }
  const CacheReport report{static_cast<std::int64_t>(std::time(nullptr)), key,
                           failure.message};
  housekeeper_->add([this, report](const std::stop_token& /*stop*/) {
    if (index_ != nullptr) {
      static_cast<void>(index_->report(report));  // the log has it as well
    }
    if (on_dropped_) {
      on_dropped_(report);
    }
  });
}

// Those that failed have lost their files already.
std::vector<std::shared_ptr<CachedSource>> BlockCache::open_sources() const {
  std::vector<std::shared_ptr<CachedSource>> sources;
  const MutexLock lock(mutex_);
  for (const auto& [key, weak] : open_) {
    auto source = weak.lock();
    if (source != nullptr && !source->has_failed()) {
      sources.push_back(std::move(source));
    }
  }
  return sources;
}

OpenSpaces BlockCache::open_files() const {
  OpenSpaces files;
  for (const auto& source : open_sources()) {
    files.emplace_back(source, &source->space());
  }
  return files;
}

void BlockCache::do_regular_work() {
  buffers_.trim();
  {
    const MutexLock lock(mutex_);
    std::erase_if(open_,
                  [](const auto& entry) { return entry.second.expired(); });
  }
  if (index_ == nullptr) {
    return;
  }
  std::map<std::string, FileUse> uses;
  for (const auto& source : open_sources()) {
    if (const auto last_use = source->space().take_last_use()) {
      uses[source->file().key()] = {*last_use, false};
    } else {
      source->space().return_idle();  // unused since the last time
    }
  }
  static_cast<void>(index_->note_uses(uses));  // an order of eviction, no more
  space_->trim();
  if (const auto totals = index_->totals()) {
    const MutexLock lock(mutex_);
    use_ = {limits_.limit, totals->charged + index_->own_bytes(),
            totals->files};
  }
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/block_cache.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "fetch/inflated_origin.h"
#include "fetch/local_origin.h"
#include "fetch/stored_origin.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

// How often uses are written to the index and its totals read.
constexpr std::chrono::seconds kRegularPeriod{5};

constexpr std::size_t kLocalReaders = 4;
// Members that are unpacked at a time. Each may wait for the network, so there
// are more than processors.
constexpr std::size_t kUnpackers = 256;
// So many of them may wait for one server.
constexpr std::size_t kUnpackersOfOneServer = 32;

}  // namespace

BlockCache::BlockCache(const std::filesystem::path& dir,
                       const CacheLimits& limits, const Fetching& fetching,
                       Counters& counters, OnReport on_report)
    : limits_(limits),
      on_report_(std::move(on_report)),
      unkept_(std::chrono::minutes(1)),
      // What is on its way to the disk cannot be evicted.
      budget_(fetching.limits.memory, limits.limit / 4),
      // The other half is for what is under way.
      backlog_(fetching.limits.memory / 2),
      buffers_(fetching.limits.memory),
      local_readers_(kLocalReaders),
      unpackers_(kUnpackers, kUnpackersOfOneServer) {
  auto index = CacheIndex::open(dir, limits.index_patience);
  if (index) {
    index_ = *std::move(index);
    kept_ = std::make_unique<KeptOpen>(dir, fetching.limits.kept_open);
    space_ = std::make_unique<CacheSpace>(dir, limits, *index_, counters,
                                          [this] { return open_files(); });
  } else {
    why_ = index.error().message;
  }
  services_ = {dir,
               index_.get(),
               space_.get(),
               nullptr,
               nullptr,
               &fetching.fetcher,
               &counters,
               kept_.get(),
               [this](const std::string& key, const Error& failure) {
                 note_failure(key, failure);
               },
               [this](const std::string& key, const Error& failure) {
                 note_unkept(key, failure);
               },
               &budget_,
               &buffers_,
               nullptr,
               &backlog_,
               fetching.limits.connections};
  services_.verdicts = fetching.verdicts;
  housekeeper_ = std::make_unique<Worker>(
      Worker::Options{Worker::AtEnd::kDrop, Worker::Weight::kThird,
                      kRegularPeriod, [this] { do_regular_work(); }});
  services_.housekeeper = housekeeper_.get();
  checker_ = std::make_unique<Worker>(
      Worker::Options{Worker::AtEnd::kDrop, Worker::Weight::kThird});
  services_.checker = checker_.get();
  storer_ = std::make_unique<Worker>(Worker::Options{});
  services_.storer = storer_.get();
  prefetcher_ = std::make_unique<Worker>(Worker::Options{Worker::AtEnd::kDrop});
  services_.prefetcher = prefetcher_.get();
  services_.after_close = [this](const std::function<void()>& tell) {
    after_close(tell);
  };
  uncached_ = services_;
  uncached_.index = nullptr;
  uncached_.space = nullptr;
  if (space_ != nullptr) {
    housekeeper_->add([this](const std::stop_token& /*stop*/) {
      // What is not settled now is by the next session.
      static_cast<void>(index_->settle_for_the_dead());
      space_->trim();
    });
  }
  if (index_ == nullptr || index_->was_free()) {
    do_regular_work();
  }
}

// What was fetched is still stored; that may give the others work.
BlockCache::~BlockCache() {
  // Nobody waits long for an unmount because another process has the index
  // locked.
  constexpr std::chrono::seconds kEndPatience{5};
  if (index_ != nullptr) {
    index_->end_by(std::chrono::steady_clock::now() + kEndPatience);
  }
  end_unpacking();
  prefetcher_.reset();
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
  }
  storer_.reset();
  checker_.reset();
  housekeeper_.reset();
}

// By the storer, which does at the end what it was given; then by whoever is
// the last to have the file.
void BlockCache::after_close(const std::function<void()>& tell) {
  {
    const MutexLock lock(mutex_);
    if (!is_ending_) {
      storer_->add([tell](const std::stop_token& /*stop*/) { tell(); });
      return;
    }
  }
  tell();
}

void BlockCache::wait_until_idle() {
  prefetcher_->wait_until_idle();
  storer_->wait_until_idle();
  checker_->wait_until_idle();
  housekeeper_->wait_until_idle();
}

std::shared_ptr<CachedSource> BlockCache::open(const RemoteFile& remote) {
  auto source = source_of(remote);
  source->space().note_used();
  return source;
}

// A place in the line of files that are to be opened ahead.
class BlockCache::PlaceAhead {
 public:
  explicit PlaceAhead(std::atomic<std::size_t>& taken)
      : taken_(taken), number_(taken_.fetch_add(1)) {}
  ~PlaceAhead() { taken_.fetch_sub(1); }
  PlaceAhead(const PlaceAhead&) = delete;
  PlaceAhead& operator=(const PlaceAhead&) = delete;

  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::atomic<std::size_t>& taken_;
  const std::size_t number_;
};

void BlockCache::fetch_ahead(const RemoteFile& remote) {
  constexpr std::size_t kMostWaiting = 256;
  const auto place = std::make_shared<PlaceAhead>(files_ahead_);
  if (place->number() >= kMostWaiting) {
    return;
  }
  prefetcher_->add([this, remote, place](const std::stop_token& stop) {
    if (!stop.stop_requested()) {
      open(remote)->fetch_ahead({0, remote.size});
    }
  });
}

// Where its object is there and its files are, too. One whose bytes were found
// wrong serves those who have it; new readers begin anew.
std::shared_ptr<CachedSource> BlockCache::open_source(
    const std::string& key) const {
  std::shared_ptr<CachedSource> source;  // its end is I/O: not under the lock
  {
    const MutexLock lock(mutex_);
    const auto found = open_.find(key);
    source = found == open_.end() ? nullptr : found->second.lock();
  }
  return source != nullptr && !source->is_spent() ? source : nullptr;
}

std::shared_ptr<CachedSource> BlockCache::source_of(const RemoteFile& remote) {
  const std::string key = content_key(remote);
  auto source = open_source(key);
  if (source == nullptr) {
    source = new_source(remote, key);
  } else {
    renew_urls(*source, remote);
  }
  source->attach();
  return source;
}

// Somebody has it open; the urls of the one who opens it now may be signed for
// longer.
void BlockCache::renew_urls(CachedSource& source,
                            const RemoteFile& remote) const {
  if (!remote.member) {
    source.renew_urls(remote.urls);
    return;
  }
  const RemoteFile& archive = *remote.member->archive;
  source.renew_urls(archive.urls);
  if (const auto whole = open_source(content_key(archive))) {
    whole->renew_urls(archive.urls);
  }
}

// Or the one that somebody else has made meanwhile.
std::shared_ptr<CachedSource> BlockCache::new_source(const RemoteFile& remote,
                                                     const std::string& key) {
  auto made = std::make_shared<CachedSource>(
      remote, remote.local_path.empty() ? services_ : uncached_,
      origin_of(remote, key));
  if (remote.member && remote.member->method == MemberMethod::kUnreadable) {
    made->refuse(
        {ErrorCode::kUnsupported,
         "a member of " + origin_text(remote) +
             " is encrypted, or compressed in a way that is not read here"},
        CachedSource::TimePoint::max());
  }
  std::shared_ptr<CachedSource> known;
  const MutexLock lock(mutex_);
  if (open_.size() >= forget_at_) {
    forget_closed();
  }
  auto& slot = open_[key];
  known = slot.lock();
  if (known != nullptr && !known->is_spent()) {
    return known;
  }
  const auto verdict = changed_.find(key);
  if (verdict != changed_.end()) {
    made->refuse(verdict->second.error, verdict->second.until);
  }
  if (dropped_.contains(key)) {
    made->suspect();
  }
  slot = made;
  return made;
}

// An entry keeps the memory of its source, 1.7 KB. Looked for whenever they are
// twice as many as those that were open, an open costs the same however many
// there are.
void BlockCache::forget_closed() {
  constexpr std::size_t kFew = 64;
  std::erase_if(open_,
                [](const auto& entry) { return entry.second.expired(); });
  forget_at_ = 2 * open_.size() + kFew;
}

std::size_t BlockCache::remembered() const {
  const MutexLock lock(mutex_);
  return open_.size();
}

// Null for what comes from its own urls.
std::shared_ptr<BlockOrigin> BlockCache::origin_of(const RemoteFile& remote,
                                                   const std::string& key) {
  if (remote.member) {
    return member_origin(remote, key);
  }
  if (!remote.local_path.empty()) {
    return std::make_shared<LocalOrigin>(remote, local_readers_);
  }
  return nullptr;
}

std::shared_ptr<BlockOrigin> BlockCache::member_origin(const RemoteFile& remote,
                                                       const std::string& key) {
  const MemberPlace& place = *remote.member;
  const auto archive = source_of(*place.archive);
  auto bytes = std::make_unique<MemberBytes>(archive, place);
  const UnpackTools tools{unpackers_, *services_.counters,
                          place.archive->urls.empty()
                              ? std::string()
                              : server_of(place.archive->urls.front())};
  if (place.method == MemberMethod::kDeflated) {
    return std::make_shared<InflatedOrigin>(
        std::move(bytes), MemberFacts{remote.size, remote.digest},
        index_ == nullptr ? std::filesystem::path()
                          : cache_paths(services_.dir, key).points,
        tools);
  }
  std::unique_ptr<BlockOrigin> far;
  if (!place.archive->urls.empty()) {
    far = std::make_unique<UrlOrigin>(
        *services_.fetcher, place.archive->urls, place.archive->size,
        archive->file().pin(), place.archive->digest.has_value());
  }
  return std::make_shared<StoredOrigin>(std::move(bytes), std::move(far),
                                        tools);
}

void BlockCache::end_unpacking() {
  unpackers_.stop();
  local_readers_.stop();
  prefetcher_->end();
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

void BlockCache::note_failure(const std::string& key, const Error& failure) {
  {
    const MutexLock lock(mutex_);
    if (failure.code == ErrorCode::kChanged) {
      changed_.insert_or_assign(
          key,
          Verdict{failure, services_.verdicts.now() + services_.verdicts.last});
    } else {
      dropped_.insert(key);
    }
  }
  tell(key, failure.message);
}

void BlockCache::note_unkept(const std::string& key, const Error& failure) {
  if (unkept_.due(std::chrono::steady_clock::now())) {
    tell(key, "what is read is not kept for now: " + failure.message);
  }
}

// Comes from a read or from the transport's thread, which must not wait for
// whoever is told: the kernel drops no page while a read of it is under way.
void BlockCache::tell(const std::string& key, const std::string& message) {
  const CacheReport report{static_cast<std::int64_t>(std::time(nullptr)), key,
                           message};
  housekeeper_->add([this, report](const std::stop_token& /*stop*/) {
    if (index_ != nullptr) {
      static_cast<void>(index_->report(report));  // the log has it as well
    }
    if (on_report_) {
      on_report_(report);
    }
  });
}

// Those that failed have lost their files already.
std::vector<std::shared_ptr<CachedSource>> BlockCache::open_sources() const {
  std::vector<std::shared_ptr<CachedSource>> sources;
  const MutexLock lock(mutex_);
  for (const auto& [key, weak] : open_) {
    auto source = weak.lock();
    if (source != nullptr && !source->is_spent()) {
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
    forget_closed();
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

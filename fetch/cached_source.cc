// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <new>
#include <utility>

namespace omicsfs {

CachedSource::CachedSource(RemoteFile remote, const CacheServices& services,
                           std::shared_ptr<BlockOrigin> origin)
    : file_(std::move(remote), services.dir, *services.counters, services.kept),
      services_(services),
      origin_(origin != nullptr ? std::move(origin) : origin_of_urls()),
      space_(file_, services.space),
      ahead_(file_.remote().size) {}

CachedSource::~CachedSource() {
  try {
    // The last reader's release must not wait for the index.
    auto settle = space_.close_later();
    const bool forget = services_.index != nullptr && is_spent();
    if (settle || forget) {
      services_.after_close([index = services_.index, key = file_.disk_key(),
                             settle = std::move(settle), forget] {
        if (settle) {
          settle();
        }
        if (forget) {
          static_cast<void>(index->forget(key));
        }
      });
    }
  } catch (const std::bad_alloc&) {
    // What could not be noted is found again when the file is next attached.
  }
}

std::shared_ptr<BlockOrigin> CachedSource::origin_of_urls() {
  const RemoteFile& remote = file_.remote();
  auto origin = std::make_shared<StreamedOrigin>(
      *services_.fetcher, RangeRequest{remote.urls,
                                       remote.size,
                                       {0, remote.size},
                                       file_.pin(),
                                       remote.digest.has_value()});
  stream_ = origin->stream();
  return origin;
}

void CachedSource::attach() {
  std::call_once(attached_, [this] {
    if (stream_ != nullptr && services_.space != nullptr) {
      stream_->fill_by([weak = weak_from_this()](const auto& question) {
        if (const auto self = weak.lock()) {
          self->fill(question);
        }
      });
    }
    if (services_.index != nullptr) {
      attach_disk();
    }
  });
}

void CachedSource::attach_disk() {
  file_.attach();
  if (!file_.complete()) {
    file_.attach_earlier([this](const std::string& key) {
      const auto stamp = services_.index->verified_stamp_at_once(key);
      return stamp ? *stamp : 0;
    });
  }
  space_.attach();
  if (!file_.complete() || !file_.remote().digest || size() == 0) {
    return;
  }
  const auto verified =
      services_.index->verified_stamp_at_once(file_.disk_key());
  if (verified && *verified != 0 && *verified == file_.stamp()) {
    stamp_.store(*verified, std::memory_order_release);
    check_.store(Check::kPassed, std::memory_order_release);
  } else {
    check_later();
  }
}

UniqueFd CachedSource::open_whole() const {
  return is_checked() && !has_failed()
             ? file_.open_whole(stamp_.load(std::memory_order_acquire))
             : UniqueFd();
}

std::optional<Error> CachedSource::failure() {
  if (!failed_.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  const auto now = services_.verdicts.now();
  const MutexLock lock(mutex_);
  if (failure_ && now >= failure_ends_) {
    failure_.reset();
    failed_.store(false, std::memory_order_release);
  }
  return failure_;
}

// Of what is here, too.
std::optional<Error> CachedSource::failure_of_all() {
  auto failed = failure();
  return failed && failed->code != ErrorCode::kChanged ? failed : std::nullopt;
}

bool CachedSource::all_present(BlockRun run) const {
  BlockIndex block = run.first;
  while (block < run.end() && file_.present(block)) {
    ++block;
  }
  return block == run.end();
}

// Bytes that were found wrong are deleted, and every read of this object fails
// from now on. Where a server offers another version, those that are kept are
// still the pinned version's: they stay and are read, what must be fetched
// fails, and the server is asked again after a while.
void CachedSource::fail(const Error& error) {
  const bool changed = error.code == ErrorCode::kChanged;
  const auto now = services_.verdicts.now();
  {
    const MutexLock lock(mutex_);
    if (failure_) {
      return;
    }
    failure_ = error;
    failure_ends_ = changed ? now + services_.verdicts.last : TimePoint::max();
    failed_.store(true, std::memory_order_release);
  }
  if (!changed) {
    // In this order: whoever begins anew must find none of its files.
    file_.remove();
    spent_.store(true, std::memory_order_release);
  }
  services_.on_failure(file_.key(), error);
}

void CachedSource::refuse(const Error& error, TimePoint until) {
  const MutexLock lock(mutex_);
  failure_ = error;
  failure_ends_ = until;
  failed_.store(true, std::memory_order_release);
}

CacheReader::CacheReader(std::shared_ptr<CachedSource> source)
    : source_(std::move(source)) {
  source_->add_reader();
}

// What the kernel reads past us is used for as long as it is open.
CacheReader::~CacheReader() {
  source_->space().note_used();
  source_->drop_reader();
}

}  // namespace omicsfs

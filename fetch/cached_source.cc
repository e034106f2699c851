// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"

#include <new>
#include <utility>

namespace omicsfs {

CachedSource::CachedSource(RemoteFile remote, const CacheServices& services,
                           std::shared_ptr<BlockOrigin> origin)
    : file_(std::move(remote), services.dir, *services.counters),
      services_(services),
      origin_(origin != nullptr ? std::move(origin)
                                : std::make_shared<UrlOrigin>(
                                      *services.fetcher, file_.remote().urls,
                                      file_.remote().size, file_.pin())),
      space_(file_, services.space, [this] { lose_blocks(); }),
      ahead_(file_.remote().size) {}

CachedSource::~CachedSource() {
  try {
    // The last reader's release must not wait for the index.
    auto settle = space_.close_later();
    const bool forget = services_.index != nullptr && has_failed();
    if (settle || forget) {
      services_.after_close([index = services_.index, key = file_.key(),
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

void CachedSource::attach() {
  std::call_once(attached_, [this] {
    if (services_.index == nullptr) {
      return;
    }
    file_.attach();
    space_.attach();
    if (!file_.complete() || !file_.remote().digest || size() == 0) {
      return;
    }
    const auto verified = services_.index->verified_stamp_at_once(file_.key());
    if (verified && *verified != 0 && *verified == file_.stamp()) {
      stamp_.store(*verified, std::memory_order_release);
      check_.store(Check::kPassed, std::memory_order_release);
    } else {
      check_later();
    }
  });
}

UniqueFd CachedSource::open_whole() const {
  return verified() && !has_failed()
             ? file_.open_whole(stamp_.load(std::memory_order_acquire))
             : UniqueFd();
}

std::optional<Error> CachedSource::failure() const {
  if (!failed_.load(std::memory_order_acquire)) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  return failure_;
}

bool CachedSource::all_present(BlockRun run) const {
  BlockIndex block = run.first;
  while (block < run.end() && file_.present(block)) {
    ++block;
  }
  return block == run.end();
}

// Every read of this object fails from now on, and its files are gone: the
// next one that opens the file begins anew.
void CachedSource::fail(const Error& error) {
  {
    const MutexLock lock(mutex_);
    if (failure_) {
      return;
    }
    failure_ = error;
  }
  failed_.store(true, std::memory_order_release);
  file_.remove();
  services_.on_failure(file_.key(), error);
}

void CachedSource::refuse(const Error& error) {
  const MutexLock lock(mutex_);
  failure_ = error;
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

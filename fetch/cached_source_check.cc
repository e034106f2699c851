// SPDX-License-Identifier: MIT
#include <utility>
#include <vector>

#include "fetch/cached_source.h"
#include "fetch/digest_check.h"
#include "fetch/url.h"

// How a file's bytes are held against its published digest.

namespace omicsfs {

// A block that was lost, for whatever reason, may come again with other bytes:
// once complete again, the file is checked anew.
void CachedSource::drop_stale_check() {
  Check passed = Check::kPassed;
  if (verified() || !check_.compare_exchange_strong(passed, Check::kNone) ||
      services_.index == nullptr) {
    return;
  }
  services_.housekeeper->add(
      [self = shared_from_this()](const std::stop_token& /*stop*/) {
        // The stamp changes, too, when the block comes again.
        static_cast<void>(
            self->services_.index->clear_verified(self->file_.disk_key()));
      });
}

bool CachedSource::digest_due() const {
  return file_.remote().digest.has_value() && !verified() &&
         check_.load(std::memory_order_acquire) != Check::kFailed;
}

bool CachedSource::needs_check() const {
  return file_.complete() && digest_due();
}

// Owed to the file, whoever holds it by then: the task does.
void CachedSource::check_later() {
  Check none = Check::kNone;
  if (!check_.compare_exchange_strong(none, Check::kQueued)) {
    return;
  }
  services_.checker->add(
      [self = shared_from_this()](const std::stop_token& stop) {
        if (self->begin_check()) {
          self->check_digest(stop);
        }
      });
}

// Whether the caller is the one to check now.
bool CachedSource::begin_check() {
  Check state = check_.load(std::memory_order_acquire);
  while (state == Check::kNone || state == Check::kQueued) {
    if (check_.compare_exchange_weak(state, Check::kRunning)) {
      return true;
    }
  }
  return false;
}

// Whoever completes the file checks it, also where the housekeeper was to, who
// may be busy with a large one; the others wait for the verdict.
Result<void> CachedSource::check_before_reply(const ReadLimits& limits) {
  if (begin_check()) {
    check_digest(limits.stop);
    if (limits.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "the read was interrupted"};
    }
    return {};
  }
  MutexLock lock(mutex_);
  const bool settled =
      checked_.wait_until(lock, limits.stop, limits.deadline, [this] {
        return check_.load(std::memory_order_acquire) != Check::kRunning;
      });
  if (settled) {
    return {};
  }
  if (limits.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the read was interrupted"};
  }
  return Error{ErrorCode::kTimedOut, "the file's digest is being checked"};
}

// The stamp is that of before: whatever is written while the digest is computed
// changes it.
void CachedSource::check_digest(const std::stop_token& stop) {
  const std::uint64_t stamp = file_.settle() ? file_.stamp() : 0;
  const std::uint64_t losses = file_.losses();
  FileVerdict found = digest_agrees(file_, stop);
  switch (found.verdict) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      stamp_.store(stamp, std::memory_order_release);
      checked_losses_.store(losses, std::memory_order_release);
      note_verified(stamp, std::move(found.crcs));
      settle_check(Check::kPassed);
      return;
    case DigestVerdict::kDiffers:
      fail_digest();
      settle_check(Check::kFailed);
      return;
    case DigestVerdict::kUnknown:
      settle_check(Check::kNone);
      return;
  }
}

void CachedSource::fail_digest() {
  services_.counters->digest_mismatches.fetch_add(1);
  fail({ErrorCode::kCorrupt,
        origin_text(file_.remote()) +
            ": the bytes do not have the published digest " +
            to_string(*file_.remote().digest)});
}

// What a full or failing disk did not keep, or what was evicted at once.
void CachedSource::check_unkept(const Flight& whole) {
  if (digest_agrees(whole, *file_.remote().digest) == DigestVerdict::kDiffers) {
    fail_digest();
  }
}

// No reader waits for it. What cannot be noted is checked again by the next
// session.
void CachedSource::note_verified(std::uint64_t stamp,
                                 std::vector<std::uint32_t> crcs) {
  if (services_.index == nullptr) {
    return;
  }
  services_.housekeeper->add(
      [self = shared_from_this(), stamp,
       crcs = std::move(crcs)](const std::stop_token& /*stop*/) {
        static_cast<void>(self->file_.seal(crcs));
        static_cast<void>(
            self->services_.index->set_verified(self->file_.disk_key(), stamp));
      });
}

void CachedSource::settle_check(Check outcome) {
  {
    const MutexLock lock(mutex_);
    check_.store(outcome, std::memory_order_release);
  }
  checked_.notify_all();
}

}  // namespace omicsfs

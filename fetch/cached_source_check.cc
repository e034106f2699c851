// SPDX-License-Identifier: MIT
#include "fetch/cached_source.h"
#include "fetch/digest_check.h"
#include "fetch/url.h"

// How a file's bytes are held against its published digest.

namespace omicsfs {

// The file is about to lose blocks; once complete again, it is checked anew.
void CachedSource::lose_blocks() {
  Check passed = Check::kPassed;
  check_.compare_exchange_strong(passed, Check::kNone);
}

bool CachedSource::digest_due() const {
  const Check state = check_.load(std::memory_order_acquire);
  return file_.remote().digest.has_value() && state != Check::kPassed &&
         state != Check::kFailed;
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
  switch (digest_agrees(file_, stop)) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      note_verified(stamp);
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

void CachedSource::note_verified(std::uint64_t stamp) {
  stamp_.store(stamp, std::memory_order_release);
  if (services_.index != nullptr) {
    // Not kept: it is checked again by the next session.
    static_cast<void>(services_.index->set_verified(file_.key(), stamp));
  }
}

void CachedSource::settle_check(Check outcome) {
  {
    const MutexLock lock(mutex_);
    check_.store(outcome, std::memory_order_release);
  }
  checked_.notify_all();
}

}  // namespace omicsfs

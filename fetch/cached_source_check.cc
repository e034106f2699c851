// SPDX-License-Identifier: MIT
#include <algorithm>

#include "fetch/cached_source.h"
#include "fetch/digest_check.h"
#include "fetch/url.h"

// How a file's bytes are held against its published digest.

namespace omicsfs {

// The file is about to lose blocks; once complete again, it is checked anew.
void CachedSource::lose_blocks() {
  arrivals_.fetch_add(1);
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
        if (self->begin_check() && !self->was_verified_before()) {
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

// The index may not have answered at once when the file was opened.
bool CachedSource::was_verified_before() {
  const auto verified = services_.index == nullptr
                            ? Result<std::uint64_t>(0U)
                            : services_.index->verified_stamp(file_.key());
  if (!verified || *verified == 0 || *verified != file_.stamp()) {
    return false;
  }
  stamp_.store(*verified, std::memory_order_release);
  check_.store(Check::kPassed, std::memory_order_release);
  return true;
}

// The turn of one reader to check the digest; the others are woken at its end.
class CachedSource::DigestTurn {
 public:
  explicit DigestTurn(CachedSource& source) : source_(source) {}
  ~DigestTurn() {
    std::vector<std::weak_ptr<Waker>> waiting;
    {
      const MutexLock lock(source_.mutex_);
      source_.is_checking_ = false;
      waiting.swap(source_.await_verdict_);
    }
    for (const auto& one : waiting) {
      if (const auto waker = one.lock()) {
        waker->wake();
      }
    }
  }
  DigestTurn(const DigestTurn&) = delete;
  DigestTurn& operator=(const DigestTurn&) = delete;

 private:
  CachedSource& source_;
};

// None while another reader checks. What the index is to know of it, and what
// is to be on disk for that, is the housekeeper's work, which no read waits
// for.
std::optional<Result<void>> CachedSource::check_before_reply(
    const Parts& parts, const std::shared_ptr<Waker>& waker) {
  if (digest_due() && size() <= kCheckBeforeReply &&
      !check_small(parts, waker)) {
    return std::nullopt;
  }
  if (needs_check()) {
    check_later();
  }
  if (auto failed = failure()) {
    return *std::move(failed);
  }
  return Result<void>();
}

// False where `waker` is woken when another reader has done it.
bool CachedSource::check_small(const Parts& parts,
                               const std::shared_ptr<Waker>& waker) {
  const std::uint64_t arrivals = arrivals_.load();
  if (agreed_.load() == arrivals) {
    return true;
  }
  const auto memory = all_here(parts);
  if (!memory) {
    return true;  // another read will complete the file
  }
  {
    const MutexLock lock(mutex_);
    if (is_checking_) {
      await_verdict_.push_back(waker);
      return false;
    }
    is_checking_ = true;
  }
  const DigestTurn turn(*this);
  switch (digest_agrees(file_, *memory, {})) {
    case DigestVerdict::kAgrees:
      agreed_.store(arrivals);
      break;
    case DigestVerdict::kDiffers:
      fail_digest();
      break;
    case DigestVerdict::kUnknown:
      break;  // a block was evicted meanwhile
  }
  return true;
}

// Where each block is, if all are here. In this order: what leaves the table
// has been stored, or failed to be.
std::optional<BlocksInMemory> CachedSource::all_here(const Parts& parts) const {
  auto flights = flights_.all();
  for (const FlightTable::Part& part : parts) {
    if (part.flight != nullptr) {
      flights.push_back(part.flight);
    }
  }
  BlocksInMemory memory(file_.blocks());
  for (BlockIndex block = 0; block < file_.blocks(); ++block) {
    const auto flight =
        std::find_if(flights.begin(), flights.end(),
                     [block](const auto& one) { return one->has(block); });
    if (flight != flights.end()) {
      memory[block] = *flight;
    } else if (!file_.present(block)) {
      return std::nullopt;
    }
  }
  return memory;
}

// The stamp is that of before: whatever is written while the digest is computed
// changes it.
void CachedSource::check_digest(const std::stop_token& stop) {
  const std::uint64_t stamp = file_.settle() ? file_.stamp() : 0;
  switch (digest_agrees(file_, {}, stop)) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      note_verified(stamp);
      check_.store(Check::kPassed, std::memory_order_release);
      return;
    case DigestVerdict::kDiffers:
      fail_digest();
      check_.store(Check::kFailed, std::memory_order_release);
      return;
    case DigestVerdict::kUnknown:
      check_.store(Check::kNone, std::memory_order_release);
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

void CachedSource::note_verified(std::uint64_t stamp) {
  stamp_.store(stamp, std::memory_order_release);
  if (services_.index != nullptr) {
    // Not kept: it is checked again by the next session.
    static_cast<void>(services_.index->set_verified(file_.key(), stamp));
  }
}

}  // namespace omicsfs

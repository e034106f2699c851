// SPDX-License-Identifier: MIT
#include <algorithm>
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
  if (is_checked() || !check_.compare_exchange_strong(passed, Check::kNone) ||
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
  return file_.remote().digest.has_value() && !is_checked() &&
         check_.load(std::memory_order_acquire) != Check::kFailed;
}

bool CachedSource::needs_check() const {
  return file_.complete() && digest_due();
}

// Owed to the file, whoever holds it by then: the task does.
void CachedSource::check_later() {
  drop_stale_check();
  struct Task {
    explicit Task(std::shared_ptr<CachedSource> source)
        : self(std::move(source)), turn(self->check_) {}
    std::shared_ptr<CachedSource> self;
    CheckTurn turn;  // ends first
  };
  const auto task = std::make_shared<Task>(shared_from_this());
  if (!task->turn.queue()) {
    return;
  }
  services_.checker->add([task](const std::stop_token& stop) {
    CachedSource& source = *task->self;
    if (source.begin_check() && !source.was_verified_before()) {
      source.check_digest(stop);
    }
    task->turn.end();
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
  const std::uint64_t losses = file_.losses();
  const auto verified = services_.index == nullptr
                            ? Result<std::uint64_t>(0U)
                            : services_.index->verified_stamp(file_.disk_key());
  if (!verified || *verified == 0 || *verified != file_.stamp()) {
    return false;
  }
  stamp_.store(*verified, std::memory_order_release);
  checked_losses_.store(losses, std::memory_order_release);
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
  if (digest_due() && is_checked_before_reply() && !check_now(parts, waker)) {
    return std::nullopt;
  }
  if (needs_check()) {
    check_later();
  }
  if (auto failed = failure_of_all()) {
    return *std::move(failed);
  }
  return Result<void>();
}

// False where `waker` is woken when another reader has done it.
bool CachedSource::check_now(const Parts& parts,
                             const std::shared_ptr<Waker>& waker) {
  const std::uint64_t as_of = changes();
  if (agreed_.load() == as_of) {
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
  switch (digest_agrees(file_, *memory, {}).verdict) {
    case DigestVerdict::kAgrees:
      agreed_.store(as_of);
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
  const std::uint64_t losses = file_.losses();
  const FileVerdict found = digest_agrees(file_, {}, stop);
  switch (found.verdict) {
    case DigestVerdict::kAgrees:
      services_.counters->files_verified.fetch_add(1);
      note_verified(stamp, found.crcs);
      checked_losses_.store(losses, std::memory_order_release);
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

// What cannot be noted is checked again by the next session.
void CachedSource::note_verified(std::uint64_t stamp,
                                 const std::vector<std::uint32_t>& crcs) {
  stamp_.store(stamp, std::memory_order_release);
  if (services_.index != nullptr) {
    if (file_.seal(crcs)) {
      static_cast<void>(services_.index->set_verified(file_.disk_key(), stamp));
    }
  }
}

}  // namespace omicsfs

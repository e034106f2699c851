// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/mutex.h"
#include "fetch/transport.h"
#include "fetch/version_rule.h"

namespace omicsfs {

// The ETag of `validator` where it is a strong one, which is all that If-Match
// may be asked with (RFC 9110 13.1.1); else "".
[[nodiscard]] std::string strong_etag(const Validator& validator);

// Bytes that are known to be those of the pinned version.
struct VersionSample {
  ByteRange range;
  std::uint32_t crc = 0;  // CRC-32C of those bytes
  bool operator==(const VersionSample&) const = default;
};

// Adds `sample` to `samples`, which are in the order of their offsets, and
// leaves the first, the last and the one that is nearest the middle between.
void spread_samples(std::vector<VersionSample>& samples,
                    const VersionSample& sample);

// The version of an object that a cached file holds, as each place of a server
// names it: a url without its query, so that a new signature is no new place.
// The first answer of a place pins its validator, also that it has none; any
// later one must agree (version_rule.h), so that one file never mixes two
// versions. Thread-safe.
class VersionPin {
 public:
  // `now`: in seconds since the epoch.
  explicit VersionPin(std::int64_t now = clock()) : since_(now) {}

  // By place; replicas behind one place may have a validator each.
  using Entries = std::vector<std::pair<std::string, Validator>>;

  // Servers that give each answer an ETag or a place of its own must not fill
  // the memory, nor the room that a map has for pins. A place beyond these must
  // show a version that another place has.
  static constexpr std::size_t kMostPins = 16;

  // The one validator that is pinned for `url`, in its kept form; empty where
  // there is none, or where replicas have several.
  [[nodiscard]] Validator expected(const std::string& url) const;
  [[nodiscard]] bool is_pinned(const std::string& url) const;
  // What the answer of `url` with `seen` is of. Where there is no room to pin
  // another place, the versions of all places are that place's.
  [[nodiscard]] VersionVerdict judge(const std::string& url,
                                     const Validator& seen,
                                     bool has_digest) const;
  // Takes the validator of an answer, and pins it where it is the first.
  // Errors: kChanged where it is neither that nor the same.
  Result<void> note(const std::string& url, const Validator& seen);
  // Whether an answer of the pinned version of `url` was noted after the first
  // with `seen`, or `seen` needs none (needs_company).
  [[nodiscard]] bool has_company(const std::string& url,
                                 const Validator& seen) const;
  // Takes the pins of another process or session, whose first bytes came after
  // `since`. What was proved there by the bytes that are known there must prove
  // itself here again, where other bytes are known. Errors: kChanged, where
  // they share no version of a place; the pins of places before are taken.
  Result<void> merge(const Entries& others, std::int64_t since = INT64_MAX);
  // The answer with `seen` had the samples' bytes: a replica of the pinned
  // version. It is not kept beyond kMostPins, nor where `seen` tells nothing:
  // its next answer must prove itself again, and have company again.
  void add_replica(const std::string& url, const Validator& seen);

  // Whether a version was taken for a replica by its bytes: the known ones
  // alone have shown that it is none of another object.
  [[nodiscard]] bool has_replicas() const;

  // Not later than when the first of the known bytes came: seconds since the
  // epoch, 0 where that is not known.
  [[nodiscard]] std::int64_t since() const;

  void keep_sample(const VersionSample& sample);
  [[nodiscard]] std::vector<VersionSample> samples() const;

  // Whether the object of `url` was seen to end where the catalog says.
  [[nodiscard]] bool has_shown_end(const std::string& url) const;
  void note_end(const std::string& url);

  // All pins, to be kept with the file; `revision` rises with each new one.
  [[nodiscard]] Entries entries() const;
  [[nodiscard]] unsigned revision() const;

 private:
  struct Pin {
    std::string place;
    Validator validator;
    // Another process has proved it, and no answer has shown it here.
    bool is_theirs = false;
  };

  struct Doubted {
    std::string place;
    Validator version;
    bool has_company = false;
  };

  [[nodiscard]] static std::int64_t clock();
  void doubt(const std::string& place, const Validator& seen)
      REQUIRES_LOCK(mutex_);
  [[nodiscard]] VersionVerdict judge_at(const std::string& place,
                                        const Validator& seen,
                                        bool has_digest) const
      REQUIRES_LOCK(mutex_);
  [[nodiscard]] bool has(const std::string& place) const REQUIRES_LOCK(mutex_);
  // Those that an answer of `place` must agree with.
  [[nodiscard]] std::vector<Validator> pinned_at(const std::string& place) const
      REQUIRES_LOCK(mutex_);
  [[nodiscard]] Error changed(const std::string& place,
                              const Validator& seen) const
      REQUIRES_LOCK(mutex_);
  void add(const std::string& place, const Validator& seen, bool is_theirs)
      REQUIRES_LOCK(mutex_);
  Result<void> merge_at(const std::string& place,
                        const std::vector<Validator>& theirs)
      REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  std::vector<Pin> pins_ GUARDED_BY(mutex_);
  bool has_replicas_ GUARDED_BY(mutex_) = false;
  std::vector<Doubted> doubted_ GUARDED_BY(mutex_);  // the latest
  std::vector<VersionSample> samples_ GUARDED_BY(mutex_);
  // Places whose objects were seen to end where the catalog says; the latest.
  std::vector<std::string> ended_ GUARDED_BY(mutex_);
  std::int64_t since_ GUARDED_BY(mutex_);
  unsigned revision_ GUARDED_BY(mutex_) = 0;
};

}  // namespace omicsfs

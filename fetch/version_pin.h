// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/byte_range.h"
#include "fetch/mutex.h"
#include "fetch/transport.h"

namespace omicsfs {

// The ETag of `validator` where it is a strong one, which is all that If-Match
// may be asked with (RFC 9110 13.1.1); else "".
[[nodiscard]] std::string strong_etag(const Validator& validator);

// Bytes that are known to be those of the pinned version.
struct VersionSample {
  ByteRange range;
  std::uint32_t crc = 0;  // CRC-32C of those bytes
};

// The version of an object that a cached file holds, as each place of a server
// names it: a url without its query, so that a new signature is no new place.
// The first answer of a place pins its validator; any later one must agree, so
// that one file never mixes two versions. Thread-safe.
class VersionPin {
 public:
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
  // Takes the validator of an answer. Strong or weak ETags are compared where
  // both have one (weakly: a proxy may weaken a tag), else Last-Modified where
  // both have it (RFC 9110 8.8).
  // Errors: kChanged where it contradicts all that are pinned for `url`, or
  // where it is another than all and there is no room to pin it.
  Result<void> note(const std::string& url, const Validator& seen);
  // Takes the pins of another process or session. Errors: as note(); the pins
  // before the conflict are taken.
  Result<void> merge(const Entries& others);
  // The answer with `seen` had the sample's bytes: a replica of the pinned
  // version. Beyond kMostPins it is not kept: its next answer must prove itself
  // again.
  void add_replica(const std::string& url, const Validator& seen);

  // When this process began to hold the pin: seconds since the epoch. What was
  // changed later is another version.
  [[nodiscard]] std::int64_t made_at() const { return made_at_; }

  // Keeps the first sample; later ones are left out.
  void keep_sample(const VersionSample& sample);
  [[nodiscard]] std::optional<VersionSample> sample() const;

  // All pins, to be kept with the file; `revision` rises with each new one.
  [[nodiscard]] Entries entries() const;
  [[nodiscard]] unsigned revision() const;

 private:
  Result<void> note_at(const std::string& place, const Validator& seen)
      REQUIRES_LOCK(mutex_);
  [[nodiscard]] bool has(const std::string& place) const REQUIRES_LOCK(mutex_);
  // Whether a pin of any place says the same as `seen`.
  [[nodiscard]] bool is_known(const Validator& seen) const
      REQUIRES_LOCK(mutex_);
  void add(const std::string& place, const Validator& seen)
      REQUIRES_LOCK(mutex_);
  [[nodiscard]] bool shares_one(const Entries& others,
                                const std::string& place) const
      REQUIRES_LOCK(mutex_);

  const std::int64_t made_at_ =
      std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count();
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
  std::optional<VersionSample> sample_ GUARDED_BY(mutex_);
  unsigned revision_ GUARDED_BY(mutex_) = 0;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalog/result.h"
#include "fetch/mutex.h"
#include "fetch/transport.h"

namespace omicsfs {

// The ETag of `validator` where it is a strong one, which is all that If-Match
// may be asked with (RFC 9110 13.1.1); else "".
[[nodiscard]] std::string strong_etag(const Validator& validator);

// The version of an object that a cached file holds, as each url names it. The
// first answer of a url pins its validator; any later one must agree, so that
// one file never mixes two versions. Thread-safe.
class VersionPin {
 public:
  using Entries = std::vector<std::pair<std::string, Validator>>;

  VersionPin() = default;
  // What an earlier session pinned.
  explicit VersionPin(Entries entries) : entries_(std::move(entries)) {}

  // What is pinned for `url`; empty where nothing is.
  [[nodiscard]] Validator expected(const std::string& url) const;
  // Takes the validator of an answer. Strong or weak ETags are compared where
  // both have one (weakly: a proxy may weaken a tag), else Last-Modified where
  // both have it (RFC 9110 8.8).
  // Errors: kChanged where it contradicts the pin.
  Result<void> note(const std::string& url, const Validator& seen);
  // All pins, to be kept with the file; `revision` rises with each new one.
  [[nodiscard]] Entries entries() const;
  [[nodiscard]] unsigned revision() const;

 private:
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
  unsigned revision_ GUARDED_BY(mutex_) = 0;
};

}  // namespace omicsfs

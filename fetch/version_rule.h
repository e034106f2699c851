// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "fetch/transport.h"

// Which version of an object an answer is of. Pure: the rule stands here and
// nowhere else.
//
// Two sides agree by the strongest field that both tell: ETags, compared weakly
// since a proxy may weaken one, before Last-Modified (RFC 9110 8.8). An answer
// that tells neither agrees with a place that never told one.
// 1. The first answer of a place is believed.
// 2. One that agrees with what is pinned is of the pinned version.
// 3. One that differs is of another version. Where a digest is published,
//    servers may make ETags of their own: such an answer is unproven.
// 4. One that shares no field with what is pinned is unproven: the server tells
//    its versions no longer, or tells them otherwise.
// 5. An unproven answer must show bytes that are known (VersionSample) before
//    one of its own is taken. They prove nothing where its date tells of
//    another version: copies of one file are made at one time, and before any
//    of its bytes came here.
// 6. Nor where it tells no date, unless answers of the pinned version come
//    beside it: those are machines that take turns. An object that was replaced
//    does not come back.

namespace omicsfs {

// Dates of copies of one file differ by this at most.
inline constexpr std::int64_t kCopySpreadSeconds = 60;

struct PinnedVersions {
  std::span<const Validator> pinned;  // of one place; none: it told nothing yet
  // Seconds since the epoch, not later than when the first of the known bytes
  // came.
  std::int64_t since = 0;
  bool has_digest = false;  // the whole object's digest is published
};

enum class VersionVerdict { kFirst, kSame, kUnproven, kOther };
[[nodiscard]] VersionVerdict judge_version(const PinnedVersions& known,
                                           const Validator& seen);

// Point 6.
[[nodiscard]] inline bool needs_company(const Validator& seen) {
  return seen.last_modified.empty();
}

// Whether both have a version that the other has: by ETags where both have
// some, else by dates where both do, else whether both have an answer that told
// nothing.
[[nodiscard]] bool share_version(std::span<const Validator> some,
                                 std::span<const Validator> others);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>

#include "fetch/rate_pace.h"
#include "fetch/retry.h"
#include "fetch/transport.h"

// How servers say that they are asked too often. Pure: the time is given.

namespace omicsfs {

// Whether an answer refuses the request because there were too many: a 429, a
// 503, or a 403 that says when to come again or that a quota is used up.
[[nodiscard]] bool is_throttle(const ResponseHead& head);

// How long the server asks to be left alone: Retry-After (RFC 9110 10.2.3);
// where a quota is used up also RateLimit in the forms of the IETF's drafts
// ("name";r=0;t=57 and limit=10, remaining=0, reset=57), RateLimit-Reset, and
// X-RateLimit-Reset, in seconds or as a Unix time. The quota of a 429 counts as
// used up unless the answer says how much of it remains. Empty where the server
// does not say, or says a time that has passed.
[[nodiscard]] std::optional<std::chrono::milliseconds> pause_told_by(
    const ResponseHead& head, std::chrono::system_clock::time_point now);

// What the answer means for the pace of its server. A pause counts only where
// the answer is a throttle: a 3xx with Retry-After speaks of one object.
[[nodiscard]] RateAnswer rate_answer(const ResponseHead& head,
                                     std::chrono::system_clock::time_point now);

// A server that has given a right answer within so long serves others while it
// refuses a request.
inline constexpr std::chrono::seconds kServesLately{10};

// Completes `failure`, which refused_answer() or a check made of `head`.
void note_throttle(TryFailure& failure, const ResponseHead& head,
                   std::chrono::system_clock::time_point now,
                   bool serves_others);

}  // namespace omicsfs

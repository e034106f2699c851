// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "fetch/byte_range.h"
#include "fetch/retry.h"
#include "fetch/transport.h"

// Whether an answer holds the bytes that were asked for. Pure: what a server
// may not be trusted with is decided here and nowhere else.

namespace omicsfs {

struct RequestedRange {
  ByteRange range;              // not empty, within the object
  std::uint64_t file_size = 0;  // of the whole object, as catalogued
  // The object's whole body is wanted, or what a cut one has left: the answer
  // of a server that ignores Range will do.
  bool takes_whole = false;
};

// What to do with the body of a right answer: leave out `skip` bytes, then take
// `take`. What follows, if `more_follows`, is not wanted. Where it
// `is_unproven`, no header tells the body's length, and no byte may be given
// away before the body's end has shown that it has body_size() bytes: a 206 may
// bring the whole object, or what was encoded on its way, and a 200 another
// object.
struct BodyPlan {
  std::uint64_t skip = 0;
  std::uint64_t take = 0;
  bool more_follows = false;
  bool is_unproven = false;
  // The answer does not tell how long the object is: no byte may be given away
  // before check_end() has shown that.
  bool needs_end = false;
  // `file_size`: of the whole object, as catalogued.
  [[nodiscard]] std::uint64_t body_size(std::uint64_t file_size) const {
    return more_follows ? file_size : skip + take;
  }
  bool operator==(const BodyPlan&) const = default;
};

// The most that is held in memory until the end of a body whose length no
// header tells.
inline constexpr std::uint64_t kMaxHeldBytes = 64ULL << 20;

using Verdict = std::variant<BodyPlan, TryFailure>;

// Judges the answer to a GET of `asked`: a 206 of exactly that range of an
// object of that size, or one whose size is not told; or a 200 of that size,
// where the whole will do. A Content-Encoding is the stored object's own where
// the size is the catalogued one.
// Failures: kChanged (412, 416, another size); kNotFound (404, 410);
// kUnsupported (the server ignores Range, and a part is asked for);
// kUnavailable for all else, transient for 408, 429, 5xx and what
// refused_answer says. The failure's retry_after is left to the caller, who has
// the clock.
[[nodiscard]] Verdict check_response(const RequestedRange& asked,
                                     const ResponseHead& head);

// What an answer means whose status brings no usable body. A 403 that says when
// to come again (Retry-After) is a server's way of saying that it was asked too
// often: transient, as a 429 is.
[[nodiscard]] TryFailure refused_answer(const ResponseHead& head);

// What it means that a body whose length no header told ended after `size`
// bytes, or has more, where `due` were due. None: it is what was asked for.
[[nodiscard]] std::optional<TryFailure> check_unproven(std::uint64_t size,
                                                       std::uint64_t due);

// What is asked of a server that does not tell how long its object is: the last
// byte, and the one behind it, which must not be there.
[[nodiscard]] constexpr ByteRange end_range(std::uint64_t file_size) {
  return {file_size - 1, 2};
}
// Judges the answer to a GET of end_range(). None: the object ends where the
// catalog says. Failures: as check_response.
[[nodiscard]] std::optional<TryFailure> check_end(std::uint64_t file_size,
                                                  const ResponseHead& head);

// What it means that the exchange itself failed, by the transport's error.
[[nodiscard]] TryFailure failed_exchange(const Error& error);

// Whether the body is the object's own bytes: no Content-Encoding.
[[nodiscard]] bool is_identity(const ResponseHead& head);
// Whether they are encoded with gzip (RFC 9110 8.4.1.3).
[[nodiscard]] bool is_gzip(const ResponseHead& head);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/read_piece.h"
#include "catalog/result.h"

// Reads a JSON document that is too large to be held as a whole.

namespace omicsfs {

enum class JsonScalarKind { kString, kNumber, kBoolean, kNull };

struct JsonScalar {
  // The keys that lead to it, the outermost first. Elements of an array have
  // the array's.
  std::span<const std::string> keys;
  JsonScalarKind kind;
  // A string's characters, a number as it is written, "true", "false", "".
  std::string_view text;
};

// Where an object or an array stands, as JsonScalar::keys.
using JsonPlace = std::span<const std::string>;

// Who is told of a document, in its order; what is empty is told of nothing.
struct JsonEvents {
  std::function<Result<void>(const JsonScalar&)> scalar{};
  std::function<Result<void>(JsonPlace)> array_begin{};
  // After all that is in it.
  std::function<Result<void>(JsonPlace)> object_end{};
};

// A scalar, or the blanks between two, may take up to this many bytes, and 64
// KiB more where a piece begins late; a key, of which one is held for each
// level, fewer.
inline constexpr std::uint64_t kMaxJsonToken = std::uint64_t{1} << 20U;
inline constexpr std::size_t kMaxJsonKey = std::size_t{64} << 10U;

// Tells `events` of the document; memory is what one scalar takes. Errors:
// those of `read` and of the events; kInvalid, no JSON (with the byte offset),
// nested deeper than `max_depth`, or a scalar or key that is too long.
Result<void> stream_json(const ReadPiece& read, const JsonEvents& events,
                         std::size_t max_depth = 64);

// Likewise of its scalars alone.
Result<void> stream_json(
    const ReadPiece& read,
    const std::function<Result<void>(const JsonScalar&)>& take,
    std::size_t max_depth = 64);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/json_fields.h"
#include "catalog/read_piece.h"
#include "catalog/result.h"

// Reads a JSON document that is a long list of small things, one thing after
// another: of the document only one is held at a time.

namespace omicsfs {

// A value of the document: an element of an array that is the document or a
// member of it, or a member that is no array.
struct JsonElement {
  std::string key;                     // of the member; "" of a document that
                                       // is an array
  std::optional<std::uint64_t> index;  // in the array, from 0
  JsonValue value;

  // As a JSON Pointer (RFC 6901): "/resources/3".
  [[nodiscard]] std::string place() const;
};

struct JsonElementEvents {
  std::function<Result<void>(const JsonElement& element)> element;
  // A member begins; what is empty is told of nothing.
  std::function<Result<void>(std::string_view key)> key{};
};

// Longer elements, and those of more values, are rejected.
inline constexpr std::size_t kMaxJsonElement = std::size_t{4} << 20U;
inline constexpr std::size_t kMaxJsonElementValues = 100'000;

// Tells `events` of the document, in its order. Errors: those of `read` and of
// the events; kInvalid, no JSON, no object or array, a key twice, an element
// over kMaxJsonElement bytes or kMaxJsonElementValues values, or nested deeper
// than 64 levels, with its place.
Result<void> stream_json_elements(const ReadPiece& read,
                                  const JsonElementEvents& events);

}  // namespace omicsfs

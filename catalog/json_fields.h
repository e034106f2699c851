// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/result.h"

// Typed, path-aware reading of a JSON document. Every error names the place in
// the document as a JSON Pointer (RFC 6901), as in
// `/file_listing/WMB-10X/metadata: expected an object, found an array`.

namespace omicsfs {

// What a document that is held whole may be. Each value takes some 100 bytes,
// however few characters it has: "[0,0,…]" would take 50 times its size.
struct JsonLimits {
  std::size_t depth = 64;
  std::size_t values = 1'000'000;  // also those within others
};

// One value of a document, with its place. Cheap to copy; it keeps the document
// that it came from alive.
class JsonValue {
 public:
  struct Node;  // hides the JSON library

  // Parses `text`. Errors: kInvalid for anything that is not JSON (with the
  // byte offset), for what `limits` forbids, and for an object that has a key
  // twice.
  static Result<JsonValue> parse(std::string_view text,
                                 const JsonLimits& limits = {});

  [[nodiscard]] const std::string& pointer() const { return pointer_; }
  [[nodiscard]] bool is_object() const;
  [[nodiscard]] bool is_array() const;
  [[nodiscard]] bool is_string() const;

  // The member `key`, if this is an object that has it; null counts as absent.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;
  // The member `key`. Errors: kInvalid, not an object or no such member.
  [[nodiscard]] Result<JsonValue> at(std::string_view key) const;
  // Members in document order. Errors: kInvalid, not an object.
  [[nodiscard]] Result<std::vector<std::pair<std::string, JsonValue>>> members()
      const;
  // Elements in order. Errors: kInvalid, not an array.
  [[nodiscard]] Result<std::vector<JsonValue>> elements() const;

  // Errors: kInvalid where the value has another type; as_size also for a
  // negative, fractional or over-2^63-1 number.
  [[nodiscard]] Result<std::string> as_string() const;
  [[nodiscard]] Result<std::uint64_t> as_size() const;
  [[nodiscard]] Result<double> as_number() const;
  [[nodiscard]] Result<bool> as_bool() const;

  // kInvalid at this place: "<pointer>: <what>".
  [[nodiscard]] Error error(const std::string& what) const;

 private:
  JsonValue(std::shared_ptr<const Node> node, std::string pointer)
      : node_(std::move(node)), pointer_(std::move(pointer)) {}
  [[nodiscard]] JsonValue child(const Node& node,
                                const std::string& token) const;
  [[nodiscard]] Error expected(std::string_view type) const;

  std::shared_ptr<const Node> node_;  // aliases the document
  std::string pointer_;
};

// `text` as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);
// Likewise, at the end of `out`.
void append_json_quoted(std::string& out, std::string_view text);

}  // namespace omicsfs

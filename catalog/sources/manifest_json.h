// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/json_fields.h"
#include "catalog/sources/manifest_entry.h"

// What descriptions in the words of schema.org have in common: RO-Crate and
// Croissant.

namespace omicsfs {

// The texts of the member `key`: of a string or a number itself, of an array
// those of its elements, of an object {"@id": …} that. None where there is no
// such member.
[[nodiscard]] std::vector<std::string> linked_texts(const JsonValue& value,
                                                    std::string_view key);
// The first of them; "" of none.
[[nodiscard]] std::string linked_text(const JsonValue& value,
                                      std::string_view key);

// Whether `value` has the type, whatever prefix or address stands before its
// name: "cr:FileObject" is a "FileObject".
[[nodiscard]] bool has_type(const JsonValue& value, std::string_view name);

// The bytes that "25585843 B" or "25585843" means; none of what is rounded, as
// "1.2 MB", or anything else.
[[nodiscard]] std::optional<std::uint64_t> told_bytes(std::string_view text);

// Takes `contentSize`, and the digests "sha256", "sha512", "sha1" and "md5".
// Errors: kInvalid, one is no digest.
Result<void> read_content_facts(ManifestEntry& entry, const JsonValue& value);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/snapshot.h"
#include "catalog/source.h"

// The knowledge of the current catalog, for a refresh whose server fails
// (rules 2 and 5 of refresh_rules.h).

namespace omicsfs {

// Whether `before` has something at `path`; false where it is null.
[[nodiscard]] bool was_known(const Snapshot* before, std::string_view path);

// The published file at `path` of `before`; none where there is none, or
// `before` is null.
[[nodiscard]] std::optional<RemoteFile> last_known_file(const Snapshot* before,
                                                        std::string_view path);

// The text of the inline file at `path` of `before`; none where there is none,
// or `before` is null.
[[nodiscard]] std::optional<std::string> last_known_text(const Snapshot* before,
                                                         std::string_view path);

// The property `name` of `before`; none where it has none, or `before` is null.
[[nodiscard]] std::optional<std::string> last_known_property(
    const Snapshot* before, std::string_view name);

// The property of a catalog that tells where its source was published.
inline constexpr std::string_view kPlaceProperty = "place";

// Where `settings` say that the source is published; "" = its default.
[[nodiscard]] const std::string& place_of(const SourceSettings& settings);

// Whether rule 5 of refresh_rules.h holds: the current catalog is of the same
// place, and the user does not allow that it is replaced.
[[nodiscard]] bool keeps_what_was_known(const SourceInput& input);

// The property of a catalog that tells how many files are of the document at
// `place`; a catalog has it only where there are some.
[[nodiscard]] std::string document_property(std::string_view place);

// Rule 5 for the document at `place`, of which `files` files were read, or the
// error that its reading had. A document on this machine is as its user wrote
// it. Returns `files`. Errors: those of `files` and of error_of_known;
// kUnavailable, it lists no file now, and did before.
Result<std::uint64_t> check_known_document(const SourceInput& input,
                                           const std::string& place,
                                           Result<std::uint64_t> files);

}  // namespace omicsfs

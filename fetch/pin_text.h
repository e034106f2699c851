// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "fetch/transport.h"
#include "fetch/version_pin.h"

// The form in which a version pin is kept, in memory and in the header of a
// block map. A field that is too long for the header, or that has a character
// of the header's own, is kept as its SHA-256: it is as good to compare. So
// every pin can be written, and no block is stored whose version is not.

namespace omicsfs {

// The bytes that the text of VersionPin::kMostPins pins takes at most.
inline constexpr std::size_t kPinTextRoom = 4056;

// Of a url without its query. Applied twice, it changes nothing.
[[nodiscard]] std::string kept_place(const std::string& place);
// An ETag that is kept as its SHA-256 loses its W/: weak comparison is all that
// is left (RFC 9110 8.8.3.2). Applied twice, it changes nothing.
[[nodiscard]] Validator kept_validator(const Validator& validator);

// A line "place TAB etag TAB last-modified LF" for each pin. Errors: kInvalid,
// for more than kPinTextRoom bytes or a field that is not in the kept form.
Result<std::string> text_of_pins(const VersionPin::Entries& pins);
// The inverse. Errors: kInvalid, a line has no end or too few fields.
Result<VersionPin::Entries> parse_pin_text(std::string_view text);

}  // namespace omicsfs

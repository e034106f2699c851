// SPDX-License-Identifier: MIT
#include "fetch/pin_text.h"

#include <algorithm>
#include <span>

#include "catalog/digest.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMostPlace = 80;
constexpr std::size_t kMostTag = 96;
constexpr std::size_t kMostDate = 64;  // an HTTP date has 29
constexpr std::size_t kSeparators = 3;
static_assert(VersionPin::kMostPins *
                  (kMostPlace + kMostTag + kMostDate + kSeparators) <=
              kPinTextRoom);

bool is_separator(char c) { return c == '\n' || c == '\t'; }

bool fits(std::string_view field, std::size_t most) {
  return field.size() <= most &&
         std::none_of(field.begin(), field.end(), is_separator);
}

std::string sha256_hex(std::string_view text) {
  return digest_of(DigestKind::kSha256, std::as_bytes(std::span(text))).hex;
}

std::string kept_field(const std::string& field, std::size_t most) {
  return fits(field, most) ? field : sha256_hex(field).substr(0, most);
}

std::string_view opaque_tag(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

bool is_kept(const std::string& place, const Validator& validator) {
  return fits(place, kMostPlace) && fits(validator.etag, kMostTag) &&
         fits(validator.last_modified, kMostDate);
}

Error bad_pins(const std::string& why) {
  return {ErrorCode::kInvalid, "version pins: " + why};
}

}  // namespace

std::string kept_place(const std::string& place) {
  return kept_field(place, kMostPlace);
}

Validator kept_validator(const Validator& validator) {
  const std::string& tag = validator.etag;
  return {fits(tag, kMostTag) ? tag : sha256_hex(opaque_tag(tag)),
          kept_field(validator.last_modified, kMostDate)};
}

Result<std::string> text_of_pins(const VersionPin::Entries& pins) {
  std::string text;
  for (const auto& [place, validator] : pins) {
    if (!is_kept(place, validator)) {
      return bad_pins("a field is too long, or has a tab or a line feed");
    }
    text += place + "\t" + validator.etag + "\t" + validator.last_modified;
    text += '\n';
  }
  if (text.size() > kPinTextRoom) {
    return bad_pins("there are too many");
  }
  return text;
}

Result<VersionPin::Entries> parse_pin_text(std::string_view text) {
  VersionPin::Entries pins;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return bad_pins("one has no end");
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::size_t first = line.find('\t');
    const std::size_t second =
        first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (second == std::string_view::npos) {
      return bad_pins("one has too few fields");
    }
    pins.emplace_back(
        line.substr(0, first),
        Validator{std::string(line.substr(first + 1, second - first - 1)),
                  std::string(line.substr(second + 1))});
  }
  return pins;
}

}  // namespace omicsfs

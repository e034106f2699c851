// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "catalog/digest.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;
constexpr std::size_t kMaxKeptExtension = 16;
constexpr std::size_t kShortHashDigits = 8;

// Well-formed UTF-8 by its first byte: The Unicode Standard 15, table 3-7. The
// bounds of the second byte keep out overlong forms, surrogates and what lies
// over U+10FFFF.
struct LeadRange {
  unsigned char first;
  unsigned char last;
  std::size_t length;
  unsigned char second_low;
  unsigned char second_high;
};
constexpr std::array<LeadRange, 9> kLeadRanges = {{
    {0x00, 0x7F, 1, 0x00, 0x00},
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
}};

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

bool matches(const LeadRange& range, std::string_view text) {
  if (text.size() < range.length) {
    return false;
  }
  if (range.length == 1) {
    return true;
  }
  const unsigned char second = byte_at(text, 1);
  return second >= range.second_low && second <= range.second_high &&
         std::all_of(text.begin() + 2,
                     text.begin() + static_cast<std::ptrdiff_t>(range.length),
                     is_continuation);
}

// The bytes of the UTF-8 character that `text` begins with; 0 where it begins
// with none. REQUIRES: `text` is not empty.
std::size_t character_length(std::string_view text) {
  const unsigned char lead = byte_at(text, 0);
  for (const LeadRange& range : kLeadRanges) {
    if (lead >= range.first && lead <= range.last) {
      return matches(range, text) ? range.length : 0;
    }
  }
  return 0;
}

// C0, DEL or C1. REQUIRES: `character` is one UTF-8 character.
bool is_control(std::string_view character) {
  const unsigned char lead = byte_at(character, 0);
  return lead < 0x20 || lead == 0x7F ||
         (lead == 0xC2 && byte_at(character, 1) < 0xA0);
}

// Why the character at the front of `rest` may not stand in a name; "" if it
// may.
std::string_view character_fault(std::string_view rest) {
  const std::size_t length = character_length(rest);
  if (length == 0) {
    return "must be UTF-8";
  }
  if (is_control(rest.substr(0, length))) {
    return "must not contain control characters";
  }
  return rest.front() == '/' ? "must not contain \"/\"" : "";
}

// ASCII that may stand in a name: of nothing else most names are.
bool is_plain_name_byte(char c) { return c >= ' ' && c < '\x7F' && c != '/'; }

std::string_view characters_fault(std::string_view name) {
  while (!name.empty()) {
    if (is_plain_name_byte(name.front())) {
      name.remove_prefix(1);
      continue;
    }
    const std::string_view fault = character_fault(name);
    if (!fault.empty()) {
      return fault;
    }
    name.remove_prefix(character_length(name));
  }
  return "";
}

// The rule that `name` breaks; "" where it breaks none.
std::string_view name_fault(std::string_view name) {
  if (name.empty()) {
    return "must not be empty";
  }
  if (name == ".") {
    return "must not be \".\"";
  }
  if (name == "..") {
    return "must not be \"..\"";
  }
  if (name.size() > kMaxNameBytes) {
    return "must not be longer than 255 bytes";
  }
  return characters_fault(name);
}

void append_hex(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 0xFU];
}

std::string escaped_bytes(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += '%';
    append_hex(out, c);
  }
  return out;
}

std::string escaped(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const bool plain = raw.front() != '%' && character_fault(raw).empty();
    const std::size_t length = std::max<std::size_t>(1, character_length(raw));
    const std::string_view character = raw.substr(0, length);
    out += plain ? std::string(character) : escaped_bytes(character);
    raw.remove_prefix(length);
  }
  return out;
}

// The last ".xyz" of a name, where it is short enough to be an extension.
std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool kept = dot != std::string_view::npos && dot != 0 &&
                    name.size() - dot <= kMaxKeptExtension;
  return kept ? name.substr(dot) : std::string_view();
}

// The longest start of `name` within `bytes` that splits no character.
std::string_view start_of(std::string_view name, std::size_t bytes) {
  while (bytes > 0 && is_continuation(name[bytes])) {
    --bytes;
  }
  return name.substr(0, bytes);
}

std::string shortened(std::string_view name, std::string_view raw) {
  const std::string hash =
      digest_of(DigestKind::kSha256, std::as_bytes(std::span(raw)))
          .hex.substr(0, kShortHashDigits);
  const std::string_view extension = extension_of(name);
  const std::size_t room =
      kMaxNameBytes - 1 - kShortHashDigits - extension.size();
  return std::string(start_of(name, room)) + "~" + hash +
         std::string(extension);
}

Error path_error(std::string_view path, std::string_view what) {
  return {ErrorCode::kInvalid,
          "path " + quoted(path) + " " + std::string(what)};
}

// A path's rule, where a broken name is better told as one of the path.
std::string_view path_fault(std::string_view name) {
  if (name.empty()) {
    return "must not contain an empty name";
  }
  if (name == ".") {
    return "must not contain \".\"";
  }
  if (name == "..") {
    return "must not contain \"..\"";
  }
  return name.size() > kMaxNameBytes
             ? "must not contain a name longer than 255 bytes"
             : characters_fault(name);
}

// What the whole path must keep to, before its names are looked at.
std::string_view shape_fault(std::string_view path) {
  if (path.empty()) {
    return "must not be empty";
  }
  if (path.front() == '/') {
    return "must not be absolute";
  }
  if (path.size() > kMaxPathBytes) {
    return "must not be longer than 4095 bytes";
  }
  const auto slashes = std::count(path.begin(), path.end(), '/');
  return static_cast<std::size_t>(slashes) >= kMaxPathDepth
             ? "must not be deeper than 64 names"
             : "";
}

std::string printable_character(std::string_view rest) {
  const std::size_t length = character_length(rest);
  if (rest.front() == '"' || rest.front() == '\\') {
    return std::string("\\") + rest.front();
  }
  if (length > 0 && !is_control(rest.substr(0, length))) {
    return std::string(rest.substr(0, length));
  }
  std::string out;
  for (const char c : rest.substr(0, std::max<std::size_t>(1, length))) {
    out += "\\x";
    append_hex(out, c);
  }
  return out;
}

}  // namespace

Result<void> check_entry_name(std::string_view name) {
  const std::string_view fault = name_fault(name);
  if (fault.empty()) {
    return {};
  }
  return Error{ErrorCode::kInvalid,
               "name " + quoted(name) + " " + std::string(fault)};
}

std::string clean_entry_name(std::string_view raw) {
  if (name_fault(raw).empty()) {
    return std::string(raw);
  }
  if (raw.empty()) {
    return "%";
  }
  if (raw == "." || raw == "..") {
    return escaped_bytes(raw);
  }
  const bool characters_fine = characters_fault(raw).empty();
  const std::string name = characters_fine ? std::string(raw) : escaped(raw);
  return name.size() > kMaxNameBytes ? shortened(name, raw) : name;
}

Result<std::vector<std::string_view>> split_path(std::string_view path) {
  const std::string_view shape = shape_fault(path);
  if (!shape.empty()) {
    return path_error(path, shape);
  }
  std::vector<std::string_view> names;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view name = path.substr(start, end - start);
    const std::string_view fault = path_fault(name);
    if (!fault.empty()) {
      return path_error(path, fault);
    }
    names.push_back(name);
    start = end + 1;
  }
  return names;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const std::string character = printable_character(text);
    if (out.size() + character.size() > max_bytes) {
      return out + "...";
    }
    out += character;
    text.remove_prefix(std::max<std::size_t>(1, character_length(text)));
  }
  return out;
}

std::string quoted(std::string_view text) {
  return "\"" + printable(text, kMaxQuotedBytes - 3) + "\"";
}

}  // namespace omicsfs

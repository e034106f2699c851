// SPDX-License-Identifier: MIT
#include "catalog/percent_encoding.h"

#include <charconv>

namespace omicsfs {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

// The byte that the two hex digits at the front of `text` stand for.
std::optional<char> hex_byte(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  unsigned char byte = 0;
  const char* end = text.data() + 2;
  const auto [stop, error] = std::from_chars(text.data(), end, byte, 16);
  if (error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return static_cast<char>(byte);
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text,
                                          PlusSign plus) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      const bool space = text[at] == '+' && plus == PlusSign::kSpace;
      out += space ? ' ' : text[at];
      continue;
    }
    const std::optional<char> byte = hex_byte(text.substr(at + 1));
    if (!byte.has_value()) {
      return std::nullopt;
    }
    out += *byte;
    at += 2;
  }
  return out;
}

}  // namespace omicsfs

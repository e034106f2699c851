// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_format.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "catalog/json_elements.h"
#include "catalog/json_fields.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpaces = " \t\r\n";

// The keys of members that only one format has.
struct TellingKey {
  std::string_view key;
  ManifestFormat format;
};
constexpr std::array<TellingKey, 6> kTellingKeys = {{
    {"resources", ManifestFormat::kPackage},
    {"@graph", ManifestFormat::kCrate},
    {"distribution", ManifestFormat::kCroissant},
    {"recordSet", ManifestFormat::kCroissant},
    {"access_methods", ManifestFormat::kDrs},
    {"contents", ManifestFormat::kDrs},
}};

// The first line that is not blank and, of a list, no comment; without its end.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find_last_not_of(kSpaces) + 1);
    if (!line.empty() && line[0] != '#') {
      return line;
    }
  }
  return {};
}

std::vector<std::string_view> words_in_line(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string_view::npos) {
      return words;
    }
    line.remove_prefix(begin);
    words.push_back(line.substr(0, line.find_first_of(kSpaces)));
    line.remove_prefix(words.back().size());
  }
}

// The keys of the members that begin in `text`, the start of an object.
std::vector<std::string> member_keys(std::string_view text) {
  std::size_t given = 0;
  const ReadPiece read = [&](std::span<char> out) -> Result<std::size_t> {
    const std::size_t count = std::min(out.size(), text.size() - given);
    std::memcpy(out.data(), text.data() + given, count);
    given += count;
    return count;
  };
  std::vector<std::string> keys;
  const auto done = stream_json_elements(
      read, {[](const JsonElement&) { return Result<void>(); },
             [&keys](std::string_view key) {
               keys.emplace_back(key);
               return Result<void>();
             }});
  static_cast<void>(done);  // where it is cut off it is broken
  return keys;
}

bool has_key(const std::vector<std::string>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

ManifestFormat object_format(std::string_view text) {
  const auto keys = member_keys(text);
  for (const TellingKey& telling : kTellingKeys) {
    if (has_key(keys, telling.key)) {
      return telling.format;
    }
  }
  const auto line = JsonValue::parse(first_line(text));
  const bool lines =
      line && line->is_object() &&
      (line->find("path") || line->find("data") || line->find("fs:path") ||
       line->find("fs:access") || text.find("\n{") != std::string_view::npos);
  if (lines) {
    return ManifestFormat::kLines;
  }
  if (has_key(keys, "@context")) {
    return ManifestFormat::kCroissant;
  }
  // What is told of a package may be long.
  return text.size() >= kFormatBytes - kByteOrderMark.size()
             ? ManifestFormat::kPackage
             : ManifestFormat::kUnknown;
}

bool has_word(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const std::string_view word = header.substr(0, header.find('\t'));
    if (word == wanted) {
      return true;
    }
    header.remove_prefix(std::min(word.size() + 1, header.size()));
  }
  return false;
}

// A path may have spaces.
bool is_fetch_line(const std::vector<std::string_view>& words) {
  return words.size() >= 3 && has_scheme(words[0]) &&
         (words[1] == "-" ||
          words[1].find_first_not_of("0123456789") == std::string_view::npos);
}

ManifestFormat line_format(std::string_view text) {
  const std::string_view line = first_line(text);
  const auto words = words_in_line(line);
  if (is_fetch_line(words)) {
    return ManifestFormat::kBag;
  }
  const bool table =
      has_word(line, "id") && (has_word(line, "md5") || has_word(line, "size"));
  if (table) {
    return ManifestFormat::kTable;
  }
  // Also where the first url is none that is read, as ftp://, or has a blank:
  // the reader of the list says so.
  const bool urls = !words.empty() && has_scheme(words[0]) &&
                    words[0].find("://") != std::string_view::npos;
  return urls ? ManifestFormat::kUrls : ManifestFormat::kUnknown;
}

}  // namespace

ManifestFormat manifest_format(std::string_view first) {
  if (first.starts_with(kByteOrderMark)) {
    first.remove_prefix(kByteOrderMark.size());
  }
  const std::size_t begin = first.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) {
    return ManifestFormat::kUnknown;
  }
  first.remove_prefix(begin);
  switch (first[0]) {
    case '<':
      return ManifestFormat::kS3;
    case '[':
      return ManifestFormat::kHub;
    case '{':
      return object_format(first);
    default:
      return line_format(first);
  }
}

std::string_view format_title(ManifestFormat format) {
  constexpr std::array<std::string_view, 11> kTitles = {
      "no manifest that is known",
      "a Data Package",
      "a manifest of JSON lines",
      "a tree of Hugging Face's",
      "an RO-Crate",
      "a Croissant description",
      "a DRS object",
      "an S3 listing",
      "a BagIt fetch.txt",
      "a table of GDC's or IGS's",
      "a list of urls"};
  return kTitles.at(static_cast<std::size_t>(format));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>

#include "catalog/json_fields.h"
#include "catalog/marked_url.h"
#include "catalog/sources/manifest_view.h"

namespace omicsfs {
namespace {

constexpr std::string_view kProfile =
    "https://datapackage.org/profiles/2.0/datapackage.json";

// Of the year 9999, the last that RFC 3339 can tell.
constexpr std::int64_t kLastSecond = 253'402'300'799;

// A Data Package tells an MD5 by itself, and others with their kind.
std::string hash_text(const Digest& digest) {
  return digest.kind == DigestKind::kMd5 ? digest.hex : to_string(digest);
}

// How a marked url is used, as add_access reads it.
std::string mark_text(const std::string& url) {
  const auto marked = parse_marked_url(url);
  if (!marked) {
    return "";
  }
  switch (marked->kind) {
    case MarkedUrl::Kind::kToken:
      return ", \"token\": " + json_quoted(marked->token);
    case MarkedUrl::Kind::kResolve:
      return ", \"resolve\": " +
             json_quoted(fmt::format("{}", fmt::join(marked->field, ".")));
    default:
      return ", \"redirect\": \"presigned\"";
  }
}

std::string access_text(const ManifestEntry& entry) {
  std::string text;
  for (const std::string& url : entry.urls) {
    text += fmt::format("{}{{\"url\": {}{}}}", text.empty() ? "" : ", ",
                        json_quoted(plain_url(url)), mark_text(url));
  }
  return ", \"fs:access\": [" + text + "]";
}

std::string attributes_text(const ManifestEntry& entry) {
  std::string text;
  for (const auto& [name, value] : entry.attributes) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", json_quoted(name),
                        json_quoted(value));
  }
  return ", \"fs:xattr\": {" + text + "}";
}

std::string place_text(const ManifestEntry& entry) {
  if (entry.data) {
    return fmt::format(", \"data\": {}, \"fs:path\": {}",
                       json_quoted(*entry.data), json_quoted(entry.path));
  }
  if (entry.urls.empty()) {
    return ", \"path\": " + json_quoted(entry.path);
  }
  const bool plain =
      entry.urls.size() == 1 && !parse_marked_url(entry.urls.front());
  return fmt::format(", \"path\": {}, \"fs:path\": {}{}",
                     json_quoted(plain_url(entry.urls.front())),
                     json_quoted(entry.path), plain ? "" : access_text(entry));
}

}  // namespace

std::string resource_text(const ManifestEntry& entry, std::uint64_t number) {
  std::string text = fmt::format("{{\"name\": \"file-{}\"", number);
  text += place_text(entry);
  if (entry.size) {
    text += fmt::format(", \"bytes\": {}", *entry.size);
  }
  if (entry.digest) {
    text += ", \"hash\": " + json_quoted(hash_text(*entry.digest));
  }
  const bool dated =
      entry.mtime && *entry.mtime >= 0 && *entry.mtime <= kLastSecond;
  if (dated) {
    text += fmt::format(", \"fs:mtime\": \"{:%Y-%m-%dT%H:%M:%SZ}\"",
                        fmt::gmtime(static_cast<std::time_t>(*entry.mtime)));
  }
  if (!entry.attributes.empty()) {
    text += attributes_text(entry);
  }
  text += view_text(entry);
  return text + "}";
}

Result<void> ManifestWriter::begin(std::string_view title) {
  const std::string titled =
      title.empty() ? "" : ", \"title\": " + json_quoted(title);
  const std::string head =
      fmt::format("{{\"$schema\": {}, \"name\": \"omicsfs\"{}",
                  json_quoted(kProfile), titled);
  return sink_(form_ == ManifestForm::kLines ? head + "}\n"
                                             : head + ",\n \"resources\": [");
}

Result<void> ManifestWriter::add(const ManifestEntry& entry) {
  const std::string text = resource_text(entry, ++files_);
  if (form_ == ManifestForm::kLines) {
    return sink_(text + "\n");
  }
  return sink_((files_ == 1 ? "\n  " : ",\n  ") + text);
}

Result<void> ManifestWriter::end() {
  return form_ == ManifestForm::kLines ? Result<void>() : sink_("\n ]}\n");
}

}  // namespace omicsfs

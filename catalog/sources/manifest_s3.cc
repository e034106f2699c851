// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <span>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"
#include "catalog/s3_listing.h"
#include "catalog/s3_page.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::size_t kPieceOfPage = std::size_t{64} << 10U;

// The whole document. Errors: kInvalid, it is longer than a page can be.
Result<std::string> whole_page(const ReadPiece& read) {
  std::string text;
  while (text.size() <= kMaxS3PageBytes) {
    const std::size_t held = text.size();
    text.resize(held + kPieceOfPage);
    const auto got = read(std::span(text).subspan(held));
    text.resize(held + (got ? *got : 0));
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return text;
    }
  }
  return Error{ErrorCode::kInvalid, "it is longer than a listing's page"};
}

// Where the objects of the listing at `place` lie: in the bucket that was
// asked.
std::string bucket_of(const ManifestText& text) {
  if (!text.base.empty() || !is_web_place(text.place)) {
    return text.base;
  }
  std::string bucket = text.place.substr(0, text.place.find_first_of("?#"));
  bucket += bucket.ends_with('/') ? "" : "/";
  return bucket;
}

// The keys' own folders: those of the prefix that was asked for are not shown.
std::size_t hidden_bytes(const ManifestText& text) {
  const std::string prefix = query_value(text.place, "prefix").value_or("");
  const std::size_t slash = prefix.rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

Result<void> take_objects(const S3Page& page, const std::string& bucket,
                          std::size_t hidden, const ManifestEvents& events) {
  for (const S3Object& object : page.objects) {
    const std::string place = omicsfs::quoted(object.key);
    const std::string path =
        object.key.substr(std::min(hidden, object.key.size()));
    const bool folder = path.empty() || path.ends_with('/');
    if (folder && object.size == 0) {
      continue;
    }
    if (!split_path(path)) {
      events.odd(place, "its key is no path that a directory tree can hold");
      continue;
    }
    ManifestEntry entry;
    entry.path = path;
    entry.size = object.size;
    entry.validator = object.etag;
    entry.mtime = manifest_date(object.last_modified);
    const auto read =
        add_url(entry, bucket + percent_encode(object.key, "/"), {});
    if (auto given = give_entry(events, entry, place, read); !given) {
      return given;
    }
  }
  return {};
}

// The page behind `token`.
Result<std::string> next_page(const ManifestText& text,
                              const std::string& token) {
  if (text.download == nullptr || !is_web_place(text.place)) {
    return Error{ErrorCode::kUnsupported, ""};
  }
  const char* between = text.place.find('?') == std::string::npos ? "?" : "&";
  return (*text.download)(
      text.place + between + "continuation-token=" + percent_encode(token, ""),
      kMaxS3PageBytes);
}

}  // namespace

Result<void> read_s3_manifest(const ManifestText& text,
                              const ManifestEvents& events) {
  const std::string bucket = bucket_of(text);
  if (!is_web_place(bucket)) {
    return Error{ErrorCode::kInvalid,
                 "it is not known where the bucket is: set "
                 "sources.manifest.base_url to its address"};
  }
  std::set<std::string> tokens;
  auto xml = whole_page(text.read);
  while (xml) {
    const auto page = parse_s3_page(*xml);
    if (!page) {
      return page.error();
    }
    auto taken = take_objects(*page, bucket, hidden_bytes(text), events);
    if (!taken || !page->is_truncated) {
      return taken;
    }
    if (!tokens.insert(page->next_token).second ||
        tokens.size() == kMaxS3Pages) {
      return Error{ErrorCode::kInvalid,
                   "its pages come again, or there are too many"};
    }
    xml = next_page(text, page->next_token);
    if (!xml && xml.error().code == ErrorCode::kUnsupported) {
      events.odd("NextContinuationToken",
                 "the listing goes on, and only this page is here");
      return {};
    }
  }
  return xml.error();
}

}  // namespace omicsfs

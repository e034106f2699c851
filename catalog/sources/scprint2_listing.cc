// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/percent_encoding.h"
#include "catalog/s3_page.h"
#include "catalog/sources/refine_metadata.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMaxScprint2Pages = 10'000;
constexpr std::uint64_t kMaxScprint2PageBytes = std::uint64_t{64} << 20U;
constexpr std::string_view kListBlanks = " \t\r\n";
constexpr std::size_t kSecondsText = 19;  // "YYYY-MM-DDTHH:MM:SS"

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(
      std::min(text.find_first_not_of(kListBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kListBlanks) + 1);
}

// Of a file kept by LFS `oid` is its SHA-256; of others git's hash of a blob,
// which is no digest of the bytes alone.
Result<void> read_lfs(const JsonValue& entry, Scprint2File& file) {
  const auto lfs = entry.find("lfs");
  if (!lfs) {
    return {};
  }
  const auto oid = lfs->at("oid");
  const auto hex = oid ? oid->as_string() : Result<std::string>(oid.error());
  if (!hex) {
    return hex.error();
  }
  auto digest = parse_digest(DigestKind::kSha256, *hex);
  if (!digest) {
    return oid->error(digest.error().message);
  }
  file.digest = *std::move(digest);
  return {};
}

Result<std::string> tree_text(const JsonValue& entry, std::string_view key) {
  const auto value = entry.at(key);
  return value ? value->as_string() : value.error();
}

// None for a directory.
Result<std::optional<Scprint2File>> read_tree_entry(const JsonValue& entry) {
  const auto type = tree_text(entry, "type");
  auto path = tree_text(entry, "path");
  if (!type || !path) {
    return type ? path.error() : type.error();
  }
  if (*type != "file") {
    return std::optional<Scprint2File>();
  }
  const auto size = entry.at("size");
  const auto bytes =
      size ? size->as_size() : Result<std::uint64_t>(size.error());
  if (!bytes) {
    return bytes.error();
  }
  Scprint2File file{*std::move(path), *bytes};
  const auto read = read_lfs(entry, file);
  return read ? Result<std::optional<Scprint2File>>(std::move(file))
              : read.error();
}

Result<Scprint2Page> hub_page(std::string_view text) {
  const auto document = JsonValue::parse(text);
  const auto entries = document
                           ? document->elements()
                           : Result<std::vector<JsonValue>>(document.error());
  if (!entries) {
    return entries.error();
  }
  Scprint2Page page{Scprint2Form::kHuggingFace, {}, ""};
  for (const JsonValue& entry : *entries) {
    auto file = read_tree_entry(entry);
    if (!file) {
      return file.error();
    }
    if (*file) {
      page.files.push_back(**std::move(file));
    }
  }
  return page;
}

Result<Scprint2Page> bucket_page(std::string_view text) {
  auto objects = parse_s3_page(text);
  if (!objects) {
    return objects.error();
  }
  Scprint2Page page{Scprint2Form::kS3, {}, ""};
  for (S3Object& object : objects->objects) {
    if (!object.key.ends_with('/')) {
      page.files.push_back(
          {std::move(object.key), object.size, std::nullopt,
           std::move(object.etag),
           parse_refine_time(object.last_modified.substr(0, kSecondsText))});
    }
  }
  page.token = objects->is_truncated ? objects->next_token : "";
  return page;
}

Scprint2File named_line(std::string_view line) {
  const std::size_t blank = line.find_last_of(kListBlanks);
  if (blank != std::string_view::npos) {
    const std::string_view last = line.substr(blank + 1);
    std::uint64_t size = 0;
    const char* const end = last.data() + last.size();
    const auto [stop, error] = std::from_chars(last.data(), end, size);
    if (error == std::errc() && stop == end) {
      return {std::string(trimmed(line.substr(0, blank))), size};
    }
  }
  return {std::string(line), std::nullopt};
}

Scprint2Page names_page(std::string_view text) {
  Scprint2Page page{Scprint2Form::kNames, {}, ""};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty() && line.front() != '#') {
      page.files.push_back(named_line(line));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return page;
}

// What stands between a url's scheme and authority and its query: "/api/…".
struct UrlSplit {
  std::string_view origin;  // "https://host"
  std::string_view path;    // "/a/b"
};

UrlSplit split_url(std::string_view url) {
  const std::string_view whole = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = whole.find("://");
  const std::size_t slash = std::min(
      whole.find('/', scheme == std::string_view::npos ? 0 : scheme + 3),
      whole.size());
  return {whole.substr(0, slash), whole.substr(slash)};
}

// "/api/datasets/O/N/tree/R/…" is "/datasets/O/N/resolve/R/"; of models
// "/O/N/".
std::string tree_base(const UrlSplit& url) {
  constexpr std::string_view kApi = "/api/";
  constexpr std::string_view kTree = "/tree/";
  constexpr std::string_view kModels = "models/";
  const std::size_t tree = url.path.find(kTree);
  if (!url.path.starts_with(kApi) || tree == std::string_view::npos) {
    return "";
  }
  std::string_view repository =
      url.path.substr(kApi.size(), tree - kApi.size());
  if (repository.starts_with(kModels)) {
    repository.remove_prefix(kModels.size());
  }
  const std::string_view behind = url.path.substr(tree + kTree.size());
  return fmt::format("{}/{}/resolve/{}/", url.origin, repository,
                     behind.substr(0, behind.find('/')));
}

}  // namespace

std::optional<Scprint2Form> scprint2_form(std::string_view text) {
  const std::string_view start = trimmed(text.substr(0, 4096));
  if (start.starts_with('[')) {
    return Scprint2Form::kHuggingFace;
  }
  if (start.starts_with('{')) {
    return std::nullopt;
  }
  if (!start.starts_with('<')) {
    return Scprint2Form::kNames;
  }
  const bool is_s3 =
      start.find("<ListBucketResult") != std::string_view::npos ||
      start.find("<Error>") != std::string_view::npos;
  return is_s3 ? Scprint2Form::kS3 : Scprint2Form::kHttpIndex;
}

Result<Scprint2Page> parse_scprint2_page(std::string_view text) {
  const auto form = scprint2_form(text);
  if (!form) {
    return Error{ErrorCode::kInvalid, "no listing of files: it begins with " +
                                          omicsfs::quoted(text.substr(0, 200))};
  }
  switch (*form) {
    case Scprint2Form::kHuggingFace:
      return hub_page(text);
    case Scprint2Form::kS3:
      return bucket_page(text);
    case Scprint2Form::kHttpIndex:
      // The parser of directory indexes goes here.
      return Error{ErrorCode::kUnsupported,
                   "a web page, of which no listing is read"};
    case Scprint2Form::kNames:
      break;
  }
  return names_page(text);
}

std::string next_s3_url(std::string_view url, std::string_view token) {
  constexpr std::string_view kToken = "continuation-token=";
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string next(url.substr(0, query));
  char separator = '?';
  std::string_view rest = url.substr(std::min(query + 1, url.size()));
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('&'));
    if (!word.empty() && !word.starts_with(kToken)) {
      next += std::exchange(separator, '&');
      next += word;
    }
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  next += separator;
  next += kToken;
  next += percent_encode(token, "");
  return next;
}

std::string scprint2_base(std::string_view place, Scprint2Form form) {
  if (place.find("://") == std::string_view::npos) {
    return "";
  }
  const UrlSplit url = split_url(place);
  if (form == Scprint2Form::kHuggingFace) {
    return tree_base(url);
  }
  if (form == Scprint2Form::kS3) {
    return fmt::format("{}{}{}", url.origin, url.path,
                       url.path.ends_with('/') ? "" : "/");
  }
  const std::string_view folder = url.path.substr(0, url.path.rfind('/') + 1);
  return fmt::format("{}{}", url.origin, folder.empty() ? "/" : folder);
}

Result<Scprint2Listing> read_scprint2_listing(
    const std::string& place, const ReadLinked& read,
    const std::function<Result<void>(std::uint64_t files)>& on_page) {
  Scprint2Listing listing;
  std::set<std::string> seen;
  std::string next = place;
  while (!next.empty()) {
    if (!seen.insert(next).second || seen.size() > kMaxScprint2Pages) {
      return Error{ErrorCode::kInvalid, place.substr(0, place.find('?')) +
                                            ": the listing does not end"};
    }
    const auto document = read(next, kMaxScprint2PageBytes);
    if (!document) {
      return document.error();
    }
    auto page = parse_scprint2_page(document->text);
    if (!page) {
      // Behind a '?' may be a secret.
      return page.error().within(next.substr(0, next.find('?')));
    }
    if (seen.size() == 1) {
      listing.base = scprint2_base(place, page->form);
    }
    listing.files.insert(listing.files.end(),
                         std::make_move_iterator(page->files.begin()),
                         std::make_move_iterator(page->files.end()));
    if (auto on = on_page(listing.files.size()); !on) {
      return on.error();
    }
    next =
        page->token.empty() ? document->next : next_s3_url(next, page->token);
  }
  return listing;
}

}  // namespace omicsfs

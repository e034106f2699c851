// SPDX-License-Identifier: MIT
#include "catalog/file_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "catalog/directory_index.h"
#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"
#include "catalog/rfc3339.h"
#include "catalog/s3_listing.h"
#include "catalog/s3_page.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

using Files = std::vector<ListedFile>;

constexpr std::string_view kBlanks = " \t\r\n";
// Where a document tells what it is.
constexpr std::size_t kHeadBytes = 1024;

bool is_web_address(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string address_below(std::string_view base_url, std::string_view path) {
  return std::string(base_url) + percent_encode(path, "/");
}

Result<void> check_path(const ListedFile& file) {
  const auto names = split_path(file.path);
  return names ? Result<void>()
               : names.error().within("the listing has " +
                                      omicsfs::quoted(file.path));
}

Result<Files> files_of_objects(std::vector<S3Object>&& objects,
                               std::string_view base_url) {
  Files files;
  for (S3Object& object : objects) {
    if (object.key.ends_with('/')) {
      continue;  // what consoles put where they show a folder
    }
    ListedFile file{std::move(object.key), "", object.size,
                    std::move(object.etag),
                    parse_rfc3339(object.last_modified)};
    if (file.validator.empty()) {
      file.validator = std::move(object.last_modified);
    }
    if (auto valid = check_path(file); !valid) {
      return valid.error();
    }
    file.url = address_below(base_url, file.path);
    files.push_back(std::move(file));
  }
  return files;
}

Result<Files> parse_objects(std::string_view xml, std::string_view base_url) {
  auto page = parse_s3_page(xml);
  if (!page) {
    return page.error();
  }
  if (page->is_truncated) {
    return Error{ErrorCode::kInvalid,
                 "it is one page of an S3 listing that goes on; without a "
                 "listing the bucket itself is asked for all of its pages"};
  }
  return files_of_objects(std::move(page->objects), base_url);
}

Result<Files> parse_index(std::string_view html, std::string_view base_url) {
  auto entries = parse_directory_index(html);
  if (!entries) {
    return entries.error();
  }
  Files files;
  for (IndexEntry& entry : *entries) {
    if (!entry.is_directory) {
      std::string url = address_below(base_url, entry.name);
      files.push_back({std::move(entry.name), std::move(url), entry.size, "",
                       entry.modified});
    }
  }
  return files;
}

// The fields of one line of a list of names.
std::vector<std::string_view> fields_of(std::string_view line) {
  const std::string_view between =
      line.find('\t') != std::string_view::npos ? "\t" : " ";
  std::vector<std::string_view> fields;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(between), line.size());
    if (end > 0) {
      fields.push_back(line.substr(0, end));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::int64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  return error == std::errc() && stop == end && !text.starts_with('-')
             ? std::optional(static_cast<std::uint64_t>(size))
             : std::nullopt;
}

// The last name of a url's path; "" where it cannot be decoded.
std::string name_of_address(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return percent_decode(last_entry_name(url), PlusSign::kItself).value_or("");
}

Result<ListedFile> parse_line(std::string_view line,
                              std::string_view base_url) {
  std::vector<std::string_view> fields = fields_of(line);
  ListedFile file;
  if (fields.size() > 1) {
    file.size = parse_bytes(fields.back());
    fields.resize(fields.size() - (file.size ? 1 : 0));
  }
  const bool has_url = is_web_address(fields.back());
  const std::size_t most = has_url ? 2 : 1;
  if (fields.size() > most) {
    return Error{ErrorCode::kInvalid,
                 omicsfs::quoted(line) +
                     " is not a name, a url or both, and a size in bytes"};
  }
  const bool named = !has_url || fields.size() == 2;
  file.path =
      named ? std::string(fields.front()) : name_of_address(fields.front());
  if (auto valid = check_path(file); !valid) {
    return valid.error();
  }
  file.url =
      has_url ? std::string(fields.back()) : address_below(base_url, file.path);
  return file;
}

Result<Files> parse_names(std::string_view text, std::string_view base_url) {
  Files files;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
    if (line.empty() || line.starts_with('#')) {
      continue;
    }
    auto file = parse_line(line, base_url);
    if (!file) {
      return file.error().within(fmt::format("line {}", number));
    }
    files.push_back(*std::move(file));
  }
  return files;
}

enum class ListingForm { kObjects, kIndex, kNames };

ListingForm form_of(std::string_view text) {
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  if (!text.starts_with('<')) {
    return ListingForm::kNames;
  }
  const std::string_view head = text.substr(0, kHeadBytes);
  const bool of_s3 = head.find("<ListBucketResult") != std::string_view::npos ||
                     (text.starts_with("<?xml") &&
                      head.find("<html") == std::string_view::npos) ||
                     text.starts_with("<Error");
  return of_s3 ? ListingForm::kObjects : ListingForm::kIndex;
}

Result<std::string> read_listing(const SourceInput& input,
                                 const std::string& place) {
  const auto read = (*input.open)(place);
  if (!read) {
    return read.error();
  }
  std::string text;
  std::array<char, 16384> piece{};
  while (true) {
    const auto count = (*read)(piece);
    if (!count) {
      return count.error().within(place);
    }
    if (*count == 0) {
      return text;
    }
    text.append(piece.data(), *count);
    if (text.size() > kMaxListingBytes) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("{}: over {} bytes are no listing", place,
                               kMaxListingBytes)};
    }
  }
}

std::string folder_url(std::string_view url) {
  return std::string(url) + (url.ends_with('/') ? "" : "/");
}

Result<Files> read_files(const SourceInput& input,
                         std::string_view default_url) {
  const SourceSettings& settings = input.settings;
  std::string base_url =
      folder_url(settings.base_url.empty() ? default_url : settings.base_url);
  if (settings.listing.empty()) {
    auto objects = list_s3(base_url, "", input.download);
    return objects ? files_of_objects(*std::move(objects), base_url)
                   : objects.error();
  }
  const auto text = read_listing(input, settings.listing);
  if (!text) {
    return text.error();
  }
  const bool of_itself = settings.base_url.empty() &&
                         is_web_address(settings.listing) &&
                         form_of(*text) == ListingForm::kIndex;
  auto files = parse_file_listing(
      *text, of_itself ? folder_of(settings.listing) : base_url);
  return files ? std::move(files) : files.error().within(settings.listing);
}

Result<void> check_once(const Files& files) {
  std::set<std::string_view> seen;
  for (const ListedFile& file : files) {
    if (!seen.insert(file.path).second) {
      return Error{ErrorCode::kInvalid,
                   "the listing has " + omicsfs::quoted(file.path) + " twice"};
    }
  }
  return {};
}

// What only the server knows. False where it has no such file.
Result<bool> ask_size(const SourceInput& input, ListedFile& file) {
  const auto found = input.archives->locate(file.url);
  if (!found && found.error().code == ErrorCode::kNotFound) {
    if (input.warn) {
      input.warn(file.path + " is left out: " + found.error().message);
    }
    return false;
  }
  if (!found) {
    return found.error();
  }
  file.size = found->size;
  file.validator = found->validator;
  return true;
}

Result<void> check_sum(const Files& files) {
  constexpr auto kMost =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t sum = 0;
  for (const ListedFile& file : files) {
    if (file.size.value_or(0) > kMost - sum) {
      return Error{ErrorCode::kInvalid,
                   "the files of the listing have more bytes than can be"};
    }
    sum += file.size.value_or(0);
  }
  return {};
}

}  // namespace

Result<std::vector<ListedFile>> parse_file_listing(std::string_view text,
                                                   std::string_view base_url) {
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  switch (form_of(text)) {
    case ListingForm::kObjects:
      return parse_objects(text, base_url);
    case ListingForm::kIndex:
      return parse_index(text, base_url);
    case ListingForm::kNames:
      break;
  }
  return parse_names(text, base_url);
}

Result<std::vector<ListedFile>> list_files(const SourceInput& input,
                                           std::string_view default_url) {
  auto files = read_files(input, default_url);
  if (!files) {
    return files.error();
  }
  const auto once = check_once(*files);
  return once ? std::move(files) : once.error();
}

Result<void> find_sizes(const SourceInput& input,
                        std::vector<ListedFile>& files) {
  std::vector<ListedFile> there;
  for (std::size_t index = 0; index < files.size(); ++index) {
    ListedFile& file = files[index];
    Result<bool> has = true;
    if (!file.size) {
      if (input.stop.stop_requested()) {
        return Error{ErrorCode::kInterrupted, "the refresh was ended"};
      }
      if (input.progress) {
        input.progress("sizes", index, files.size());
      }
      has = ask_size(input, file);
    }
    if (!has) {
      return has.error();
    }
    if (*has) {
      there.push_back(std::move(file));
    }
  }
  files = std::move(there);
  return check_sum(files);
}

RemoteFile remote_file_of(const ListedFile& file) {
  RemoteFile remote;
  remote.urls = {file.url};
  remote.size = file.size.value_or(0);
  remote.validator = file.validator;
  return remote;
}

}  // namespace omicsfs

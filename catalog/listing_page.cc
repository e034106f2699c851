// SPDX-License-Identifier: MIT
#include "catalog/listing_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "catalog/directory_index.h"
#include "catalog/entry_name.h"
#include "catalog/hub_tree.h"
#include "catalog/marked_url.h"
#include "catalog/percent_encoding.h"
#include "catalog/rfc3339.h"
#include "catalog/s3_page.h"

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

Result<ListingPage> parse_objects(std::string_view xml,
                                  std::string_view base_url) {
  auto page = parse_s3_page(xml);
  if (!page) {
    return page.error();
  }
  ListingPage listed;
  listed.faults = std::move(page->faults);
  listed.files =
      listed_objects(std::move(page->objects), base_url, listed.faults);
  listed.next_token = page->is_truncated ? std::move(page->next_token) : "";
  return listed;
}

Result<ListingPage> parse_tree(std::string_view json,
                               std::string_view base_url) {
  const auto document = JsonValue::parse(json);
  const auto entries = document
                           ? document->elements()
                           : Result<std::vector<JsonValue>>(document.error());
  if (!entries) {
    return entries.error();
  }
  ListingPage page;
  for (const JsonValue& value : *entries) {
    auto entry = parse_hub_entry(value);
    if (entry && !*entry) {
      continue;
    }
    ListedFile file;
    if (entry) {
      file.path = std::move((*entry)->path);
      file.size = (*entry)->size;
      file.digest = std::move((*entry)->digest);
    }
    const auto valid = entry ? check_path(file) : entry.error();
    if (!valid) {
      page.faults.push_back({value.pointer(), valid.error().message});
      continue;
    }
    // The files of the Hub are redirected to urls that are good for a while.
    file.url = redirect_url(address_below(base_url, file.path));
    page.files.push_back(std::move(file));
  }
  return page;
}

Result<ListingPage> parse_index(std::string_view html,
                                std::string_view base_url) {
  ListingPage page;
  auto entries = parse_directory_index(
      html, [&page](const EntryFault& fault) { page.faults.push_back(fault); });
  if (!entries) {
    return entries.error();
  }
  for (IndexEntry& entry : *entries) {
    if (!entry.is_directory) {
      std::string url = address_below(base_url, entry.name);
      page.files.push_back({std::move(entry.name), std::move(url), entry.size,
                            "", entry.modified});
    }
  }
  return page;
}

std::string_view trimmed_field(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// The fields of one line of a list of names.
std::vector<std::string_view> fields_of(std::string_view line) {
  const char between = line.find('\t') != std::string_view::npos ? '\t' : ' ';
  std::vector<std::string_view> fields;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(between), line.size());
    const std::string_view field = trimmed_field(line.substr(0, end));
    if (!field.empty()) {
      fields.push_back(field);
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
                 omicsfs::quoted(trimmed_field(line)) +
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

ListingPage parse_names(std::string_view text, std::string_view base_url) {
  ListingPage page;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (trimmed_field(line).empty() || line.starts_with('#')) {
      continue;
    }
    auto file = parse_line(line, base_url);
    if (file) {
      page.files.push_back(*std::move(file));
    } else {
      page.faults.push_back(
          {fmt::format("line {}", number), file.error().message});
    }
  }
  return page;
}

}  // namespace

ListingForm listing_form(std::string_view text) {
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  if (text.starts_with('[')) {
    return ListingForm::kTree;
  }
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

std::vector<ListedFile> listed_objects(std::vector<S3Object>&& objects,
                                       std::string_view base_url,
                                       std::vector<EntryFault>& faults) {
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
      faults.push_back({omicsfs::quoted(file.path), valid.error().message});
      continue;
    }
    file.url = address_below(base_url, file.path);
    files.push_back(std::move(file));
  }
  return files;
}

Result<ListingPage> parse_listing_page(std::string_view text,
                                       std::string_view base_url) {
  text.remove_prefix(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  switch (listing_form(text)) {
    case ListingForm::kObjects:
      return parse_objects(text, base_url);
    case ListingForm::kTree:
      return parse_tree(text, base_url);
    case ListingForm::kIndex:
      return parse_index(text, base_url);
    case ListingForm::kNames:
      break;
  }
  return parse_names(text, base_url);
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/file_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/hub_tree.h"
#include "catalog/last_known.h"
#include "catalog/refresh_rules.h"
#include "catalog/s3_listing.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

using Files = std::vector<ListedFile>;

bool is_on_the_web(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

std::string folder_url(std::string_view url) {
  const bool ends = url.empty() || url.ends_with('/');
  return std::string(url) + (ends ? "" : "/");
}

void leave_out(const EntryFault& fault, const SourceInput& input,
               EntryTally& tally) {
  tally.bad(fault.place, fault.why);
  if (input.warn) {
    input.warn(
        fmt::format("the listing: {}: left out: {}", fault.place, fault.why));
  }
}

// The pages of a listing, one after another.
class ListingReader {
 public:
  ListingReader(const SourceInput& input, std::string_view default_url,
                EntryTally& tally)
      : input_(input), default_url_(default_url), tally_(tally) {}

  Result<Files> read();

 private:
  // What the files of the listing are below, which `text` begins.
  [[nodiscard]] std::string base_of(std::string_view text) const;
  Result<void> read_page(const std::string& place);

  const SourceInput& input_;
  const std::string_view default_url_;
  EntryTally& tally_;
  Files files_;
  std::optional<ListingForm> form_;  // of the first page, and so of all
  std::string base_url_;
  std::uint64_t bytes_ = 0;
  std::string next_;  // the url of the page that follows; "" = the last
};

std::string ListingReader::base_of(std::string_view text) const {
  const std::string& place = input_.settings.listing;
  if (!input_.settings.base_url.empty()) {
    return folder_url(input_.settings.base_url);
  }
  if (is_on_the_web(place)) {
    const ListingForm form = listing_form(text);
    std::string of_tree =
        form == ListingForm::kTree ? hub_tree_files(place) : "";
    if (!of_tree.empty()) {
      return of_tree;
    }
    if (form == ListingForm::kIndex ||
        (form == ListingForm::kNames && default_url_.empty())) {
      return folder_of(place);
    }
    if (form == ListingForm::kObjects && default_url_.empty()) {
      return folder_url(place.substr(0, place.find('?')));
    }
  }
  return folder_url(default_url_);
}

Result<void> ListingReader::read_page(const std::string& place) {
  auto document = read_document(input_, place, kMaxListingBytes);
  if (!document) {
    return document.error();
  }
  bytes_ += document->text.size();
  if (bytes_ > kMaxListingBytes) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("{}: over {} bytes are no listing",
                    told_place(input_.settings.listing), kMaxListingBytes)};
  }
  const ListingForm form = listing_form(document->text);
  if (!form_) {
    form_ = form;
    base_url_ = base_of(document->text);
  } else if (form != *form_) {
    return Error{ErrorCode::kUnavailable,
                 told_place(place) +
                     ": this page of the listing is of another form than the "
                     "first one"};
  }
  auto page = parse_listing_page(document->text, base_url_);
  if (!page) {
    return page.error().within(told_place(place));
  }
  for (const EntryFault& fault : page->faults) {
    leave_out(fault, input_, tally_);
  }
  files_.insert(files_.end(), std::make_move_iterator(page->files.begin()),
                std::make_move_iterator(page->files.end()));
  if (input_.progress) {
    input_.progress("files listed", files_.size(), 0);
  }
  next_ = page->next_token.empty() ? std::move(document->next)
                                   : s3_next_url(place, page->next_token);
  return {};
}

Result<Files> ListingReader::read() {
  const std::string& first = input_.settings.listing;
  std::set<std::string> seen;
  next_ = first;
  while (!next_.empty()) {
    if (!seen.empty() && !is_on_the_web(first)) {
      return Error{ErrorCode::kInvalid,
                   first +
                       " is one page of an S3 listing that goes on; "
                       "without a listing the bucket itself is asked for "
                       "all of its pages"};
    }
    if (seen.size() == kMaxListingPages || !seen.insert(next_).second) {
      return Error{ErrorCode::kInvalid,
                   told_place(first) + ": the listing does not end"};
    }
    if (auto read = read_page(std::string(next_)); !read) {
      return read.error();
    }
  }
  return std::move(files_);
}

Result<Files> read_files(const SourceInput& input, std::string_view default_url,
                         EntryTally& tally) {
  if (!input.settings.listing.empty()) {
    return ListingReader(input, default_url, tally).read();
  }
  const std::string base_url = folder_url(
      input.settings.base_url.empty() ? default_url : input.settings.base_url);
  std::vector<EntryFault> faults;
  auto objects =
      list_s3(base_url, "", input.download,
              [&faults](const EntryFault& fault) { faults.push_back(fault); });
  if (!objects) {
    return objects.error();
  }
  Files files = listed_objects(*std::move(objects), base_url, faults);
  for (const EntryFault& fault : faults) {
    leave_out(fault, input, tally);
  }
  return files;
}

// Each is below something.
Result<void> check_placed(const Files& files) {
  for (const ListedFile& file : files) {
    if (file.url.find("://") == std::string::npos) {
      return Error{ErrorCode::kInvalid,
                   "the listing does not tell where its files are: set "
                   "base_url beside it"};
    }
  }
  return {};
}

// Of two files of one path, the first is kept.
void keep_first(Files& files, const SourceInput& input, EntryTally& tally) {
  std::set<std::string> seen;
  Files kept;
  for (ListedFile& file : files) {
    if (seen.insert(file.path).second) {
      tally.good();
      kept.push_back(std::move(file));
    } else {
      leave_out({omicsfs::quoted(file.path), "it is listed twice"}, input,
                tally);
    }
  }
  files = std::move(kept);
}

// Rule 5 of refresh_rules.h: a listing that has none of the files that were
// known is another document, as a page that asks for a password is.
Result<void> check_known(const Files& files, const SourceInput& input) {
  const bool is_another =
      keeps_what_was_known(input) && !files.empty() &&
      std::none_of(files.begin(), files.end(), [&](const ListedFile& file) {
        return was_known(input.before, file.path);
      });
  return is_another
             ? error_of_known({ErrorCode::kInvalid,
                               "the listing has none of the files that the "
                               "current catalog has"},
                              "such a listing")
             : Result<void>();
}

// What only the server knows. False where it has no such file.
Result<bool> ask_size(const SourceInput& input, ListedFile& file) {
  const auto found = input.archives->locate(file.url);
  if (!found && leaves_out_entry(found.error())) {
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
  file.modified = file.modified ? file.modified : found->modified;
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

Result<std::vector<ListedFile>> list_files(const SourceInput& input,
                                           std::string_view default_url) {
  EntryTally tally;
  auto files = read_files(input, default_url, tally);
  if (!files) {
    return files.error();
  }
  keep_first(*files, input, tally);
  auto checked = check_placed(*files);
  if (auto any = tally.verdict(); checked && !any) {
    checked = any.error().within(told_place(input.settings.listing.empty()
                                                ? input.settings.base_url
                                                : input.settings.listing));
  }
  checked = checked ? check_known(*files, input) : checked;
  return checked ? std::move(files) : checked.error();
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
  remote.digest = file.digest;
  return remote;
}

}  // namespace omicsfs

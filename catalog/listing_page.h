// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/digest.h"
#include "catalog/result.h"
#include "catalog/s3_page.h"

// Documents that list files, in the forms that those who host data give them.

namespace omicsfs {

struct ListedFile {
  std::string path;  // relative, as split_path accepts it
  // http or https, or what catalog/marked_url.h describes.
  std::string url;
  std::optional<std::uint64_t> size{};     // bytes, exact
  std::string validator{};                 // as RemoteFile has it
  std::optional<std::int64_t> modified{};  // seconds since the epoch
  std::optional<Digest> digest{};
};

enum class ListingForm {
  kObjects,  // a page of S3's ListObjectsV2
  kTree,     // of the Hugging Face Hub, as hub_tree.h has it
  kIndex,    // a directory index as HTML (directory_index.h)
  kNames,    // a name a line
};

// The form of the document that begins with `text`; kNames where it is none of
// the others.
[[nodiscard]] ListingForm listing_form(std::string_view text);

struct ListingPage {
  std::vector<ListedFile> files;
  std::string next_token;  // of S3: of the page that follows; "" = the last
  std::vector<EntryFault> faults{};  // entries that are left out
};

// The files that `text` lists, in its order; directories are left out. A list
// of names has one a line: NAME, URL or both of them, in this order, and the
// size in bytes where it is known. What is between them is a tab, or blanks in
// a line without a tab. A file's name is its url's last one unless it is told.
// Blank lines and those that begin with '#' are left out.
//
// What has no url is below `base_url`, which is "" or ends with '/'; the files
// of the Hub are redirected from there.
// An entry that is a bad one, as of a name that no tree can hold, is left out.
// Errors: those of parse_s3_page and parse_directory_index; kInvalid, it is no
// JSON array.
Result<ListingPage> parse_listing_page(std::string_view text,
                                       std::string_view base_url);

// The objects of a bucket as files below its address `base_url`; those whose
// keys end with '/' are folders, and left out, as are those whose keys no tree
// can hold, which are added to `faults`.
std::vector<ListedFile> listed_objects(std::vector<S3Object>&& objects,
                                       std::string_view base_url,
                                       std::vector<EntryFault>& faults);

}  // namespace omicsfs

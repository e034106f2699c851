// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/source.h"

// Sources that are driven by a list of the files that a server has.

namespace omicsfs {

// A document of more bytes is none: a million names of 64 bytes.
inline constexpr std::uint64_t kMaxListingBytes = std::uint64_t{64} << 20U;

struct ListedFile {
  std::string path;                        // relative, as split_path accepts it
  std::string url;                         // http or https
  std::optional<std::uint64_t> size{};     // bytes, exact
  std::string validator{};                 // as RemoteFile has it
  std::optional<std::int64_t> modified{};  // seconds since the epoch
};

// The files that `text` lists, in its order. What it is, its content tells:
//
// - a page of S3's ListObjectsV2, which must be the only one of its listing;
// - a directory index as HTML (directory_index.h); directories are left out;
// - else a list of names, one a line: NAME, URL or both of them, in this order,
//   and the size in bytes where it is known. What is between them is a tab, or
//   blanks in a line without a tab. A file's name is its url's last one unless
//   it is told. Blank lines and those that begin with '#' are left out.
//
// What has no url is below `base_url`, which ends with '/'.
// Errors: those of parse_s3_page and parse_directory_index; kInvalid, naming
// the line: it is none of these, or a name is one that no tree can hold.
Result<std::vector<ListedFile>> parse_file_listing(std::string_view text,
                                                   std::string_view base_url);

// The files that the setting `listing` names, or, where it is not set, all of
// the bucket at base_url. base_url is the setting of that name, `default_url`
// where it is not set; but what a directory index links to that is a url itself
// is below that url then.
// Errors: those of parse_file_listing, of list_s3 and of opening the document;
// kInvalid, it is over kMaxListingBytes, or has one path twice.
Result<std::vector<ListedFile>> list_files(const SourceInput& input,
                                           std::string_view default_url);

// Asks for the sizes that the listing does not tell, one by one. Files that are
// not there are left out, with a warning. Errors: kInterrupted; kUnavailable;
// kInvalid, together they have more bytes than can be counted.
Result<void> find_sizes(const SourceInput& input,
                        std::vector<ListedFile>& files);

// The file as it is fetched. REQUIRES: its size is known.
[[nodiscard]] RemoteFile remote_file_of(const ListedFile& file);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/digest.h"
#include "catalog/result.h"
#include "catalog/source.h"

// Listings of files, in the forms that hosts of data give them.

namespace omicsfs {

// A file that a listing tells of.
struct Scprint2File {
  std::string path;                   // as listed
  std::optional<std::uint64_t> size;  // bytes; none: it is not told
  std::optional<Digest> digest{};
  std::string validator{};              // an ETag, as listed; "" = none
  std::optional<std::int64_t> mtime{};  // seconds since the epoch

  bool operator==(const Scprint2File&) const = default;
};

enum class Scprint2Form {
  kHuggingFace,  // the tree API of huggingface.co: a JSON array
  kS3,           // ListObjectsV2
  kHttpIndex,    // a page of links
  kNames         // a name a line
};

// Which form `text` has; none for a JSON object, which is some service's error.
[[nodiscard]] std::optional<Scprint2Form> scprint2_form(std::string_view text);

// Some files, and what tells where the listing goes on.
struct Scprint2Page {
  Scprint2Form form = Scprint2Form::kNames;
  std::vector<Scprint2File> files;  // directories are none
  std::string token;  // of S3: of the page that follows; "" = this is the last
};

// Reads one page. A list of names has one a line, after which its size may
// stand, behind blanks; empty lines and those that begin with '#' are none.
// Errors: kInvalid, none of these; for an S3 <Error> as parse_s3_page;
// kUnsupported, a form that is not read yet.
Result<Scprint2Page> parse_scprint2_page(std::string_view text);

// The url that lists on behind the S3 page at `url`.
[[nodiscard]] std::string next_s3_url(std::string_view url,
                                      std::string_view token);

// What the paths of the listing at `place` are relative to, with a slash at the
// end: of the tree of a repository the place of its files at the same
// revision, of S3 the bucket, of names their list's own folder; "" for a local
// path, which does not tell.
[[nodiscard]] std::string scprint2_base(std::string_view place,
                                        Scprint2Form form);

struct Scprint2Listing {
  std::vector<Scprint2File> files;  // in the listing's order
  std::string base;                 // scprint2_base of its first page
};

// The whole listing at `place`, page by page; `on_page` is told how many files
// there are so far, and may end it. Errors: those of `read`,
// parse_scprint2_page and `on_page`; kInvalid, a page comes again, or there are
// over 10,000.
Result<Scprint2Listing> read_scprint2_listing(
    const std::string& place, const ReadLinked& read,
    const std::function<Result<void>(std::uint64_t files)>& on_page);

}  // namespace omicsfs

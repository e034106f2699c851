// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/digest.h"
#include "catalog/endpoints.h"
#include "catalog/file_view.h"
#include "catalog/read_piece.h"
#include "catalog/result.h"
#include "catalog/source.h"

namespace omicsfs {

// A file, as a manifest of any format tells of it.
struct ManifestEntry {
  std::string path;               // in the tree
  std::vector<std::string> urls;  // http(s), or catalog/marked_url.h's
  // A file beside a manifest of this machine; then no urls.
  std::string local_path;
  std::optional<std::uint64_t> size;  // none: to be asked for
  std::optional<Digest> digest;       // the strongest that is told
  std::string validator;
  std::optional<std::int64_t> mtime;  // seconds since the epoch
  std::optional<std::string> data;    // its bytes; then no urls
  std::vector<std::pair<std::string, std::string>> attributes;
  FileView view{};
  // Whether the path is but the url's: then the file may stand at another one
  // where that is taken, named by `other_name` where it has one.
  bool is_named_by_url = false;
  std::string other_name{};
};

// Who is told of what a manifest holds. `place` says where in it, as "line 7"
// or "/resources/3".
struct ManifestEvents {
  // What it returns ends the reading where it is an error.
  std::function<Result<void>(ManifestEntry& entry, const std::string& place)>
      file;
  // An entry that breaks the format. The others are good nevertheless.
  std::function<void(const std::string& place, const std::string& why)> problem;
  // What is left out, though the manifest is a good one.
  std::function<void(const std::string& place, const std::string& why)> odd;
  // Something for README.txt: "title", "…".
  std::function<void(std::string_view what, const std::string& text)> about;
};

// A manifest that is to be read.
struct ManifestText {
  ReadPiece read;
  std::string place;  // its http(s) url or absolute path; "" of neither
  // Where what it tells of begins, in place of what its format says: such a one
  // with a slash at its end, or "".
  std::string base;
  // What the formats need that are more than one document. May be null: then
  // only this one is looked at.
  const Download* download = nullptr;
  const OpenDocument* open = nullptr;
  std::filesystem::path scratch_directory{};
  const ReadLinked* linked = nullptr;
  Endpoints endpoints{};  // where addresses of buckets lead
};

// Where the references of a manifest lead.
struct ManifestBase {
  // Where relative ones begin: an http(s) url or an absolute path, with a slash
  // at its end; "" = that is not known.
  std::string folder;
  Endpoints endpoints;
};

// That of `text`: its base, or its folder.
[[nodiscard]] ManifestBase manifest_base(const ManifestText& text);

// Adds a url to `entry` (web_url); one that comes again is passed over,
// and so are more than 256. Errors:
// kInvalid, none of the schemes that are read.
Result<void> add_url(ManifestEntry& entry, std::string_view url,
                     const Endpoints& endpoints);

// Adds to `entry` where its bytes are: a url, or a path below the base's
// folder. Errors: kInvalid, as of add_url, a path that split_path refuses, or
// no folder.
Result<void> add_origin(ManifestEntry& entry, std::string_view reference,
                        const ManifestBase& base);

// Takes the digest that is stated, where it is stronger than what is there; of
// an unknown kind none. Errors: kInvalid, it is no digest of its kind.
Result<void> add_digest(ManifestEntry& entry, std::string_view kind,
                        std::string_view text);

// A size in decimal digits. Errors: kInvalid, anything else, or over 2^63-1.
Result<std::uint64_t> parse_manifest_size(std::string_view text);

// Whether all of `entry` can be shown: its path is one, it has bytes, and
// attributes that may be set, and a view that it can have. Errors: kInvalid,
// naming what is wrong.
Result<void> check_manifest_entry(const ManifestEntry& entry);

// The name in the tree of a file that is told of by its url alone: the last of
// the url's, cleaned. REQUIRES: not empty.
[[nodiscard]] std::string name_of_url(std::string_view url);

// Seconds since the epoch of an RFC 3339 date and time, or of a day
// "2022-12-01"; none of any other text.
[[nodiscard]] std::optional<std::int64_t> manifest_date(std::string_view text);

// Gives `entry` to `events`: as a file, or as a problem, or as something odd
// where `read` is an error of kUnsupported.
Result<void> give_entry(const ManifestEvents& events, ManifestEntry& entry,
                        const std::string& place, const Result<void>& read);

}  // namespace omicsfs

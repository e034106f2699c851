// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/archive_choice.h"
#include "catalog/archive_member.h"
#include "catalog/digest.h"
#include "catalog/endpoints.h"
#include "catalog/read_piece.h"
#include "catalog/refresh_rules.h"
#include "catalog/result.h"
#include "catalog/snapshot.h"
#include "catalog/token_servers.h"
#include "catalog/tree_builder.h"

// A source: one function that reads a provider's own index documents and adds
// what they list to a tree. It knows neither FUSE nor the network.

namespace omicsfs {

// Fetches the whole document at `url`, refusing one over `max_bytes`.
// Errors: kNotFound (404, 410); kUnavailable; kInvalid (too large, bad url).
using Download = std::function<Result<std::string>(const std::string& url,
                                                   std::uint64_t max_bytes)>;

// Opens the document at `place`, an http(s) url or the absolute path of a local
// file, however large: it is never held in memory. Plain or gzip'd, which its
// first bytes tell: it is inflated while it is read. What is opened must not
// outlive the refresh.
// Errors, of the opening and of each piece: kNotFound; kUnavailable;
// kInterrupted; kInvalid, no such place, no regular file, or broken gzip;
// kNoSpace, of the disk that holds it while it is read; kIo.
using OpenDocument = std::function<Result<ReadPiece>(const std::string& place)>;

// A document that is held whole, and where it goes on.
struct LinkedDocument {
  std::string text;
  std::string next;  // the url of its Link with rel="next" (RFC 8288); or ""
};

// As Download, with where the document goes on. Errors: likewise;
// kUnavailable also where that is no place to go.
using ReadLinked = std::function<Result<LinkedDocument>(
    const std::string& url, std::uint64_t max_bytes)>;

// What a source asks of archives, and of files that are too large for a
// Download. To list and to read, several threads may call at a time.
struct ArchiveAccess {
  // The file at `place`, an http(s) url or the path of a local file: its size,
  // what tells its version, and when it was changed. Errors: kNotFound;
  // kUnavailable; kInvalid, no such place, or no regular file; kIo.
  std::function<Result<RemoteFile>(const std::string& place)> locate;
  // What the zip archive `file` holds. Errors: those of a read; kInvalid, no
  // zip archive.
  std::function<Result<ArchiveMembers>(const RemoteFile& file)> list;
  // Fills `out` with the bytes of `file` from `offset`, which it has. Errors:
  // those of a read.
  std::function<Result<void>(const RemoteFile& file, std::uint64_t offset,
                             std::span<char> out)>
      read;
};

// An archive that the user named.
struct ArchiveItem {
  // An http(s) url, an absolute path, or what catalog/marked_url.h describes.
  std::string place;
  std::optional<Digest> sha1;  // of the archive, where it is known
  std::string id;              // its name in the tree; "" = the place's last
  std::uint64_t size = 0;      // bytes; 0 = to be asked for
  bool must_be_read = false;   // else it is left out where it is a bad one
};

// Settings of one source, as `sources.<name>.…` in config.json has them.
struct SourceSettings {
  std::string base_url;                 // "" = the source's own default
  std::vector<std::string> releases;    // [] = all that are found
  std::vector<ArchiveItem> archives{};  // of sources that are made of them
  ArchiveChoice members{};  // which archives among its files are directories
  // Of sources that a catalogue of files drives: urls and absolute paths of its
  // documents, the most telling first; [] = the source's own default.
  std::vector<std::string> catalogue{};
  // Of those whose files belong to datasets: kinds of datasets, as in a path.
  std::vector<std::string> datasets{"experiments"};
  bool archived = false;  // also what was archived
  // Of sources that a listing of files drives: the url or absolute path of a
  // document that file_listing.h reads; "" = the bucket at base_url is asked.
  std::string listing{};
  // Of those whose files are arrays: the path or url of a table of their
  // columns (column_table.h); "" = the source's own.
  std::string columns{};
  // Whether reads of its files are tried until they must end; none = as
  // SourceKind::is_patient says.
  std::optional<bool> patient{};
  Endpoints endpoints{};  // of what is named by s3:// and hf://
  TokenServers token_servers{};
};

// How a refresh waits for another one of the same source.
struct RefreshTurn {
  std::chrono::milliseconds patience{0};  // 0 = it does not wait
  std::function<void()> on_wait{};        // called once, before it waits
  // Whether the catalog that the other one made meanwhile is taken in place of
  // making another.
  bool take_theirs = false;
};

struct SourceInput {
  const SourceSettings& settings;
  const Download& download;
  // Told of progress in words and counts, from the calling thread; `total` 0 =
  // not known.
  std::function<void(std::string_view what, std::uint64_t done,
                     std::uint64_t total)>
      progress;
  // Told of what is odd and was tolerated.
  std::function<void(std::string message)> warn;
  // Seconds since the epoch: when the catalog was made. No date of a node,
  // which is kUndated where nothing tells it.
  std::int64_t now = 0;
  const ArchiveAccess* archives = nullptr;  // null: for sources without any
  const OpenDocument* open = nullptr;       // null: for sources without any
  // Ends the refresh with kInterrupted, where it takes long without a download.
  std::stop_token stop{};
  // Where large temporary files may be.
  std::filesystem::path scratch_directory{};
  const ReadLinked* linked = nullptr;  // null: for sources without any
  // When the document that `open` opened last was changed, where that is told.
  std::function<std::optional<std::int64_t>()> document_date{};
  // The catalog that the new one is to replace; null: there is none.
  const Snapshot* before = nullptr;
  // The user allows what rules 4 and 5 of refresh_rules.h refuse.
  bool allow_empty = false;
  RefreshTurn turn{};
};

// What a refresh found, kept as properties of the snapshot.
struct SourceSummary {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::string newest_release;  // "" where the source has none
  std::uint64_t releases = 0;
  std::string note{};  // what is to be known of it beside these, for people
  // Warnings of the refresh: entries that were left out or told apart.
  std::uint64_t warnings = 0;
};

// What is kept of it in `snapshot`. Errors: those of Snapshot::property.
Result<SourceSummary> summary_of(const Snapshot& snapshot);

struct SourceKind {
  std::string_view name;              // "abc-atlas"
  std::string_view title;             // "Allen Brain Cell Atlas"
  std::string_view default_base_url;  // "" where nothing is published yet
  Result<SourceSummary> (*build)(const SourceInput& input, TreeBuilder& tree);
  bool of_archives = false;  // that the user names
  // Of a source that a catalogue drives: its default; "" = of no such source.
  std::string_view default_catalogue{};
  bool of_listing = false;  // that a listing of files drives
  bool of_columns = false;  // whose files are arrays with named columns
  // Of a source that is what the user's catalogue says: it has no default.
  bool of_manifests = false;
  // Of a source whose programs take an error of a read for the end of the file,
  // or die of it: see MountedSource::is_patient.
  bool is_patient = false;

  // Whether `settings` say where the source is published, or it has a default.
  [[nodiscard]] bool is_configured(const SourceSettings& settings) const {
    const bool needs_place = of_listing && default_base_url.empty();
    return !needs_place || !settings.listing.empty() ||
           !settings.base_url.empty();
  }
  // Whether `omicsfs add` adds to it.
  [[nodiscard]] constexpr bool takes_items() const {
    return of_archives || of_manifests;
  }
  [[nodiscard]] constexpr bool has_catalogue() const {
    return of_manifests || !default_catalogue.empty();
  }
};

// All sources that this program knows, in order of their names (sources.cc).
[[nodiscard]] std::span<const SourceKind> all_sources();
// Errors: kInvalid, naming the known ones.
Result<const SourceKind*> find_source(std::string_view name);

// Runs `kind` into the next snapshot of `state_dir` and makes it current; older
// ones that nothing uses are removed. On any error the current one stays; the
// rules of what may be left out are those of refresh_rules.h.
// Errors: those of the source, of lock_snapshots and of check_replacement.
Result<SourceSummary> refresh_source(const SourceKind& kind,
                                     const SourceInput& input,
                                     const std::string& state_dir);

}  // namespace omicsfs

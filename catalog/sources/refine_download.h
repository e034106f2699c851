// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/archive_member.h"
#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/sources/refine_metadata.h"

namespace omicsfs {

enum class RefineKind { kDataset, kNormalizedCompendium, kRnaSeqCompendium };

// One download: its archive, what that holds, and what it says of itself.
struct RefineDownload {
  std::string id;
  std::string place;  // as it was named
  std::shared_ptr<const RemoteFile> archive;
  ArchiveMembers members;
  RefineMetadata metadata;
  FilterReasons reasons;
  // Its samples' fields are not kept: they are read once more.
  std::optional<ArchiveMember> metadata_member;
  RefineKind kind = RefineKind::kDataset;
  std::string organism;  // of a compendium
  std::int64_t created_at = 0;
  // Why it is the last-known archive; "" = its server told of it now.
  std::string kept_because;

  // Where it stands in the tree: "datasets/<id>" and the like, without ".zip".
  [[nodiscard]] std::string directory() const;
};

// The organism and version in an archive's name, such as
// "HOMO_SAPIENS_1_1574170428.zip"; "" where it is no such name. Pure.
[[nodiscard]] std::string organism_in_name(std::string_view name);

// What kind of download it is, and of which organism, from its metadata, the
// names of its members and its own. Pure.
void classify(RefineDownload& download, std::string_view archive_name);

// Reads the samples of a download's metadata. Errors: those of ArchiveAccess
// and of `on_sample`.
Result<void> read_refine_samples(const RefineDownload& download,
                                 const ArchiveAccess& archives,
                                 const OnSample& on_sample);

// An archive as the current catalog knows it.
struct KnownArchive {
  std::optional<RemoteFile> file;  // none = it does not know it
  bool may_go = false;  // the user allows that something else has replaced it
};

// Finds, lists and reads the archive `item`. Where that fails, and the server
// does not say that the archive is gone, it is taken to be the known one, of
// which the cache may hold what is read (rules 2 and 5 of refresh_rules.h).
// Errors: those of ArchiveAccess; kInvalid, it is no refine.bio download, nor
// was it known; those of error_of_known.
Result<RefineDownload> read_refine_download(const ArchiveItem& item,
                                            const KnownArchive& known,
                                            const ArchiveAccess& archives);

}  // namespace omicsfs

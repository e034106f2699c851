// SPDX-License-Identifier: MIT
#include <array>

#include "catalog/archive_directories.h"
#include "catalog/entry_name.h"
#include "catalog/snapshot.h"
#include "catalog/source.h"
#include "catalog/sources/abc_atlas.h"
#include "catalog/sources/encode.h"
#include "catalog/sources/genomekit.h"
#include "catalog/sources/manifest.h"
#include "catalog/sources/refine_bio.h"
#include "catalog/sources/scprint2.h"

namespace omicsfs {
namespace {

// In order of their names.
constexpr std::array<SourceKind, 6> kSources = {
    kAbcAtlas, kEncode, kGenomekit, kAnyManifest, kRefineBio, kScprint2};

Result<void> set_properties(const SourceKind& kind,
                            const SourceSummary& summary,
                            const SourceSettings& settings,
                            SnapshotWriter& writer) {
  const std::pair<std::string_view, std::string> properties[] = {
      {"title", std::string(kind.title)},
      {"files", std::to_string(summary.files)},
      {"bytes", std::to_string(summary.bytes)},
      {"newest_release", summary.newest_release},
      {"releases", std::to_string(summary.releases)},
      {"note", summary.note},
      {"members", settings.members.text()},
  };
  for (const auto& [name, value] : properties) {
    Result<void> set = writer.set_property(name, value);
    if (!set) {
      return set;
    }
  }
  return {};
}

Result<SourceSummary> build_snapshot(const SourceKind& kind,
                                     const SourceInput& input,
                                     SnapshotWriter& writer) {
  Result<TreeBuilder> tree = TreeBuilder::create(writer, kUndated);
  if (!tree) {
    return tree.error();
  }
  const bool with_directories = !kind.of_archives && input.archives != nullptr;
  ArchiveDirectories archives(input.settings.members);
  if (with_directories) {
    tree->on_file([&](const AddedFile& added) { archives.see(added); });
  }
  Result<SourceSummary> summary = kind.build(input, *tree);
  if (!summary) {
    return summary;
  }
  Result<void> done =
      with_directories ? archives.add(input, *tree) : Result<void>();
  if (done) {
    done = set_properties(kind, *summary, input.settings, writer);
  }
  if (done) {
    done = writer.commit();
  }
  return done ? summary : done.error();
}

// None, too, where it cannot be read: then dates are as in a first catalog.
std::shared_ptr<const Snapshot> snapshot_before(const std::string& state_dir,
                                                std::string_view source) {
  const auto path = current_snapshot(state_dir, source);
  const auto snapshot =
      path ? Snapshot::open(*path)
           : Result<std::shared_ptr<const Snapshot>>(path.error());
  return snapshot ? *snapshot : nullptr;
}

}  // namespace

std::span<const SourceKind> all_sources() { return kSources; }

Result<const SourceKind*> find_source(std::string_view name) {
  std::string known;
  for (const SourceKind& kind : kSources) {
    if (kind.name == name) {
      return &kind;
    }
    known += known.empty() ? "" : ", ";
    known += kind.name;
  }
  return Error{ErrorCode::kInvalid, "no source " + omicsfs::quoted(name) +
                                        "; the known ones are " + known};
}

Result<SourceSummary> refresh_source(const SourceKind& kind,
                                     const SourceInput& input,
                                     const std::string& state_dir) {
  const Result<UniqueFd> lock = lock_snapshots(state_dir, kind.name);
  if (!lock) {
    return lock.error();
  }
  const Result<NextSnapshot> next = next_snapshot(state_dir, kind.name);
  if (!next) {
    return next.error();
  }
  Result<SnapshotWriter> writer = SnapshotWriter::create(
      next->path, {std::string(kind.name), next->generation, input.now});
  if (!writer) {
    return writer.error();
  }
  writer->keep_dates_of(snapshot_before(state_dir, kind.name));
  SourceInput whole = input;
  whole.scratch_directory = next->path.parent_path();
  Result<SourceSummary> summary = build_snapshot(kind, whole, *writer);
  if (summary) {
    prune_snapshots(state_dir, kind.name);
  }
  return summary;
}

}  // namespace omicsfs

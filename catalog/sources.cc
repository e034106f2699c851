// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "catalog/archive_directories.h"
#include "catalog/entry_name.h"
#include "catalog/last_known.h"
#include "catalog/patient_lock.h"
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
      {"warnings", std::to_string(summary.warnings)},
      {"members", settings.members.text()},
      {kPlaceProperty, place_of(settings)},
  };
  for (const auto& [name, value] : properties) {
    Result<void> set = writer.set_property(name, value);
    if (!set) {
      return set;
    }
  }
  return {};
}

// What the user asked for, with whom the warnings are counted.
SourceInput with_counted_warnings(const SourceInput& input,
                                  WarningLog& warnings) {
  SourceInput counted = input;
  counted.warn = [&input, &warnings](std::string message) {
    warnings.add(message);
    if (input.warn) {
      input.warn(std::move(message));
    }
  };
  return counted;
}

// The tree of the source, README.txt and the properties; not yet committed.
Result<SourceSummary> build_tree(const SourceKind& kind,
                                 const SourceInput& given,
                                 SnapshotWriter& writer) {
  WarningLog warnings;
  const SourceInput input = with_counted_warnings(given, warnings);
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
  summary->warnings = warnings.count();
  done = done ? tree->end_readme(warnings.readme_text()) : done;
  done = done ? set_properties(kind, *summary, input.settings, writer) : done;
  return done ? summary : done.error();
}

// The new snapshot, which replaces the one that is there only as a whole, and
// where check_replacement() lets it.
Result<SourceSummary> build_snapshot(const SourceKind& kind,
                                     const SourceInput& input,
                                     SnapshotWriter& writer) {
  Result<SourceSummary> summary = build_tree(kind, input, writer);
  if (!summary) {
    return summary;
  }
  const auto last = input.before != nullptr
                        ? summary_of(*input.before)
                        : Error{ErrorCode::kNotFound, "no catalog"};
  Result<void> done =
      check_replacement(last ? std::optional(last->files) : std::nullopt,
                        summary->files, input.allow_empty);
  done = done ? writer.commit() : done;
  return done ? summary : done.error();
}

// The newest catalog that can be read; null = there is none.
std::shared_ptr<const Snapshot> catalog_before(const std::string& state_dir,
                                               std::string_view source) {
  auto opened = open_current_snapshot(state_dir, source);
  return opened ? *std::move(opened) : nullptr;
}

std::uint32_t generation_before(const std::string& state_dir,
                                std::string_view source) {
  const auto before = catalog_before(state_dir, source);
  return before == nullptr ? 0 : before->header().generation;
}

Result<std::uint64_t> count_property(const Snapshot& snapshot,
                                     std::string_view name) {
  const auto text = snapshot.property(name);
  if (!text) {
    return text.error();
  }
  const std::string digits = text->value_or("");
  std::uint64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
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

Result<SourceSummary> summary_of(const Snapshot& snapshot) {
  SourceSummary summary;
  const std::pair<std::string_view, std::uint64_t*> counts[] = {
      {"files", &summary.files},
      {"bytes", &summary.bytes},
      {"releases", &summary.releases},
      {"warnings", &summary.warnings}};
  for (const auto& [name, count] : counts) {
    const auto value = count_property(snapshot, name);
    if (!value) {
      return value.error();
    }
    *count = *value;
  }
  const std::pair<std::string_view, std::string*> texts[] = {
      {"newest_release", &summary.newest_release}, {"note", &summary.note}};
  for (const auto& [name, text] : texts) {
    const auto value = snapshot.property(name);
    if (!value) {
      return value.error();
    }
    *text = value->value_or("");
  }
  return summary;
}

Result<SourceSummary> refresh_source(const SourceKind& kind,
                                     const SourceInput& input,
                                     const std::string& state_dir) {
  const std::uint32_t seen = generation_before(state_dir, kind.name);
  const auto turn =
      wait_for_lock([&] { return lock_snapshots(state_dir, kind.name); },
                    {input.turn.patience, input.turn.on_wait, input.stop});
  if (!turn) {
    return turn.error();
  }
  auto before = catalog_before(state_dir, kind.name);
  const bool theirs = turn->has_waited && input.turn.take_theirs &&
                      before != nullptr && before->header().generation > seen;
  if (theirs) {
    return summary_of(*before);
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
  writer->keep_dates_of(before);
  SourceInput whole = input;
  whole.scratch_directory = next->path.parent_path();
  whole.before = before.get();
  Result<SourceSummary> summary = build_snapshot(kind, whole, *writer);
  before.reset();  // one in use is not removed
  if (summary) {
    prune_snapshots(state_dir, kind.name);
  }
  return summary;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/last_known.h"
#include "catalog/refresh_rules.h"
#include "catalog/server_set.h"
#include "catalog/snapshot_writer.h"
#include "catalog/sources/manifest_address.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/sources/manifest_tree.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kFilesAStep = 256;
// What README.txt tells of manifests has this many bytes at most, and of one
// thing so many.
constexpr std::size_t kMaxAbout = 32'768;
constexpr std::size_t kMaxAboutLine = 2'000;

constexpr std::string_view kNothing =
    "Nothing is here yet. `sources.manifest.catalogue` in the settings names\n"
    "the manifests whose files are to be shown: omicsfs.json(5).\n";

class ManifestImport {
 public:
  ManifestImport(const SourceInput& input, TreeBuilder& tree)
      : input_(input),
        tree_(tree),
        files_(tree, input.archives, input.before) {}

  // Reads the document `named`, by rule 5 of refresh_rules.h.
  Result<void> read(const std::string& named);
  [[nodiscard]] const std::string& about() const { return about_; }
  [[nodiscard]] const ManifestTree& files() const { return files_; }

 private:
  Result<void> read_document(const std::string& named);
  // A manifest that is being read.
  struct Reading {
    std::string told;  // its name, for people
    EntryTally tally{};
  };
  Result<void> take(const ManifestEntry& entry, const std::string& place,
                    Reading& reading);
  void leave_out(const std::string& place, const std::string& why,
                 Reading& reading);
  void tell(std::string_view what, const std::string& text);
  [[nodiscard]] Result<std::string> address_of(const std::string& named) const;

  const SourceInput& input_;
  TreeBuilder& tree_;
  ManifestTree files_;
  std::string about_;
};

void ManifestImport::tell(std::string_view what, const std::string& text) {
  std::string line =
      fmt::format("{}: {}\n", what, printable(text, kMaxAboutLine));
  if (about_.size() + line.size() <= kMaxAbout) {
    about_ += line;
  }
}

void ManifestImport::leave_out(const std::string& place, const std::string& why,
                               Reading& reading) {
  reading.tally.bad(place, why);
  input_.warn(fmt::format("{}: {}: left out: {}", reading.told, place, why));
}

// Where an entry that was renamed stands: a refresh and a check say the same.
std::string renamed_text(const ManifestEntry& entry, const std::string& path) {
  return fmt::format("stands at {}, as another file is at {}",
                     omicsfs::quoted(path), omicsfs::quoted(entry.path));
}

Result<void> ManifestImport::take(const ManifestEntry& entry,
                                  const std::string& place, Reading& reading) {
  const auto known = check_tokens(entry.urls, input_.settings.token_servers);
  const auto added =
      known ? files_.add_apart(entry) : Result<std::string>(known.error());
  if (!added && !leaves_out_entry(added.error())) {
    return added.error().within(place);
  }
  if (added && !files_.kept_because().empty()) {
    input_.warn(fmt::format("{}: {}: stands as it did before: {}", reading.told,
                            place, files_.kept_because()));
  }
  if (!added) {
    leave_out(place, added.error().message, reading);
  } else {
    reading.tally.good();
  }
  if (added && *added != entry.path) {
    input_.warn(fmt::format("{}: {}: {}", reading.told, place,
                            renamed_text(entry, *added)));
  }
  if (added && files_.files() % kFilesAStep == 0) {
    input_.progress("files", files_.files(), 0);
  }
  return input_.stop.stop_requested()
             ? Error{ErrorCode::kInterrupted, "the refresh was ended"}
             : Result<void>();
}

// Its list, of what it holds now.
Result<std::string> ManifestImport::address_of(const std::string& named) const {
  const auto address = manifest_address(named, input_.settings.endpoints);
  return address ? pinned_address(*address, input_.download) : address;
}

Result<void> ManifestImport::read_document(const std::string& named) {
  const auto address = address_of(named);
  if (!address) {
    return address.error();
  }
  const std::string& place = *address;
  const auto document = (*input_.open)(place);
  if (!document) {
    return document.error();
  }
  tree_.set_document_date(input_.document_date ? input_.document_date()
                                               : std::nullopt);
  Reading reading{told_place(is_collection(named) ? named : place)};
  tell("\nmanifest", reading.told);
  if (is_collection(named)) {
    tell("list", told_place(place));
  }
  const ManifestEvents events{
      [&](ManifestEntry& entry, const std::string& where) {
        return take(entry, where, reading);
      },
      [&](const std::string& where, const std::string& why) {
        leave_out(where, why, reading);
      },
      [&](const std::string& where, const std::string& why) {
        input_.warn(
            fmt::format("{}: {}: left out: {}", reading.told, where, why));
      },
      [&](std::string_view what, const std::string& text) {
        tell(what, text);
      }};
  const ManifestText text{*document,
                          place,
                          input_.settings.base_url,
                          &input_.download,
                          input_.open,
                          input_.scratch_directory,
                          input_.linked,
                          input_.settings.endpoints};
  auto done = read_manifest(text, events);
  done = done ? reading.tally.verdict() : done;
  return done ? done : done.error().within(reading.told);
}

Result<void> ManifestImport::read(const std::string& named) {
  const std::uint64_t before = files_.files();
  const auto done = read_document(named);
  const auto files = check_known_document(
      input_, named,
      done ? Result<std::uint64_t>(files_.files() - before) : done.error());
  if (!files) {
    return files.error();
  }
  return *files == 0 ? Result<void>()
                     : tree_.set_property(document_property(named),
                                          std::to_string(*files));
}

// A document of the settings or one that was added.
struct NamedManifest {
  std::string place;
  bool must_be_read = false;
};

std::vector<NamedManifest> named_manifests(const SourceSettings& settings) {
  std::vector<NamedManifest> all;
  for (const std::string& place : settings.catalogue) {
    all.push_back({place});
  }
  for (const ArchiveItem& item : settings.archives) {
    all.push_back({item.place, item.must_be_read});
  }
  return all;
}

// Reads all of them. One that is bad as a whole, and of which nothing was taken
// yet, is left out where there are others.
Result<void> read_manifests(const std::vector<NamedManifest>& named,
                            const SourceInput& input, ManifestImport& import) {
  EntryTally tally;
  for (const NamedManifest& manifest : named) {
    const std::uint64_t files = import.files().files();
    const auto read = import.read(manifest.place);
    if (read) {
      tally.good();
      continue;
    }
    const bool ends = named.size() == 1 || manifest.must_be_read ||
                      ends_refresh(read.error()) ||
                      import.files().files() != files;
    if (ends) {
      return read.error();
    }
    const std::string told = told_place(manifest.place);
    tally.bad(told, read.error().message);
    input.warn(told + ": left out: " + read.error().message);
  }
  return tally.verdict();
}

// Of a name that no manifest has taken.
Result<void> add_readme(const std::string& about, TreeBuilder& tree) {
  auto set = tree.set_readme(
      "The files that a manifest tells of, each from where it says.\n" +
          (about.empty() ? "\n" + std::string(kNothing) : about),
      kUndated);
  return !set && set.error().code == ErrorCode::kInvalid ? Result<void>() : set;
}

}  // namespace

Result<SourceSummary> build_manifest(const SourceInput& input,
                                     TreeBuilder& tree) {
  ManifestImport import(input, tree);
  if (auto read =
          read_manifests(named_manifests(input.settings), input, import);
      !read) {
    return read.error();
  }
  if (auto added = add_readme(import.about(), tree); !added) {
    return added.error();
  }
  SourceSummary summary;
  summary.files = import.files().files();
  summary.bytes = import.files().bytes();
  return summary;
}

Result<SourceSummary> check_manifest(const ManifestCheck& check,
                                     const OpenDocument& open) {
  const auto document = open(check.place);
  if (!document) {
    return document.error();
  }
  // A tree like another, which is never finished.
  auto writer = SnapshotWriter::create(check.scratch_directory / "checked",
                                       {"manifest", 1, 0});
  if (!writer) {
    return writer.error();
  }
  auto tree = TreeBuilder::create(*writer, 0);
  if (!tree) {
    return tree.error();
  }
  ManifestTree files(*tree, nullptr);
  ServerSet servers;
  const ManifestEvents events{
      [&](ManifestEntry& entry, const std::string& where) -> Result<void> {
        const auto added = files.add_apart(entry);
        if (!added) {
          if (ends_refresh(added.error())) {
            return added.error();
          }
          check.problem(where, added.error().message);
          return {};
        }
        servers.note(entry.urls);
        if (*added != entry.path && check.renamed) {
          check.renamed(where, renamed_text(entry, *added));
        }
        return {};
      },
      check.problem, check.odd, [](std::string_view, const std::string&) {}};
  const ManifestText text{*document, check.place, "",
                          nullptr,   &open,       check.scratch_directory};
  if (auto done = read_manifest(text, events); !done) {
    return done.error();
  }
  if (check.server) {
    std::for_each(servers.servers().begin(), servers.servers().end(),
                  check.server);
  }
  SourceSummary summary;
  summary.files = files.files();
  summary.bytes = files.bytes();
  return summary;
}

}  // namespace omicsfs

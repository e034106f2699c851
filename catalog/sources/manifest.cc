// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/snapshot_writer.h"
#include "catalog/sources/manifest_address.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/sources/manifest_tree.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kFilesAStep = 256;
// Problems that an error names one by one.
constexpr std::uint64_t kProblemsTold = 5;
// What README.txt tells of manifests has this many bytes at most, and of one
// thing so many.
constexpr std::size_t kMaxAbout = 32'768;
constexpr std::size_t kMaxAboutLine = 2'000;

constexpr std::string_view kNothing =
    "Nothing is here yet. `sources.manifest.catalogue` in the settings names\n"
    "the manifests whose files are to be shown: omicsfs.json(5).\n";

// What is wrong with a manifest, as far as it is worth telling.
class Problems {
 public:
  void add(const std::string& place, const std::string& why) {
    if (++count_ <= kProblemsTold) {
      text_ += fmt::format("{}{}: {}", text_.empty() ? "" : "; ", place, why);
    }
  }
  [[nodiscard]] Result<void> result(const std::string& manifest) const {
    if (count_ == 0) {
      return {};
    }
    const std::string more =
        count_ > kProblemsTold
            ? fmt::format("; and {} more, which `omicsfs manifest check` tells",
                          count_ - kProblemsTold)
            : "";
    return Error{ErrorCode::kInvalid,
                 fmt::format("{}: {}{}", manifest, text_, more)};
  }

 private:
  std::uint64_t count_ = 0;
  std::string text_;
};

// Whether the error is that of one file alone.
bool is_of_file(const Error& error) {
  return error.code == ErrorCode::kInvalid;
}

class ManifestImport {
 public:
  ManifestImport(const SourceInput& input, TreeBuilder& tree)
      : input_(input), tree_(tree), files_(tree, input.archives) {}

  Result<void> read(const std::string& named);
  [[nodiscard]] const std::string& about() const { return about_; }
  [[nodiscard]] const ManifestTree& files() const { return files_; }

 private:
  Result<void> take(const ManifestEntry& entry, const std::string& place,
                    const std::string& manifest, Problems& problems);
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

Result<void> ManifestImport::take(const ManifestEntry& entry,
                                  const std::string& place,
                                  const std::string& manifest,
                                  Problems& problems) {
  const auto known = check_tokens(entry.urls, input_.settings.token_servers);
  const auto added = known ? files_.add(entry) : known;
  if (!added && added.error().code == ErrorCode::kNotFound) {
    input_.warn(fmt::format("{}: {}: left out: {}", manifest, place,
                            added.error().message));
  } else if (!added && is_of_file(added.error())) {
    problems.add(place, added.error().message);
  } else if (!added) {
    return added.error().within(place);
  } else if (files_.files() % kFilesAStep == 0) {
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

Result<void> ManifestImport::read(const std::string& named) {
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
  const std::string manifest = told_place(is_collection(named) ? named : place);
  tell("\nmanifest", manifest);
  if (is_collection(named)) {
    tell("list", told_place(place));
  }
  Problems problems;
  const ManifestEvents events{
      [&](ManifestEntry& entry, const std::string& where) {
        return take(entry, where, manifest, problems);
      },
      [&](const std::string& where, const std::string& why) {
        problems.add(where, why);
      },
      [&](const std::string& where, const std::string& why) {
        input_.warn(fmt::format("{}: {}: left out: {}", manifest, where, why));
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
  const auto done = read_manifest(text, events);
  return done ? problems.result(manifest) : done.error().within(manifest);
}

// Of a name that no manifest has taken.
Result<void> add_readme(const std::string& about, TreeBuilder& tree) {
  constexpr std::string_view kName = "README.txt";
  if (const auto free = tree.check_free(kName); !free) {
    return free.error().code == ErrorCode::kInvalid ? Result<void>()
                                                    : free.error();
  }
  const std::string text =
      "The files that a manifest tells of, each from where it says.\n" +
      (about.empty() ? "\n" + std::string(kNothing) : about);
  const auto added = tree.add_inline_file(kName, text, kUndated);
  return added ? Result<void>() : added.error();
}

}  // namespace

Result<SourceSummary> build_manifest(const SourceInput& input,
                                     TreeBuilder& tree) {
  ManifestImport import(input, tree);
  for (const std::string& place : input.settings.catalogue) {
    if (auto read = import.read(place); !read) {
      return read.error();
    }
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
  const ManifestEvents events{
      [&](ManifestEntry& entry, const std::string& where) -> Result<void> {
        auto added = files.add(entry);
        if (!added && is_of_file(added.error())) {
          check.problem(where, added.error().message);
          return {};
        }
        return added;
      },
      check.problem, check.odd, [](std::string_view, const std::string&) {}};
  const ManifestText text{*document, check.place, "",
                          nullptr,   &open,       check.scratch_directory};
  if (auto done = read_manifest(text, events); !done) {
    return done.error();
  }
  SourceSummary summary;
  summary.files = files.files();
  summary.bytes = files.bytes();
  return summary;
}

}  // namespace omicsfs

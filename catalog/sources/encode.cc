// SPDX-License-Identifier: MIT
#include "catalog/sources/encode.h"

#include <utility>
#include <vector>

#include "catalog/document_text.h"
#include "catalog/last_known.h"
#include "catalog/record_finder.h"
#include "catalog/refresh_rules.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sources/encode_import.h"
#include "catalog/sources/encode_search.h"
#include "catalog/sources/encode_tree.h"

namespace omicsfs {
namespace {

// What can be asked for by a shorter name, and what means a file's own name.
constexpr std::string_view kAliases =
    "assay=assay_title,format=file_format,type=file_type,"
    "experiment=experiments,output=output_type";
constexpr std::string_view kNames = "id,accession";

Result<void> set_properties(TreeBuilder& tree) {
  const std::pair<std::string_view, std::string_view> properties[] = {
      {kFieldPrefixProperty, "encode."},
      {RecordFinder::kAliasesProperty, kAliases},
      {RecordFinder::kNamesProperty, kNames},
  };
  for (const auto& [name, value] : properties) {
    if (auto set = tree.set_property(name, value); !set) {
      return set;
    }
  }
  return {};
}

// The portal's url, with a slash at the end.
std::string portal_of(const SourceSettings& settings) {
  std::string url = settings.base_url.empty()
                        ? std::string(kEncode.default_base_url)
                        : settings.base_url;
  url += url.ends_with('/') ? "" : "/";
  return url;
}

std::string told_places(const std::vector<std::string>& places) {
  std::string text;
  for (const std::string& place : places) {
    text += text.empty() ? "" : ", ";
    text += told_place(place);
  }
  return text;
}

// Whether nothing that a server does could have mended it.
bool is_of_this_machine(const Error& error) {
  return error.code == ErrorCode::kInterrupted ||
         error.code == ErrorCode::kNoSpace || error.code == ErrorCode::kIo;
}

// The property of a catalog for which the portal was read.
constexpr std::string_view kFromPortal = "encode_portal";

bool was_from_portal(const Snapshot* before) {
  return last_known_property(before, kFromPortal).has_value();
}

// Reads a document, by rule 5 of refresh_rules.h.
Result<void> read_known(const std::string& place, const SourceInput& input,
                        EncodeImport& import, TreeBuilder& tree) {
  const auto files = check_known_document(input, place, import.read(place));
  if (!files) {
    return files.error();
  }
  return *files == 0 ? Result<void>()
                     : tree.set_property(document_property(place),
                                         std::to_string(*files));
}

// Reads the documents that the settings name; where they name none, the list of
// the bucket, and then the portal, which alone knows what the files are of.
// Puts the places of what was read to `read`. Errors: also those of the portal,
// if the catalog that is there has what only the portal tells.
Result<void> read_catalogue(const SourceInput& input, const std::string& portal,
                            EncodeImport& import, TreeBuilder& tree,
                            std::vector<std::string>& read) {
  read = input.settings.catalogue;
  const bool by_default = read.empty();
  if (by_default) {
    read.emplace_back(kEncodeCatalogue);
  }
  for (const std::string& place : read) {
    if (auto done = read_known(place, input, import, tree); !done) {
      return done;
    }
  }
  if (!by_default) {
    return {};
  }
  const std::string search = encode_search_url(portal, input.settings.archived);
  auto done = import.read_further(search);
  if (done) {
    read.push_back(search);
    return tree.set_property(kFromPortal, told_place(search));
  }
  if (is_of_this_machine(done.error())) {
    return done;
  }
  if (was_from_portal(input.before)) {
    return done.error().within(
        "the catalog that is there stays, with the assays, biosamples and "
        "targets that the portal told");
  }
  input.warn(
      "this catalog lacks assays, biosamples and targets, because the portal "
      "failed; refresh again later: " +
      done.error().message);
  return {};
}

}  // namespace

Result<SourceSummary> build_encode(const SourceInput& input,
                                   TreeBuilder& tree) {
  const std::string portal = portal_of(input.settings);
  EncodeImport import(input, portal);
  std::vector<std::string> catalogue;
  if (auto read = read_catalogue(input, portal, import, tree, catalogue);
      !read) {
    return read.error();
  }
  EncodeTree files(tree, {{input.settings.archived, input.settings.datasets},
                          portal,
                          input.scratch_directory.native(),
                          input.settings.endpoints});
  Result<void> done = set_properties(tree);
  if (done) {
    done = files.begin();
  }
  if (!done) {
    return done.error();
  }
  std::uint64_t added = 0;
  done = import.drain([&](EncodeFile& file) {
    auto on = ++added % kEncodeProgressStep == 0
                  ? encode_go_on(input, "files", added)
                  : Result<void>();
    return on ? files.add(file) : on;
  });
  if (!done) {
    return done.error();
  }
  const auto totals =
      files.finish(told_places(catalogue), [&input](std::uint64_t datasets) {
        return encode_go_on(input, "experiments", datasets);
      });
  if (!totals) {
    return totals.error();
  }
  SourceSummary summary;
  summary.files = totals->files;
  summary.bytes = totals->bytes;
  return summary;
}

}  // namespace omicsfs

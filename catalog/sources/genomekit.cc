// SPDX-License-Identifier: MIT
#include "catalog/sources/genomekit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/file_listing.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sources/genomekit_names.h"
#include "catalog/sources/genomekit_readme.h"

namespace omicsfs {
namespace {

using Kind = GenomekitKind;

// Real ones have up to 40 bytes.
constexpr std::uint64_t kMaxConfigBytes = 4096;
constexpr std::string_view kByAnnotation = "by-annotation";
constexpr std::string_view kByAssembly = "by-assembly";
constexpr std::string_view kReadmeName = "README.txt";

void warn_of(const SourceInput& input, std::string message) {
  if (input.warn) {
    input.warn(std::move(message));
  }
}

// Whether a directory can have the name of what the file `name` belongs to.
bool has_subject(const std::string& name) {
  const auto [kind, subject] = parse_genomekit_name(name);
  const bool has_directory = is_of_assembly(kind) || is_of_annotation(kind);
  return !has_directory || check_entry_name(subject).has_value();
}

// Where the files come from, for people; a query may hold a secret.
std::string origin_of(const SourceSettings& settings) {
  const std::string& listing = settings.listing;
  if (!listing.empty()) {
    const bool local = listing.starts_with('/');
    return "what is listed by " +
           listing.substr(0, local ? listing.size() : listing.find('?'));
  }
  return settings.base_url.empty() ? std::string(kGenomekit.default_base_url)
                                   : settings.base_url;
}

// Of an annotation: what its .cfg says, and the names of all its files.
struct GenomekitAnnotation {
  std::optional<std::string> config;
  std::string assembly;  // "" = not known
  std::vector<std::string> names;
};

class GenomekitTree {
 public:
  GenomekitTree(const SourceInput& input, TreeBuilder& tree)
      : input_(input), tree_(tree) {}

  Result<SourceSummary> build(std::vector<ListedFile> files);

 private:
  void sort_out(std::vector<ListedFile>& files);
  void note_name(const std::string& name);
  Result<void> read_configs();
  Result<void> read_config(const ListedFile& file,
                           GenomekitAnnotation& annotation);
  Result<void> add_objects();
  Result<void> add_object(const ListedFile& file);
  Result<NodeId> add_node(const ListedFile& file, const GenomekitName& name);
  Result<void> add_hashes();
  Result<void> add_annotations();
  Result<void> add_assemblies();
  Result<void> add_links(const std::string& directory,
                         const std::vector<std::string>& names);
  Result<void> add_readme();

  const SourceInput& input_;
  TreeBuilder& tree_;
  std::map<std::string, ListedFile, std::less<>> files_;  // by name
  std::map<std::string, GenomekitAnnotation, std::less<>> annotations_;
  // The names of each assembly's files.
  std::map<std::string, std::vector<std::string>, std::less<>> assemblies_;
  GenomekitTotals totals_;
};

// Keeps what can stand at the root.
void GenomekitTree::sort_out(std::vector<ListedFile>& files) {
  constexpr std::array kOurs = {kByAnnotation, kByAssembly, kReadmeName};
  std::uint64_t below = 0;
  for (ListedFile& file : files) {
    if (file.path.find('/') != std::string::npos) {
      ++below;
    } else if (std::find(kOurs.begin(), kOurs.end(), file.path) !=
               kOurs.end()) {
      warn_of(input_, file.path + " is left out: the name is taken");
    } else if (!has_subject(file.path)) {
      warn_of(input_, file.path +
                          " is left out: no directory can have the name of "
                          "its annotation or assembly");
    } else {
      std::string name = file.path;
      files_.emplace(std::move(name), std::move(file));
    }
  }
  if (below > 0) {
    warn_of(input_, fmt::format("{} objects below a \"/\" are left out: "
                                "GenomeKit's bucket is flat",
                                below));
  }
}

void GenomekitTree::note_name(const std::string& name) {
  const auto [kind, subject] = parse_genomekit_name(name);
  if (is_of_assembly(kind)) {
    assemblies_[std::string(subject)].push_back(name);
  }
  if (is_of_annotation(kind)) {
    annotations_[std::string(subject)].names.push_back(name);
  }
  totals_.assemblies += kind == Kind::kTwoBit ? 1U : 0U;
  totals_.annotations += kind == Kind::kAnnotation ? 1U : 0U;
}

Result<void> GenomekitTree::read_config(const ListedFile& file,
                                        GenomekitAnnotation& annotation) {
  auto text = input_.download(file.url, kMaxConfigBytes);
  if (!text) {
    const bool odd = text.error().code == ErrorCode::kNotFound ||
                     text.error().code == ErrorCode::kInvalid;
    if (odd) {
      warn_of(input_, text.error().message);
    }
    return odd ? Result<void>() : text.error();
  }
  auto assembly = genomekit_assembly_of(*text);
  if (assembly) {
    annotation.assembly = *std::move(assembly);
    // Also where the bucket has nothing of it but annotations.
    assemblies_[annotation.assembly];
  } else {
    warn_of(input_, file.path + ": " + assembly.error().message);
  }
  annotation.config = *std::move(text);
  return {};
}

Result<void> GenomekitTree::read_configs() {
  std::size_t done = 0;
  for (auto& [name, annotation] : annotations_) {
    const auto config = files_.find(name + ".cfg");
    if (input_.progress) {
      input_.progress("annotations", done++, annotations_.size());
    }
    auto read = config == files_.end()
                    ? Result<void>()
                    : read_config(config->second, annotation);
    if (!read) {
      return read;
    }
  }
  return {};
}

Result<NodeId> GenomekitTree::add_node(const ListedFile& file,
                                       const GenomekitName& name) {
  const std::int64_t modified = file.modified.value_or(kUndated);
  const auto annotation = annotations_.find(name.subject);
  if (name.kind == Kind::kConfig && annotation->second.config) {
    return tree_.add_inline_file(file.path, *annotation->second.config,
                                 modified);
  }
  RemoteFile remote = remote_file_of(file);
  remote.is_mapped = is_mapped(name.kind);
  return tree_.add_file(file.path, remote, modified);
}

Result<void> GenomekitTree::add_object(const ListedFile& file) {
  const GenomekitName name = parse_genomekit_name(file.path);
  const auto node = add_node(file, name);
  if (!node) {
    return node.error();
  }
  std::vector<RecordField> fields = {{"kind", genomekit_kind_word(name.kind)}};
  if (is_of_assembly(name.kind)) {
    fields.push_back({"assembly", name.subject});
  }
  if (is_of_annotation(name.kind)) {
    const auto& annotation = annotations_.find(name.subject)->second;
    fields.push_back({"annotation", name.subject});
    fields.push_back(
        {"provider", name.subject.substr(0, name.subject.find('.'))});
    if (!annotation.assembly.empty()) {
      fields.push_back({"assembly", annotation.assembly});
    }
  }
  return tree_.add_record({"file", file.path, file.path, fields, *node});
}

Result<void> GenomekitTree::add_objects() {
  for (const auto& [name, file] : files_) {
    if (auto added = add_object(file); !added) {
      return added;
    }
  }
  return {};
}

Result<void> GenomekitTree::add_hashes() {
  for (auto& [assembly, names] : assemblies_) {
    std::string name = genomekit_hash_name(assembly);
    if (!files_.contains(name)) {
      const auto node = tree_.add_inline_file(name, assembly, kUndated);
      if (!node) {
        return node.error();
      }
    }
    names.push_back(std::move(name));
  }
  return {};
}

Result<void> GenomekitTree::add_links(const std::string& directory,
                                      const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto link =
        tree_.add_symlink(fmt::format("{}/{}", directory, name),
                          fmt::format("../../{}", name), kUndated);
    if (!link) {
      return link.error();
    }
  }
  return {};
}

Result<void> GenomekitTree::add_annotations() {
  for (const auto& [name, annotation] : annotations_) {
    const std::string directory = fmt::format("{}/{}", kByAnnotation, name);
    const auto node = tree_.add_directory(directory, kUndated);
    auto done = node ? add_links(directory, annotation.names) : node.error();
    if (done && !annotation.assembly.empty()) {
      done = tree_.set_xattr(*node, "genomekit.assembly", annotation.assembly);
    }
    if (done && !annotation.assembly.empty()) {
      done = add_links(directory, assemblies_[annotation.assembly]);
    }
    if (!done) {
      return done;
    }
  }
  return {};
}

Result<void> GenomekitTree::add_assemblies() {
  for (const auto& [assembly, names] : assemblies_) {
    auto done = add_links(fmt::format("{}/{}", kByAssembly, assembly), names);
    if (!done) {
      return done;
    }
  }
  for (const auto& [name, annotation] : annotations_) {
    if (annotation.assembly.empty()) {
      continue;
    }
    const auto link = tree_.add_symlink(
        fmt::format("{}/{}/annotations/{}", kByAssembly, annotation.assembly,
                    name),
        fmt::format("../../../{}/{}", kByAnnotation, name), kUndated);
    if (!link) {
      return link.error();
    }
  }
  return {};
}

Result<void> GenomekitTree::add_readme() {
  return tree_.set_readme(genomekit_readme(totals_, origin_of(input_.settings)),
                          kUndated);
}

Result<SourceSummary> GenomekitTree::build(std::vector<ListedFile> files) {
  sort_out(files);
  if (files_.empty()) {
    return Error{ErrorCode::kNotFound, "the listing has no files"};
  }
  SourceSummary summary;
  for (const auto& [name, file] : files_) {
    note_name(name);
    ++summary.files;
    summary.bytes += file.size.value_or(0);
  }
  totals_.files = summary.files;
  totals_.bytes = summary.bytes;
  auto done = tree_.set_property(kFieldPrefixProperty, "genomekit.");
  for (const auto step :
       {&GenomekitTree::read_configs, &GenomekitTree::add_objects,
        &GenomekitTree::add_hashes, &GenomekitTree::add_annotations,
        &GenomekitTree::add_assemblies, &GenomekitTree::add_readme}) {
    done = done ? (this->*step)() : done;
  }
  return done ? Result<SourceSummary>(summary) : done.error();
}

}  // namespace

Result<SourceSummary> build_genomekit(const SourceInput& input,
                                      TreeBuilder& tree) {
  auto files = list_files(input, kGenomekit.default_base_url);
  if (!files) {
    return files.error();
  }
  if (auto sizes = find_sizes(input, *files); !sizes) {
    return sizes.error();
  }
  return GenomekitTree(input, tree).build(*std::move(files));
}

}  // namespace omicsfs

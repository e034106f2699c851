// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_download.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/archive_tree.h"
#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "catalog/refresh_rules.h"

namespace omicsfs {
namespace {

constexpr std::string_view kMetadata = "aggregated_metadata.json";
constexpr std::string_view kFiltered = "filtered_samples_metadata.json";
constexpr std::string_view kZip = ".zip";

const ArchiveMember* find_member(const ArchiveMembers& members,
                                 std::string_view path) {
  const auto found = std::find_if(
      members.begin(), members.end(), [path](const ArchiveMember& member) {
        return !member.is_directory() && member_path(member.name) == path;
      });
  return found == members.end() ? nullptr : &*found;
}

// Reads a member from its start to its end.
ReadPiece reader_of(const ArchiveAccess& archives, const RemoteFile& file,
                    std::uint64_t& position) {
  return [&archives, &file,
          &position](std::span<char> out) -> Result<std::size_t> {
    const auto count =
        std::min<std::uint64_t>(out.size(), file.size - position);
    if (count == 0) {
      return std::size_t{0};
    }
    if (auto read = archives.read(file, position, out.first(count)); !read) {
      return read.error();
    }
    position += count;
    return static_cast<std::size_t>(count);
  };
}

// The last name of a url (without its query) or path.
std::string name_of(const std::string& place) {
  const std::string_view whole = place;
  return std::string(
      last_entry_name(whole.substr(0, whole.find_first_of("?#"))));
}

std::string without_zip(std::string name) {
  if (name.size() > kZip.size() && name.ends_with(kZip)) {
    name.resize(name.size() - kZip.size());
  }
  return name;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// "HOMO_SAPIENS" of "HOMO_SAPIENS.tsv" or "HOMO_SAPIENS/HOMO_SAPIENS.tsv", the
// matrix of a normalized compendium; "" of other paths.
std::string matrix_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name =
      slash == std::string::npos ? path : path.substr(slash + 1);
  if (!name.ends_with(".tsv") || name.starts_with("metadata_") ||
      name.starts_with("filtered_samples")) {
    return "";
  }
  std::string stem = name.substr(0, name.size() - 4);
  const bool in_its_place =
      slash == std::string::npos || path.substr(0, slash) == stem;
  return in_its_place ? stem : "";
}

std::string organism_of_matrix(const ArchiveMembers& members) {
  for (const ArchiveMember& member : members) {
    std::string organism = matrix_of(member_path(member.name));
    if (!organism.empty()) {
      return organism;
    }
  }
  return "";
}

// The organism that most experiments name first.
std::string commonest_organism(const RefineMetadata& metadata) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [accession, experiment] : metadata.experiments) {
    if (!experiment.organisms.empty()) {
      ++counts[experiment.organisms.front()];
    }
  }
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& left, const auto& right) {
                                       return left.second < right.second;
                                     });
  return most == counts.end() ? "" : most->first;
}

// What is known of it is not asked for.
Result<RemoteFile> locate(const ArchiveItem& item,
                          const ArchiveAccess& archives) {
  if (item.size != 0 && item.sha1) {
    RemoteFile file;
    file.urls = {item.place};
    file.size = item.size;
    file.digest = item.sha1;
    return file;
  }
  auto file = archives.locate(item.place);
  if (file) {
    file->digest = item.sha1;
  }
  return file;
}

Result<void> read_documents(RefineDownload& download,
                            const ArchiveAccess& archives) {
  const ArchiveMember* metadata = find_member(download.members, kMetadata);
  if (metadata == nullptr) {
    return Error{ErrorCode::kInvalid,
                 "no refine.bio download: it has no " + std::string(kMetadata)};
  }
  const RemoteFile document = member_file(download.archive, *metadata);
  std::uint64_t position = 0;
  auto read = read_refine_metadata(reader_of(archives, document, position), {});
  if (!read) {
    return read.error().within(std::string(kMetadata));
  }
  download.metadata = *std::move(read);
  download.metadata_member = *metadata;
  const ArchiveMember* filtered = find_member(download.members, kFiltered);
  if (filtered == nullptr) {
    return {};
  }
  const RemoteFile second = member_file(download.archive, *filtered);
  position = 0;
  auto reasons = read_filter_reasons(reader_of(archives, second, position));
  if (!reasons) {
    return reasons.error().within(std::string(kFiltered));
  }
  download.reasons = *std::move(reasons);
  return {};
}

}  // namespace

std::string RefineDownload::directory() const {
  if (kind == RefineKind::kDataset) {
    return "datasets/" + id;
  }
  return std::string("compendia/") +
         (kind == RefineKind::kRnaSeqCompendium ? "rna-seq/" : "normalized/") +
         organism + "/v" +
         std::to_string(metadata.compendium_version.value_or(0));
}

Result<void> read_refine_samples(const RefineDownload& download,
                                 const ArchiveAccess& archives,
                                 const OnSample& on_sample) {
  const RemoteFile document =
      member_file(download.archive, *download.metadata_member);
  std::uint64_t position = 0;
  const auto read =
      read_refine_metadata(reader_of(archives, document, position), on_sample);
  return read ? Result<void>() : read.error();
}

std::string organism_in_name(std::string_view name) {
  // <ORG>_<version>_<time>.zip
  const std::string stem = without_zip(std::string(name));
  const std::size_t second = stem.rfind('_');
  const std::size_t first = second == std::string::npos || second == 0
                                ? std::string::npos
                                : stem.rfind('_', second - 1);
  const bool fits = first != std::string::npos && first > 0 &&
                    is_digits(stem.substr(first + 1, second - first - 1)) &&
                    is_digits(stem.substr(second + 1));
  return fits ? stem.substr(0, first) : "";
}

void classify(RefineDownload& download, std::string_view archive_name) {
  if (!download.metadata.is_compendium()) {
    download.kind = RefineKind::kDataset;
    return;
  }
  const bool rna_seq = download.metadata.quant_sf_only;
  download.kind = rna_seq ? RefineKind::kRnaSeqCompendium
                          : RefineKind::kNormalizedCompendium;
  download.organism = organism_in_name(archive_name);
  if (download.organism.empty() && !rna_seq) {
    download.organism = organism_of_matrix(download.members);
  }
  if (download.organism.empty()) {
    download.organism = commonest_organism(download.metadata);
  }
  download.organism = download.organism.empty()
                          ? "UNKNOWN"
                          : clean_entry_name(download.organism);
}

namespace {

Result<RefineDownload> read_located(const ArchiveItem& item, RemoteFile file,
                                    const ArchiveAccess& archives) {
  RefineDownload download;
  download.place = item.place;
  download.archive = std::make_shared<const RemoteFile>(std::move(file));
  auto members = archives.list(*download.archive);
  if (!members) {
    return members.error();
  }
  download.members = *std::move(members);
  const std::string name = name_of(item.place);
  download.id = clean_entry_name(item.id.empty() ? without_zip(name) : item.id);
  if (auto read = read_documents(download, archives); !read) {
    return read.error();
  }
  download.created_at =
      parse_refine_time(download.metadata.created_at).value_or(0);
  classify(download, name);
  return download;
}

// Whether a known archive stands as it did where its server gave `error`.
bool stands_as_before(const KnownArchive& known, const Error& error) {
  const bool is_failure = ends_refresh(error) || !known.may_go;
  return known.file && is_failure && error.code != ErrorCode::kNotFound &&
         error.code != ErrorCode::kInterrupted;
}

}  // namespace

Result<RefineDownload> read_refine_download(const ArchiveItem& item,
                                            const KnownArchive& known,
                                            const ArchiveAccess& archives) {
  auto file = locate(item, archives);
  auto download = file ? read_located(item, *std::move(file), archives)
                       : Result<RefineDownload>(file.error());
  if (download || !stands_as_before(known, download.error())) {
    return download;
  }
  auto last = read_located(item, *known.file, archives);
  if (!last) {
    return error_of_known(download.error(), told_place(item.place));
  }
  last->kept_because = download.error().message;
  return last;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_tree.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/list_cell.h"
#include "catalog/marked_url.h"
#include "catalog/rfc3339.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

// Between two words of how far it is.
constexpr std::uint64_t kFilesATime = 512;

constexpr std::size_t kRowSortBytes = std::size_t{12} << 20;

std::uint64_t size_of(const EncodeFile& file) {
  const std::string_view text = file.get(Field::kFileSize);
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

// The http(s) urls of the file's bytes, in the order to try: the endpoint that
// the settings name for s3://, the public bucket, its copy at Azure. A url of
// another kind is left out.
std::vector<std::string> bucket_urls(const EncodeFile& file,
                                     const Endpoints& endpoints) {
  std::vector<std::string> urls;
  const auto add = [&urls](std::string_view url) {
    const bool is_new = std::find(urls.begin(), urls.end(), url) == urls.end();
    if (is_web_place(url) && is_new) {
      urls.emplace_back(url);
    }
  };
  const std::string_view s3 = file.get(Field::kS3Uri);
  if (!endpoints.s3.empty() && s3.starts_with("s3://")) {
    const auto url = web_url(s3, endpoints);
    add(url ? *url : "");
  }
  add(file.get(Field::kCloudUrl));
  add(file.get(Field::kAzureUri));
  return urls;
}

// The portal comes last: it answers few requests, and redirects each to a url
// that is good for a while only.
RemoteFile remote_file(const EncodeFile& file, const Endpoints& endpoints) {
  RemoteFile remote;
  remote.urls = bucket_urls(file, endpoints);
  remote.urls.push_back(redirect_url(file.get(Field::kDownloadLink)));
  remote.size = size_of(file);
  if (file.has(Field::kMd5sum)) {
    remote.digest =
        Digest{DigestKind::kMd5, std::string(file.get(Field::kMd5sum))};
  } else {
    remote.validator = file.get(Field::kDateCreated);
  }
  return remote;
}

// "/files/ENCFF1/" as "ENCFF1".
std::string id_of_path(std::string_view path) {
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return std::string(last_entry_name(path));
}

}  // namespace

std::string encode_shard(std::string_view id) {
  constexpr std::size_t kPrefix = 5;  // of "ENCFF" or "TSTFF"
  const bool own =
      id.size() == 11 && (id.starts_with("ENCFF") || id.starts_with("TSTFF"));
  return std::string("files/").append(own ? id.substr(kPrefix, 3)
                                          : std::string_view("external"));
}

EncodeTree::EncodeTree(TreeBuilder& tree, Settings settings)
    : tree_(tree),
      settings_(std::move(settings)),
      views_(tree),
      by_dataset_(settings_.scratch_directory, kRowSortBytes) {}

Result<void> EncodeTree::begin() {
  for (const char* name : {"experiments", "files", "by-format"}) {
    if (auto made = tree_.add_directory(name, kUndated); !made) {
      return made.error();
    }
  }
  const auto files = tree_.begin_inline_file("files.tsv", kUndated);
  const auto unavailable = tree_.begin_inline_file("unavailable.tsv", kUndated);
  if (!files || !unavailable) {
    return files ? unavailable.error() : files.error();
  }
  files_table_ = *files;
  unavailable_table_ = *unavailable;
  auto told = tree_.append_bytes(files_table_, encode_files_header());
  return told ? tree_.append_bytes(unavailable_table_,
                                   encode_unavailable_header())
              : told;
}

Result<void> EncodeTree::add(const EncodeFile& file) {
  const EncodeVerdict verdict = judge_encode_file(file, settings_.choice);
  if (verdict == EncodeVerdict::kPassedOver) {
    ++totals_.passed_over;
    return {};
  }
  line_.clear();
  append_encode_files_line(line_, file);
  if (auto told = tree_.append_bytes(files_table_, line_); !told) {
    return told;
  }
  if (verdict == EncodeVerdict::kUnavailable) {
    ++totals_.unavailable;
    return tree_.append_bytes(unavailable_table_,
                              encode_unavailable_line(file));
  }
  return show(file);
}

// The file itself, under files/, and what is to be found by.
Result<void> EncodeTree::show(const EncodeFile& file) {
  const std::string name(encode_file_name(file));
  const std::string shard = encode_shard(file.get(Field::kId)) + "/" + name;
  const auto node = tree_.add_file(
      shard, remote_file(file, settings_.endpoints),
      parse_rfc3339(file.get(Field::kDateCreated)).value_or(kUndated));
  if (!node) {
    return node.error();
  }
  ++totals_.files;
  totals_.bytes += size_of(file);
  const std::string dataset = encode_dataset_path(file);
  const std::string path = dataset.empty() ? shard : dataset + "/" + name;
  Result<void> done = describe(file, *node, path);
  if (done) {
    done = views_.add_file(file, path);
  }
  if (!done || dataset.empty()) {
    return done;
  }
  packed_.assign(reinterpret_cast<const char*>(&*node), sizeof(NodeId));
  file.pack(packed_);
  return by_dataset_.add(std::string(file.get(Field::kDataset))
                             .append(1, '\0')
                             .append(file.get(Field::kId)),
                         packed_);
}

Result<void> EncodeTree::describe(const EncodeFile& file, NodeId node,
                                  const std::string& path) {
  std::vector<RecordField> fields;
  fields.reserve(kEncodeFields);
  for (const EncodeColumn& column : encode_columns()) {
    // The urls are the file's, whose attribute omicsfs.url they are.
    const bool shown = file.has(column.field) &&
                       column.field != Field::kCloudUrl &&
                       column.field != Field::kAzureUri;
    if (shown) {
      fields.push_back({column.name, file.get(column.field), column.kind});
    }
  }
  return tree_.add_record({"file", file.get(Field::kId), path, fields, node});
}

Result<void> EncodeTree::begin_dataset(const EncodeFile& file) {
  dataset_.emplace();
  dataset_->path = encode_dataset_path(file);
  dataset_->named = file.get(Field::kDataset);
  dataset_->date =
      parse_rfc3339(file.get(Field::kDateCreated)).value_or(kUndated);
  ++totals_.experiments;
  if (auto made = tree_.add_directory(dataset_->path, dataset_->date); !made) {
    return made.error();
  }
  const auto metadata =
      tree_.begin_inline_file(dataset_->path + "/metadata.tsv", dataset_->date);
  const auto links =
      tree_.begin_inline_file(dataset_->path + "/files.txt", dataset_->date);
  if (!metadata || !links) {
    return metadata ? links.error() : metadata.error();
  }
  dataset_->metadata = *metadata;
  dataset_->links = *links;
  const std::string accession =
      dataset_->path.substr(dataset_->path.find('/') + 1);
  // As the portal's batch_download begins it.
  const std::string first = "\"" + settings_.portal +
                            "metadata/?type=Experiment&accession=" + accession +
                            "\"\n";
  auto told = tree_.append_bytes(*metadata, encode_metadata_header());
  return told ? tree_.append_bytes(*links, first) : told;
}

Result<void> EncodeTree::add_to_dataset(const EncodeFile& file, NodeId node) {
  if (dataset_ && dataset_->named != file.get(Field::kDataset)) {
    if (auto ended = end_dataset(); !ended) {
      return ended;
    }
  }
  if (!dataset_) {
    if (auto begun = begin_dataset(file); !begun) {
      return begun;
    }
  }
  const std::string id(file.get(Field::kId));
  const std::string name(encode_file_name(file));
  if (auto linked = tree_.add_link(dataset_->path + "/" + name, node);
      !linked) {
    return linked;
  }
  line_.clear();
  append_encode_metadata_line(line_, file);
  if (auto told = tree_.append_bytes(dataset_->metadata, line_); !told) {
    return told;
  }
  line_.assign(file.get(Field::kDownloadLink)).append("\n");
  if (auto told = tree_.append_bytes(dataset_->links, line_); !told) {
    return told;
  }
  dataset_->text.add(file);
  dataset_->facets.add(file);
  dataset_->names.emplace(id, name);
  note_indexes(file, name);
  return {};
}

// What a cell that is no list says of indexes is nothing.
void EncodeTree::note_indexes(const EncodeFile& file, const std::string& name) {
  if (!file.has(Field::kIndexOf)) {
    return;
  }
  const auto indexed = list_items(file.get(Field::kIndexOf));
  if (!indexed) {
    return;
  }
  for (const std::string& path : *indexed) {
    dataset_->indexes.emplace_back(id_of_path(path), name);
  }
}

// Tools look for an index beside its file, under that file's name and a suffix.
Result<void> EncodeTree::link_indexes() {
  std::sort(dataset_->indexes.begin(), dataset_->indexes.end());
  std::string last;
  for (const auto& [id, index] : dataset_->indexes) {
    const auto indexed = dataset_->names.find(id);
    if (indexed == dataset_->names.end() || id == last) {
      continue;
    }
    last = id;
    const std::string& name = indexed->second;
    const std::string_view suffix = encode_index_suffix(name);
    // Indexes of the two files of a pair of reads are of no use to a tool.
    if (suffix.empty() || name.ends_with(".fastq.gz") ||
        index.ends_with(".fastq.gz")) {
      continue;
    }
    const std::string place = std::string(name).append(suffix);
    const auto beside =
        tree_.add_symlink(dataset_->path + "/" + place, index, dataset_->date);
    if (!beside) {
      return beside.error();
    }
    const auto among_all = tree_.add_symlink(
        encode_shard(id) + "/" + place, "../../" + dataset_->path + "/" + index,
        dataset_->date);
    if (!among_all) {
      return among_all.error();
    }
  }
  return {};
}

Result<void> EncodeTree::end_dataset() {
  Result<void> done = tree_.end_bytes(dataset_->metadata);
  if (done) {
    done = tree_.end_bytes(dataset_->links);
  }
  if (done) {
    const auto text = tree_.add_inline_file(
        dataset_->path + "/experiment.json",
        dataset_->text.finish(dataset_->named, settings_.portal),
        dataset_->date);
    done = text ? Result<void>() : text.error();
  }
  if (done) {
    done = link_indexes();
  }
  if (done) {
    done = views_.add_dataset(dataset_->facets, dataset_->path);
  }
  dataset_.reset();
  return done;
}

Result<EncodeTotals> EncodeTree::finish(
    const std::string& catalogue,
    const std::function<Result<void>(std::uint64_t)>& on_datasets) {
  EncodeFile file;
  std::uint64_t files = 0;
  Result<void> done = by_dataset_.drain(
      [&](std::string_view /*key*/, std::string_view payload) -> Result<void> {
        NodeId node = 0;
        std::memcpy(&node, payload.data(), sizeof(NodeId));
        file.unpack(payload.substr(sizeof(NodeId)));
        auto on = ++files % kFilesATime == 0 ? on_datasets(totals_.experiments)
                                             : Result<void>();
        return on ? add_to_dataset(file, node) : on;
      });
  if (done && dataset_) {
    done = end_dataset();
  }
  if (done) {
    done = tree_.end_bytes(files_table_);
  }
  if (done) {
    done = tree_.end_bytes(unavailable_table_);
  }
  if (!done) {
    return done.error();
  }
  totals_.has_assays = views_.has_assays();
  const auto readme =
      tree_.set_readme(encode_readme(totals_, catalogue), kUndated);
  return readme ? Result<EncodeTotals>(totals_) : readme.error();
}

}  // namespace omicsfs

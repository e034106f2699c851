// SPDX-License-Identifier: MIT
#include "catalog/sources/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "catalog/external_sort.h"
#include "catalog/record_finder.h"
#include "catalog/refresh_rules.h"
#include "catalog/snapshot_schema.h"
#include "catalog/sources/encode_catalogue.h"
#include "catalog/sources/encode_tree.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

constexpr std::size_t kSortBytes = std::size_t{16} << 20;
constexpr std::uint64_t kProgressStep = 512;
// Bad rows that are told of one by one.
constexpr std::uint64_t kBadRowsTold = 10;
// One in so many may be bad, and one of any number.
constexpr std::uint64_t kRowsPerBadRow = 100;

// What can be asked for by a shorter name, and what means a file's own name.
constexpr std::string_view kAliases =
    "assay=assay_title,format=file_format,type=file_type,"
    "experiment=experiments,output=output_type";
constexpr std::string_view kNames = "id,accession";

// Tells how far it is. Errors: kInterrupted, it is to end.
Result<void> go_on(const SourceInput& input, std::string_view what,
                   std::uint64_t done) {
  input.progress(what, done, 0);
  if (input.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the refresh was ended"};
  }
  return {};
}

// Makes one file of the rows that tell of it, which come one after another.
class Merge {
 public:
  using Take = std::function<Result<void>(EncodeFile&)>;
  Merge(const std::string& portal, const Take& take)
      : portal_(portal), take_(take) {}

  Result<void> add(std::string_view id, char document, std::string_view row) {
    if (any_ && id == id_) {
      further_.unpack(row);
      file_.fill_from(further_);
      is_merged_ = true;
      repeated_ += std::exchange(document_, document) == document ? 1U : 0U;
      return {};
    }
    if (auto ended = end(); !ended) {
      return ended;
    }
    any_ = true;
    is_merged_ = false;
    id_ = id;
    document_ = document;
    file_.unpack(row);
    return {};
  }

  // What one document lacked, another may have told.
  Result<void> end() {
    if (!std::exchange(any_, false)) {
      return {};
    }
    auto whole = is_merged_ ? complete_encode_file(file_, portal_)
                            : Result<void>();  // each row was completed
    return whole ? take_(file_) : whole;
  }

  // Rows of one document for one file, but the first.
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }

 private:
  const std::string& portal_;
  const Take& take_;
  EncodeFile file_;
  EncodeFile further_;
  std::string id_;
  char document_ = 0;
  bool any_ = false;
  bool is_merged_ = false;  // from more rows than one
  std::uint64_t repeated_ = 0;
};

// Reads the documents of the settings into one row for each file.
class EncodeImport {
 public:
  EncodeImport(const SourceInput& input, std::string portal)
      : input_(input),
        portal_(std::move(portal)),
        rows_(input.scratch_directory, kSortBytes) {}

  Result<void> read(const std::string& place);
  // Gives each file to `take`, in order of their ids.
  Result<void> drain(const std::function<Result<void>(EncodeFile&)>& take);

 private:
  // Puts the url of the document's table, where it names one, to `link`.
  Result<void> read_document(const std::string& place, std::string& link);
  Result<void> take(EncodeFile& file, const std::string& place);
  void bad(const std::string& place, const std::string& why);

  const SourceInput& input_;
  const std::string portal_;
  ExternalSort rows_;
  char document_ = 0;  // that is read, of those so far
  std::uint64_t good_rows_ = 0;
  std::uint64_t bad_rows_ = 0;
  std::string packed_;
};

void EncodeImport::bad(const std::string& place, const std::string& why) {
  if (++bad_rows_ <= kBadRowsTold) {
    input_.warn(fmt::format("{}: left out: {}", place, why));
  }
}

Result<void> EncodeImport::take(EncodeFile& file, const std::string& place) {
  if (auto whole = complete_encode_file(file, portal_); !whole) {
    bad(place, whole.error().message);
    return {};
  }
  if (++good_rows_ % kProgressStep == 0) {
    if (auto on = go_on(input_, "rows", good_rows_); !on) {
      return on;
    }
  }
  packed_.assign(1, document_);
  file.pack(packed_);
  return rows_.add(file.get(Field::kId), packed_);
}

Result<void> EncodeImport::read_document(const std::string& place,
                                         std::string& link) {
  const auto read = (*input_.open)(place);
  if (!read) {
    // The portal answers a search that finds nothing with 404.
    const bool nothing = read.error().code == ErrorCode::kNotFound &&
                         place.find("/search/?") != std::string::npos;
    if (nothing) {
      input_.warn(place + ": the search finds no file");
    }
    return nothing ? Result<void>() : read.error();
  }
  good_rows_ = 0;
  bad_rows_ = 0;
  const EncodeRows rows{[this](EncodeFile& file, const std::string& where) {
                          return take(file, where);
                        },
                        [this](const std::string& where,
                               const std::string& why) { bad(where, why); },
                        [&link](const std::string& url) { link = url; }};
  if (auto done = read_encode_catalogue(*read, rows); !done) {
    return done.error().within(place);
  }
  ++document_;
  const std::uint64_t allowed = std::max<std::uint64_t>(
      good_rows_ > 0 ? 1 : 0, (good_rows_ + bad_rows_) / kRowsPerBadRow);
  if (bad_rows_ > allowed) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("{}: {} of {} rows tell of no file; this is over "
                             "one in a hundred, so nothing of it is taken",
                             place, bad_rows_, good_rows_ + bad_rows_)};
  }
  if (bad_rows_ > kBadRowsTold) {
    input_.warn(fmt::format("{}: {} rows of {} are left out", place, bad_rows_,
                            good_rows_ + bad_rows_));
  }
  return {};
}

Result<void> EncodeImport::read(const std::string& place) {
  std::string link;
  if (auto done = read_document(place, link); !done || link.empty()) {
    return done;
  }
  // A files.txt tells no sizes; the table that it names does.
  std::string further;
  auto done = read_document(link, further);
  if (!done && !ends_refresh(done.error())) {
    input_.warn("its metadata.tsv cannot be read: " + done.error().message);
    return {};
  }
  return done;
}

Result<void> EncodeImport::drain(
    const std::function<Result<void>(EncodeFile&)>& take) {
  Merge merge(portal_, take);
  auto done =
      rows_.drain([&merge](std::string_view key, std::string_view payload) {
        return merge.add(key, payload[0], payload.substr(1));
      });
  if (done) {
    done = merge.end();
  }
  if (merge.repeated() != 0) {
    input_.warn(fmt::format("{} rows tell of a file that was told of before",
                            merge.repeated()));
  }
  return done;
}

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

// For people to read: what follows a '?' may be a secret.
std::string told_places(const std::vector<std::string>& places) {
  std::string text;
  for (const std::string& place : places) {
    text += text.empty() ? "" : ", ";
    text += place.substr(0, place.find('?'));
  }
  return text;
}

std::vector<std::string> catalogue_of(const SourceSettings& settings) {
  return settings.catalogue.empty() ? std::vector{std::string(kEncodeCatalogue)}
                                    : settings.catalogue;
}

}  // namespace

Result<SourceSummary> build_encode(const SourceInput& input,
                                   TreeBuilder& tree) {
  const std::string portal = portal_of(input.settings);
  const std::vector<std::string> catalogue = catalogue_of(input.settings);
  EncodeImport import(input, portal);
  for (const std::string& place : catalogue) {
    if (auto read = import.read(place); !read) {
      return read.error();
    }
  }
  EncodeTree files(tree, {{input.settings.archived, input.settings.datasets},
                          portal,
                          input.scratch_directory.native(),
                          input.now});
  Result<void> done = set_properties(tree);
  if (done) {
    done = files.begin();
  }
  if (!done) {
    return done.error();
  }
  std::uint64_t added = 0;
  done = import.drain([&](EncodeFile& file) {
    auto on = ++added % kProgressStep == 0 ? go_on(input, "files", added)
                                           : Result<void>();
    return on ? files.add(file) : on;
  });
  if (!done) {
    return done.error();
  }
  const auto totals =
      files.finish(told_places(catalogue), [&input](std::uint64_t datasets) {
        return go_on(input, "experiments", datasets);
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

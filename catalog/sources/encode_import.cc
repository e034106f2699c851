// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "catalog/document_text.h"
#include "catalog/refresh_rules.h"
#include "catalog/sources/encode_catalogue.h"
#include "catalog/sources/encode_rules.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

using Field = EncodeField;
using TakeFile = std::function<Result<void>(EncodeFile&)>;

constexpr std::size_t kSortBytes = std::size_t{16} << 20;
// Bad rows that are told of one by one.
constexpr std::uint64_t kBadRowsTold = 10;
// One in so many may be bad, and one of any number.
constexpr std::uint64_t kRowsPerBadRow = 100;
constexpr std::size_t kDocumentBytes = sizeof(std::uint32_t);

// Makes one file of its rows, which come one after another.
class Merge {
 public:
  // Gets the id of a file that its rows together do not make, and why.
  using Bad = std::function<void(const std::string& id, const Error& why)>;
  struct Parts {
    const std::string& portal;
    const Endpoints& endpoints;
    const TakeFile& take;
    const Bad& bad;
  };
  explicit Merge(Parts parts) : parts_(parts) {}

  Result<void> add(std::string_view id, std::uint32_t document,
                   std::string_view row) {
    if (any_ && id == id_) {
      further_.unpack(row);
      file_.fill_from(further_);
      repeated_ += std::exchange(document_, document) == document ? 1U : 0U;
      return {};
    }
    if (auto ended = end(); !ended) {
      return ended;
    }
    any_ = true;
    id_ = id;
    document_ = document;
    file_.unpack(row);
    return {};
  }

  Result<void> end() {
    if (!std::exchange(any_, false)) {
      return {};
    }
    file_.set(Field::kId, id_);
    const auto whole =
        complete_encode_file(file_, parts_.portal, parts_.endpoints);
    if (!whole) {
      parts_.bad(id_, whole.error());
      return {};
    }
    return parts_.take(file_);
  }

  // Rows of one document for one file, but the first.
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }

 private:
  const Parts parts_;
  EncodeFile file_;
  EncodeFile further_;
  std::string id_;
  std::uint32_t document_ = 0;
  bool any_ = false;
  std::uint64_t repeated_ = 0;
};

bool is_search(const std::string& place) {
  return place.find("/search/?") != std::string::npos;
}

}  // namespace

Result<void> encode_go_on(const SourceInput& input, std::string_view what,
                          std::uint64_t done) {
  input.progress(what, done, 0);
  if (input.stop.stop_requested()) {
    return Error{ErrorCode::kInterrupted, "the refresh was ended"};
  }
  return {};
}

EncodeImport::EncodeImport(const SourceInput& input, std::string portal)
    : input_(input),
      portal_(std::move(portal)),
      rows_(input.scratch_directory, kSortBytes) {}

void EncodeImport::bad(const std::string& where, const std::string& why,
                       Rows& rows) const {
  if (++rows.bad <= kBadRowsTold) {
    input_.warn(fmt::format("{}: left out: {}", where, why));
  }
}

// A row is kept as its document tells it; it is completed here only to see
// whether it is one, and of which file.
Result<void> EncodeImport::take(EncodeFile& file, const std::string& where,
                                Rows& rows) {
  packed_.assign(reinterpret_cast<const char*>(&documents_), kDocumentBytes);
  file.pack(packed_);
  const auto whole =
      complete_encode_file(file, portal_, input_.settings.endpoints);
  if (!whole) {
    bad(where, whole.error().message, rows);
    return {};
  }
  const bool has_assay = !file.get(Field::kAssayTermName).empty() ||
                         !file.get(Field::kAssayTitle).empty();
  rows.with_assay += has_assay ? 1U : 0U;
  if (++rows.good % kEncodeProgressStep == 0) {
    if (auto on = encode_go_on(input_, "rows", rows.good); !on) {
      return on;
    }
  }
  return rows_.add(file.get(Field::kId), packed_);
}

Result<void> EncodeImport::check(const Rows& rows,
                                 const std::string& place) const {
  const std::uint64_t all = rows.good + rows.bad;
  const std::uint64_t allowed =
      std::max<std::uint64_t>(rows.good > 0 ? 1 : 0, all / kRowsPerBadRow);
  if (rows.bad > allowed) {
    return Error{ErrorCode::kInvalid,
                 fmt::format("{}: {} of {} rows tell of no file; this is over "
                             "one in a hundred, so nothing of it is taken",
                             told_place(place), rows.bad, all)};
  }
  if (rows.bad > kBadRowsTold) {
    input_.warn(fmt::format("{}: {} rows of {} are left out", told_place(place),
                            rows.bad, all));
  }
  return {};
}

Result<EncodeImport::Rows> EncodeImport::read_document(
    const std::string& named) {
  ++documents_;
  const auto place = named.starts_with("s3://")
                         ? web_url(named, input_.settings.endpoints)
                         : Result<std::string>(named);
  const auto read = place ? (*input_.open)(*place) : place.error();
  if (!read) {
    return read.error();
  }
  Rows rows;
  const EncodeRows events{
      [&](EncodeFile& file, const std::string& where) {
        return take(file, where, rows);
      },
      [&](const std::string& where, const std::string& why) {
        bad(where, why, rows);
      },
      [&](const std::string& link) { rows.table = link; },
      [&] { rows.is_search = true; }};
  auto done = read_encode_catalogue(*read, events);
  if (done) {
    done = check(rows, *place);
  } else {
    done = done.error().within(told_place(*place));
  }
  if (!done) {
    dropped_.insert(documents_);
    return done.error();
  }
  return rows;
}

std::string_view EncodeImport::what_it_lacks(const Rows& rows) {
  if (rows.good == 0) {
    return " tells of no file";
  }
  if (rows.with_assay == 0) {
    return " tells no file's assay";
  }
  return rows.is_search ? ""
                        : " does not tell in \"total\" how many files it found";
}

Result<void> EncodeImport::read_further(const std::string& place) {
  const auto rows = read_document(place);
  if (!rows) {
    return rows.error();
  }
  const std::string_view lacks = what_it_lacks(*rows);
  if (lacks.empty()) {
    return {};
  }
  dropped_.insert(documents_);
  return Error{ErrorCode::kUnavailable, told_place(place).append(lacks)};
}

Result<std::uint64_t> EncodeImport::read(const std::string& place) {
  const auto rows = read_document(place);
  if (!rows) {
    // The portal answers a search that finds nothing with 404.
    if (rows.error().code != ErrorCode::kNotFound || !is_search(place)) {
      return rows.error();
    }
    input_.warn(told_place(place) + ": the search finds no file");
    return std::uint64_t{0};
  }
  const auto table = read_table(rows->table, place);
  return table ? Result<std::uint64_t>(rows->good) : table.error();
}

// A files.txt tells no sizes; the table that it names does.
Result<void> EncodeImport::read_table(const std::string& named,
                                      const std::string& place) {
  if (named.empty()) {
    return {};
  }
  // The list may come from elsewhere: a name of a local file in it is not
  // followed.
  if (!is_web_place(named)) {
    input_.warn(fmt::format(
        "{}: its metadata.tsv is left out: {} is no http(s) url, and only the "
        "settings may name a local file",
        told_place(place), told_place(named)));
    return {};
  }
  const auto table = read_document(named);
  if (!table && !ends_refresh(table.error())) {
    input_.warn("its metadata.tsv cannot be read: " + table.error().message);
    return {};
  }
  return table ? Result<void>() : table.error();
}

Result<void> EncodeImport::drain(const TakeFile& take) {
  std::uint64_t unmade = 0;
  const Merge::Bad bad = [&](const std::string& id, const Error& why) {
    if (++unmade <= kBadRowsTold) {
      input_.warn(fmt::format("{}: left out: {}", id, why.message));
    }
  };
  Merge merge({portal_, input_.settings.endpoints, take, bad});
  auto done = rows_.drain(
      [&](std::string_view key, std::string_view payload) -> Result<void> {
        std::uint32_t document = 0;
        std::memcpy(&document, payload.data(), kDocumentBytes);
        return dropped_.contains(document)
                   ? Result<void>()
                   : merge.add(key, document, payload.substr(kDocumentBytes));
      });
  if (done) {
    done = merge.end();
  }
  if (merge.repeated() != 0) {
    input_.warn(fmt::format("{} rows tell of a file that was told of before",
                            merge.repeated()));
  }
  if (unmade > kBadRowsTold) {
    input_.warn(fmt::format("{} files are left out", unmade));
  }
  return done;
}

}  // namespace omicsfs

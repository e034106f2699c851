// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_table.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/list_cell.h"
#include "catalog/sources/encode_rules.h"
#include "catalog/tsv_reader.h"

namespace omicsfs {
namespace {

using Field = EncodeField;
using Cells = std::span<const std::string_view>;

constexpr std::string_view kPortalId = "File accession";
constexpr std::string_view kPortalExperiment = "Experiment accession";
constexpr std::string_view kPortalDataset = "Dataset accession";
constexpr std::string_view kPortalFileDataset = "File dataset";

// What the columns of a table hold.
struct Columns {
  std::vector<std::optional<Field>> fields;
  bool of_portal = false;  // metadata.tsv
  // The kind of the datasets whose accession a row tells; "" where the rows
  // tell the dataset's path itself, or tell of a collection that is none.
  std::string_view dataset_kind;
};

bool has(Cells header, std::string_view title) {
  return std::find(header.begin(), header.end(), title) != header.end();
}

// A publication's table tells the dataset that each file belongs to beside the
// publication's own accession. The accession of a series is none of a dataset:
// its files belong to the experiments that it collects.
std::string_view dataset_kind_of(Cells header) {
  if (has(header, kPortalFileDataset)) {
    return "";
  }
  if (has(header, kPortalExperiment)) {
    return "experiments";
  }
  return has(header, kPortalDataset) ? "annotations" : "";
}

Columns columns_of(Cells header) {
  Columns columns;
  columns.of_portal = has(header, kPortalId);
  columns.dataset_kind = dataset_kind_of(header);
  for (const std::string_view title : header) {
    columns.fields.push_back(columns.of_portal
                                 ? encode_field_of_portal_column(title)
                                 : encode_field_of_key(title));
  }
  return columns;
}

// Which file a row is, and how large, must be told.
bool suffices(const Columns& columns) {
  const auto tells = [&](Field field) {
    return std::find(columns.fields.begin(), columns.fields.end(), field) !=
           columns.fields.end();
  };
  return tells(Field::kFileSize) &&
         (tells(Field::kId) || tells(Field::kAccession) ||
          tells(Field::kHref) || tells(Field::kCloudUrl));
}

// A cell such as `["a", "b"]`, or as Python writes a list: `['a', 'b']`.
Result<std::vector<std::string>> bracketed(std::string_view cell) {
  if (auto items = list_items(cell)) {
    return items;
  }
  std::string other(cell);
  std::replace(other.begin(), other.end(), '\'', '"');
  return list_items(other);
}

// The parts of a cell between ", ". The portal joins them in no certain order.
std::vector<std::string_view> parts_of(std::string_view cell) {
  constexpr std::string_view kBetween = ", ";
  std::vector<std::string_view> parts;
  while (!cell.empty()) {
    const std::string_view part = cell.substr(0, cell.find(kBetween));
    parts.push_back(part);
    cell.remove_prefix(std::min(part.size() + kBetween.size(), cell.size()));
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return parts;
}

std::string list_text(std::string_view cell, EncodeShape shape) {
  if (cell.starts_with('[')) {
    if (const auto items = bracketed(cell)) {
      const std::vector<std::string_view> views(items->begin(), items->end());
      return encode_list(views, shape);
    }
  }
  return encode_list(parts_of(cell), shape);
}

void set_cell(EncodeFile& file, Field field, std::string_view cell) {
  switch (encode_column(field).shape) {
    case EncodeShape::kList:
    case EncodeShape::kNumbers:
      file.set(field, list_text(cell, encode_column(field).shape));
      return;
    case EncodeShape::kFlag:
      file.set(field, cell == "True" || cell == "true" ? "true" : "false");
      return;
    case EncodeShape::kText:
    case EncodeShape::kNumber:
    case EncodeShape::kSegment:
      file.set(field, cell);
      return;
  }
}

void read_row(Cells cells, const Columns& columns, EncodeFile& file) {
  file.clear();
  for (std::size_t index = 0; index < cells.size(); ++index) {
    const auto field = columns.fields[index];
    if (field && !cells[index].empty()) {
      set_cell(file, *field, cells[index]);
    }
  }
  if (!columns.dataset_kind.empty() && file.has(Field::kExperiments)) {
    file.set(Field::kDataset, std::string("/")
                                  .append(columns.dataset_kind)
                                  .append("/")
                                  .append(file.get(Field::kExperiments))
                                  .append("/"));
  }
}

bool is_blank(Cells cells) {
  return std::all_of(cells.begin(), cells.end(),
                     [](std::string_view cell) { return cell.empty(); });
}

// The header's columns. A report.tsv has a line with its date and url before
// it.
Result<Columns> read_header(TsvReader& table) {
  for (int lines = 0; lines < 2; ++lines) {
    const auto more = table.next();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      break;
    }
    Columns columns = columns_of(table.cells());
    if (suffices(columns)) {
      return columns;
    }
  }
  return Error{ErrorCode::kInvalid,
               "no header line tells of a file's size (\"file_size\", "
               "\"Size\") and of which file it is (\"accession\", "
               "\"File accession\", \"href\")"};
}

// Makes rows files.
class RowTaker {
 public:
  RowTaker(const Columns& columns, const EncodeRows& rows)
      : columns_(columns), rows_(rows) {}

  // The row that `table` has gone to. A short one is bad only once another
  // follows.
  Result<void> take(const TsvReader& table) {
    if (odd_) {
      rows_.bad(*odd_, "it is cut short");
      odd_.reset();
    }
    const auto cells = table.cells();
    std::string place = "line " + std::to_string(table.line());
    if (cells.size() < columns_.fields.size() || is_blank(cells)) {
      odd_ = std::move(place);
      return {};
    }
    if (cells.size() > columns_.fields.size()) {
      rows_.bad(place, "it has more cells than there are columns");
      return {};
    }
    read_row(cells, columns_, file_);
    return rows_.take(file_, place);
  }

 private:
  const Columns& columns_;
  const EncodeRows& rows_;
  EncodeFile file_;
  std::optional<std::string> odd_;  // the last row's place, where it is short
};

}  // namespace

Result<void> read_encode_table(const ReadPiece& read, const EncodeRows& rows) {
  TsvReader table(read);
  const auto columns = read_header(table);
  if (!columns) {
    return columns.error();
  }
  RowTaker taker(*columns, rows);
  while (true) {
    const auto more = table.next();
    if (!more || !*more) {
      // What is odd at the end was cut off there.
      return more ? Result<void>() : more.error();
    }
    if (auto taken = taker.take(table); !taken) {
      return taken;
    }
  }
}

Result<void> read_encode_file_list(const ReadPiece& read,
                                   const EncodeRows& rows) {
  TsvReader lines(read);
  EncodeFile file;
  while (true) {
    const auto more = lines.next();
    if (!more || !*more) {
      return more ? Result<void>() : more.error();
    }
    const std::string_view line = lines.cells().front();
    const std::string place = "line " + std::to_string(lines.line());
    if (line.find("/metadata/?") != std::string_view::npos ||
        line.find("/metadata?") != std::string_view::npos) {
      // A cart's link has words for curl behind its url.
      rows.metadata_link(std::string(line.substr(0, line.find(' '))));
      continue;
    }
    file.clear();
    file.set(Field::kDownloadLink, line);
    const std::size_t files = line.find("/files/");
    if (files == std::string_view::npos) {
      rows.bad(place, "it is no url of a file");
      continue;
    }
    file.set(Field::kHref, line.substr(files));
    if (auto taken = rows.take(file, place); !taken) {
      return taken;
    }
  }
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_text.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "catalog/json_fields.h"
#include "catalog/list_cell.h"
#include "catalog/sources/encode_rules.h"
#include "catalog/tsv_cell.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

// The items of a list, with ", " between them.
std::string joined_items(std::string_view list) {
  const auto items = list_items(list);
  std::string text;
  for (const std::string& item : items ? *items : std::vector<std::string>()) {
    text += text.empty() ? "" : ", ";
    text += item;
  }
  return text;
}

// What experiment.json tells of the whole, in its order.
constexpr Field kFacts[] = {
    Field::kAssayTitle,
    Field::kAssayTermName,
    Field::kTarget,
    Field::kBiosample,
    Field::kBiosampleTermId,
    Field::kClassification,
    Field::kSimpleBiosampleSummary,
    Field::kOrganism,
    Field::kLifeStageAge,
    Field::kAssembly,
    Field::kGenomeAnnotation,
    Field::kLab,
    Field::kRfa,
    Field::kProject,
    Field::kDateReleased,
};

// And of each file, besides its id and name.
constexpr Field kFileFacts[] = {
    Field::kStatus,
    Field::kFileType,
    Field::kOutputType,
    Field::kAssembly,
    Field::kBiologicalReplicates,
    Field::kPreferredDefault,
    Field::kFileSize,
    Field::kMd5sum,
    Field::kDateCreated,
};

// A value as JSON.
void append_json(std::string& out, Field field, std::string_view value) {
  switch (encode_column(field).shape) {
    case EncodeShape::kList:
    case EncodeShape::kNumbers:
    case EncodeShape::kFlag:
      out += value;
      return;
    case EncodeShape::kNumber: {
      std::uint64_t number = 0;
      const char* const end = value.data() + value.size();
      const auto [stop, error] = std::from_chars(value.data(), end, number);
      if (error == std::errc() && stop == end) {
        out += std::to_string(number);
        return;
      }
      break;
    }
    case EncodeShape::kText:
    case EncodeShape::kSegment:
      break;
  }
  append_json_quoted(out, value);
}

}  // namespace

std::string encode_files_header() {
  std::string line;
  for (const EncodeColumn& column :
       encode_columns().first<kEncodeTableColumns>()) {
    line += line.empty() ? "" : "\t";
    line += column.name;
  }
  return line += '\n';
}

void append_encode_files_line(std::string& out, const EncodeFile& file) {
  bool first = true;
  for (const EncodeColumn& column :
       encode_columns().first<kEncodeTableColumns>()) {
    out += std::exchange(first, false) ? "" : "\t";
    // A text of no characters is told from none.
    const bool blank = file.has(column.field) && file.get(column.field).empty();
    if (blank) {
      out += "\"\"";
    } else {
      append_tsv_cell(out, file.get(column.field));
    }
  }
  out += '\n';
}

std::string encode_unavailable_header() {
  return "id\tdataset\tfile_type\toutput_type\treason\n";
}

std::string encode_unavailable_line(const EncodeFile& file) {
  std::string line;
  for (const Field field :
       {Field::kId, Field::kDataset, Field::kFileType, Field::kOutputType}) {
    append_tsv_cell(line, file.get(field));
    line += '\t';
  }
  line += encode_unavailable_reason(file);
  return line += '\n';
}

std::string encode_metadata_header() {
  std::string line;
  for (const EncodePortalColumn& column : encode_portal_columns()) {
    line += line.empty() ? "" : "\t";
    line += column.title;
  }
  return line += '\n';
}

void append_encode_metadata_line(std::string& out, const EncodeFile& file) {
  bool first = true;
  for (const EncodePortalColumn& column : encode_portal_columns()) {
    out += std::exchange(first, false) ? "" : "\t";
    const std::string_view value = file.get(column.field);
    if (is_encode_list(column.field) && !value.empty()) {
      append_tsv_cell(out, joined_items(value));
    } else {
      append_tsv_cell(out, value);
    }
  }
  out += '\n';
}

void EncodeExperimentText::add(const EncodeFile& file) {
  for (const Field field : kFacts) {
    const std::string_view value = file.get(field);
    if (!value.empty() && !facts_[field].contains(value)) {
      facts_[field].emplace(value);
    }
  }
  files_ += count_ == 0 ? "    {\"id\": " : ",\n    {\"id\": ";
  append_json_quoted(files_, file.get(Field::kId));
  files_ += ", \"name\": ";
  append_json_quoted(files_, encode_file_name(file));
  for (const Field field : kFileFacts) {
    if (file.has(field)) {
      files_.append(", \"").append(encode_column(field).name).append("\": ");
      append_json(files_, field, file.get(field));
    }
  }
  files_ += '}';
  ++count_;
  std::uint64_t size = 0;
  const std::string_view text = file.get(Field::kFileSize);
  std::from_chars(text.data(), text.data() + text.size(), size);
  bytes_ += size;
}

std::string EncodeExperimentText::finish(std::string_view dataset,
                                         std::string_view portal) {
  const std::string_view path =
      dataset.starts_with('/') ? dataset.substr(1) : dataset;
  std::string accession(path.substr(0, path.rfind('/')));
  accession.erase(0, accession.find('/') + 1);
  std::string text = fmt::format("{{\n  \"accession\": {},\n  \"url\": {},\n",
                                 json_quoted(accession),
                                 json_quoted(std::string(portal).append(path)));
  for (const Field field : kFacts) {
    const auto& values = facts_[field];
    if (values.empty()) {
      continue;
    }
    std::string list;
    for (const std::string& value : values) {
      list += list.empty() ? "" : ", ";
      list += json_quoted(value);
    }
    text += fmt::format("  \"{}\": {},\n", encode_column(field).name,
                        values.size() == 1 ? list : fmt::format("[{}]", list));
  }
  text += fmt::format(
      "  \"file_count\": {},\n  \"bytes\": {},\n  \"files\": [\n{}\n  ]\n}}\n",
      count_, bytes_, files_);
  *this = EncodeExperimentText();
  return text;
}

std::string encode_readme(const EncodeTotals& totals,
                          const std::string& catalogue) {
  std::string text = fmt::format(
      "ENCODE: the Encyclopedia of DNA Elements\n"
      "\n"
      "{} files of {} datasets, {} bytes in all. Nothing is fetched until it "
      "is "
      "read.\n"
      "\n"
      "experiments/<ENCSR…>/    the files of an experiment under their names "
      "at\n"
      "                         the portal, with metadata.tsv (the portal's "
      "59\n"
      "                         columns), files.txt and experiment.json\n"
      "files/<3 characters>/    every file, by what follows ENCFF in its\n"
      "                         accession; others under files/external/\n",
      totals.files, totals.experiments, totals.bytes);
  if (totals.has_assays) {
    text +=
        "by-assay/<assay>/<target>/<biosample>/<ENCSR…>\n"
        "by-biosample/<biosample>/<assay>/<ENCSR…>\n"
        "by-target/<target>/<assay>/<ENCSR…>\n"
        "                         links to experiments\n";
  }
  text +=
      "by-format/<format>/<assembly>/<output type>/<file>\n"
      "                         links to files\n"
      "files.tsv                a line for each released file: 47 columns\n"
      "unavailable.tsv          files that the public cannot have, and why\n"
      "\n"
      "`omicsfs find encode target=CTCF assembly=GRCh38 file_format=bigWig`\n"
      "finds files by what they are; `omicsfs facets encode` lists what can "
      "be\n"
      "asked for. Attributes user.encode.* of a file tell all that is known "
      "of\n"
      "it.\n";
  if (!totals.has_assays) {
    text +=
        "\n"
        "This catalogue tells nothing of assays, biosamples and targets, so\n"
        "there are no directories by them. The portal knows them: refresh\n"
        "again when it answers, or see sources.encode.catalogue in\n"
        "omicsfs.json(5).\n";
  }
  text += fmt::format(
      "\n"
      "Catalogue: {}\n"
      "Licence: ENCODE data may be used freely, without restriction;\n"
      "         https://www.encodeproject.org/help/citing-encode/\n",
      catalogue);
  return text;
}

}  // namespace omicsfs

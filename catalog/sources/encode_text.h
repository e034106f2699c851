// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "catalog/sources/encode_fields.h"

// The texts that are made of files of ENCODE. All pure; the same files give the
// same bytes.

namespace omicsfs {

// The header line of files.tsv, and a file's line: the 47 columns, lists as
// JSON arrays, cells quoted as Python's csv module quotes them.
[[nodiscard]] std::string encode_files_header();
void append_encode_files_line(std::string& out, const EncodeFile& file);

// Likewise of unavailable.tsv.
[[nodiscard]] std::string encode_unavailable_header();
[[nodiscard]] std::string encode_unavailable_line(const EncodeFile& file);

// Likewise of an experiment's metadata.tsv: the portal's 59 columns, lists
// joined by ", ".
[[nodiscard]] std::string encode_metadata_header();
void append_encode_metadata_line(std::string& out, const EncodeFile& file);

// experiment.json: what the files of a dataset have in common, and a line for
// each of them.
class EncodeExperimentText {
 public:
  // Files come in order of their ids.
  void add(const EncodeFile& file);
  // Of the dataset at `dataset`, "/experiments/ENCSR1/". Leaves this empty.
  [[nodiscard]] std::string finish(std::string_view dataset,
                                   std::string_view portal);

 private:
  std::map<EncodeField, std::set<std::string, std::less<>>> facts_;
  std::string files_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

struct EncodeTotals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unavailable = 0;
  std::uint64_t experiments = 0;
  std::uint64_t passed_over = 0;  // of other status, or other datasets
  bool has_assays = false;        // by-assay and the like have something
};

// README.txt of the root. `catalogue` says where the rows came from.
[[nodiscard]] std::string encode_readme(const EncodeTotals& totals,
                                        const std::string& catalogue);

}  // namespace omicsfs

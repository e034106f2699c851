// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/endpoints.h"
#include "catalog/result.h"
#include "catalog/sources/encode_fields.h"

// What follows from what a document says of a file of ENCODE. All pure.

namespace omicsfs {

// The extension that the server gives files of a format, "bed" ".bed.gz"; none
// for one that it does not know (schemas/file.json,
// file_format_file_extension).
[[nodiscard]] std::optional<std::string_view> encode_extension(
    std::string_view file_format);

// Brings the values of `file` into one form, whatever document they came from,
// and adds those that follow from others: id, href, download_link (`portal`,
// which ends in a slash, with href), experiments, target, status and
// file_size_mb, among others. An s3_uri leads where `endpoints` says. To do it
// again changes nothing. Complete a file only after every document is read: a
// value that is derived from one document must not displace the value that a
// later one holds. Errors: kInvalid, it cannot be told which file it is, or its
// size, digest, path or dataset is none.
Result<void> complete_encode_file(EncodeFile& file, std::string_view portal,
                                  const Endpoints& endpoints = {});

// The last name of href, which the file has.
[[nodiscard]] std::string_view encode_file_name(const EncodeFile& file);

// "/experiments/ENCSR1/" as "experiments/ENCSR1"; "" where there is none.
[[nodiscard]] std::string encode_dataset_path(const EncodeFile& file);

// Which files are wanted.
struct EncodeChoice {
  bool archived = false;
  std::vector<std::string> datasets;  // kinds: "experiments"
};

enum class EncodeVerdict {
  kShown,
  kUnavailable,  // of those wanted, but there are no bytes for the public
  kPassedOver,
};

[[nodiscard]] EncodeVerdict judge_encode_file(const EncodeFile& file,
                                              const EncodeChoice& choice);
// Why a file is unavailable. REQUIRES: it is.
[[nodiscard]] std::string_view encode_unavailable_reason(
    const EncodeFile& file);

// A term as a name of a directory: letters, digits and "-+.()" stay, all else
// becomes one '_' between words: "naive thymus-derived CD4-positive, alpha-beta
// T cell" is "naive_thymus-derived_CD4-positive_alpha-beta_T_cell". Never "".
[[nodiscard]] std::string encode_term_name(std::string_view term);

// What is put behind a file's name for the index of a file of that name: ".bai"
// of a BAM, ".tbi" of what is compressed with bgzip; "" where no tool looks for
// an index.
[[nodiscard]] std::string_view encode_index_suffix(std::string_view file_name);

// `items` as a JSON array: `["a", "b"]`, or `[1, 2]` where the shape is
// kNumbers and each is a whole number.
[[nodiscard]] std::string encode_list(std::span<const std::string_view> items,
                                      EncodeShape shape);

}  // namespace omicsfs

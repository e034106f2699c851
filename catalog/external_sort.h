// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// Sorts more rows than memory may hold: full buffers are sorted and put into a
// temporary file that has no name, and merged in the end. Rows with equal keys
// stay in the order in which they came. Thread-compatible.
class ExternalSort {
 public:
  // The file comes to be in `directory` once a first buffer is full; a buffer
  // takes `buffer_bytes`, and so does the merge.
  ExternalSort(std::filesystem::path directory, std::size_t buffer_bytes)
      : directory_(std::move(directory)), buffer_bytes_(buffer_bytes) {}

  // Errors: kNoSpace, kIo: the temporary file; kInvalid, a row of 2^31 bytes.
  Result<void> add(std::string_view key, std::string_view payload);

  using Take = std::function<Result<void>(std::string_view key,
                                          std::string_view payload)>;
  // Gives all rows to `take` in byte order of their keys, and ends with them.
  // Errors: those of `take`; kIo.
  Result<void> drain(const Take& take);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  struct Row {  // in buffer_: the key, then the payload
    std::size_t begin;
    std::uint32_t key_bytes;
    std::uint32_t payload_bytes;
  };
  struct Run {  // of the file
    std::uint64_t begin;
    std::uint64_t end;
  };
  class RunReader;

  void sort_buffer();
  Result<void> spill();
  Result<void> merge(const Take& take);
  [[nodiscard]] std::string_view key_of(const Row& row) const {
    return std::string_view(buffer_).substr(row.begin, row.key_bytes);
  }

  std::filesystem::path directory_;
  std::size_t buffer_bytes_;
  std::string buffer_;
  std::vector<Row> order_;
  std::vector<Run> runs_;
  UniqueFd file_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace omicsfs

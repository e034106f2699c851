// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// Sorts more rows than memory may hold: full buffers are sorted and put into a
// temporary file that has no name, by a thread of their own while the next one
// fills, and merged in the end. Rows with equal keys stay in the order in which
// they came. Thread-compatible.
class ExternalSort {
 public:
  // The file comes to be in `directory` once a first buffer is full; the two
  // buffers take `buffer_bytes` together, and so does the merge.
  ExternalSort(std::filesystem::path directory, std::size_t buffer_bytes)
      : directory_(std::move(directory)), buffer_bytes_(buffer_bytes) {}
  ExternalSort(const ExternalSort&) = delete;
  ExternalSort& operator=(const ExternalSort&) = delete;

  // Errors: kNoSpace, kIo: the temporary file, of rows added before, too;
  // kInvalid, a row of 2^31 bytes.
  Result<void> add(std::string_view key, std::string_view payload);

  using Take = std::function<Result<void>(std::string_view key,
                                          std::string_view payload)>;
  // Gives all rows to `take` in byte order of their keys, and ends with them.
  // Errors: those of `take`; kIo.
  Result<void> drain(const Take& take);

  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  struct Row {  // in Buffer::bytes: the key, then the payload
    std::size_t begin;
    std::uint32_t key_bytes;
    std::uint32_t payload_bytes;
  };
  struct Buffer {
    std::string bytes;
    std::vector<Row> order;

    [[nodiscard]] std::string_view key_of(const Row& row) const {
      return std::string_view(bytes).substr(row.begin, row.key_bytes);
    }
    [[nodiscard]] std::string_view payload_of(const Row& row) const {
      return std::string_view(bytes).substr(row.begin + row.key_bytes,
                                            row.payload_bytes);
    }
    void sort();
    void clear();
  };
  struct Run {  // of the file
    std::uint64_t begin;
    std::uint64_t end;
  };
  class RunReader;

  Result<void> start_spill();
  Result<void> end_spill();
  Result<void> spill();
  Result<void> drain_buffer(const Take& take);
  Result<void> merge(const Take& take);

  const std::filesystem::path directory_;
  const std::size_t buffer_bytes_;
  std::uint64_t rows_ = 0;
  Buffer filling_;
  std::optional<Error> failure_;  // of the file: rows are lost
  // The thread's while it runs:
  Buffer full_;
  std::vector<Run> runs_;
  UniqueFd file_;
  std::uint64_t file_bytes_ = 0;
  std::future<Result<void>> spilling_;  // last: its end waits for the thread
};

}  // namespace omicsfs

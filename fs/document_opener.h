// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "catalog/source.h"
#include "fetch/document_fetch.h"

namespace omicsfs {

// Opens the large documents of a refresh. One of the web is brought whole into
// a file without a name in `directory` before its first byte is read: so its
// server waits for nobody, a broken line costs no more than a fresh start, and
// nothing is left behind when the program ends, however it ends.
// Thread-compatible.
class DocumentOpener {
 public:
  // As SourceInput::progress: told of bytes.
  using Progress = std::function<void(std::string_view what, std::uint64_t done,
                                      std::uint64_t total)>;

  // `documents` must outlive it.
  DocumentOpener(DocumentFetcher& documents, std::filesystem::path directory,
                 std::stop_token stop, Progress progress);
  DocumentOpener(const DocumentOpener&) = delete;
  DocumentOpener& operator=(const DocumentOpener&) = delete;

  [[nodiscard]] const OpenDocument& open() const { return open_; }
  // When the document that was opened last was changed: its Last-Modified, or
  // the date of the local file.
  [[nodiscard]] std::optional<std::int64_t> last_date() const {
    return last_date_;
  }

 private:
  Result<ReadPiece> open_place(const std::string& place);
  Result<ReadPiece> open_url(const std::string& url);

  DocumentFetcher& documents_;
  const std::filesystem::path directory_;
  const std::stop_token stop_;
  const Progress progress_;
  const OpenDocument open_;
  std::optional<std::int64_t> last_date_;
};

}  // namespace omicsfs

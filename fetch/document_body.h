// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "catalog/result.h"

// Where the bytes of a document go as they come.

namespace omicsfs {

// begin() is called by the thread that fetches, before each try and so never
// during one; take() by the transport's thread. Their errors are the fetch's:
// kInvalid for one byte too many, and what an implementation says of its own.
class DocumentBody {
 public:
  virtual ~DocumentBody() = default;
  // What came before is forgotten.
  virtual Result<void> begin() = 0;
  virtual Result<void> take(std::span<const std::byte> bytes) = 0;
  // Bytes until now. From any thread.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

// In memory.
class HeldBody final : public DocumentBody {
 public:
  explicit HeldBody(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  Result<void> begin() override;
  Result<void> take(std::span<const std::byte> bytes) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  // REQUIRES: the last try has ended.
  [[nodiscard]] std::string release() { return std::move(text_); }

 private:
  const std::uint64_t max_bytes_;
  std::string text_;
  std::atomic<std::uint64_t> size_{0};
};

// In a file, from its start. Errors: kNoSpace, kIo.
class FileBody final : public DocumentBody {
 public:
  // `fd`, open for writing, must outlive it.
  FileBody(int fd, std::uint64_t max_bytes) : fd_(fd), max_bytes_(max_bytes) {}

  Result<void> begin() override;
  Result<void> take(std::span<const std::byte> bytes) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  const int fd_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> size_{0};
};

// "the document is over <max_bytes> bytes"
[[nodiscard]] Error document_too_large(std::uint64_t max_bytes);

}  // namespace omicsfs

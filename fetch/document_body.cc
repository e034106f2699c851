// SPDX-License-Identifier: MIT
#include "fetch/document_body.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "fetch/local_io.h"

namespace omicsfs {
namespace {

Result<void> check_size(std::uint64_t size, std::size_t more,
                        std::uint64_t max_bytes) {
  return more > max_bytes - size ? Result<void>(document_too_large(max_bytes))
                                 : Result<void>();
}

}  // namespace

Error document_too_large(std::uint64_t max_bytes) {
  return {ErrorCode::kInvalid,
          fmt::format("the document is over {} bytes", max_bytes)};
}

Result<void> HeldBody::begin() {
  text_.clear();
  size_ = 0;
  return {};
}

Result<void> HeldBody::take(std::span<const std::byte> bytes) {
  if (auto fits = check_size(size_, bytes.size(), max_bytes_); !fits) {
    return fits;
  }
  text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  size_ = text_.size();
  return {};
}

Result<void> FileBody::begin() {
  size_ = 0;
  if (::ftruncate(fd_, 0) != 0) {
    return system_error("cannot empty the document's file", errno);
  }
  return {};
}

Result<void> FileBody::take(std::span<const std::byte> bytes) {
  if (auto fits = check_size(size_, bytes.size(), max_bytes_); !fits) {
    return fits;
  }
  if (auto written = write_all(fd_, size_, bytes); !written) {
    return written.error().within("cannot keep the document");
  }
  size_ += bytes.size();
  return {};
}

}  // namespace omicsfs

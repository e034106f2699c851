// SPDX-License-Identifier: MIT
#include "fetch/member_bytes.h"

#include <array>

#include "fetch/zip_local_header.h"

namespace omicsfs {

Result<std::uint64_t> MemberBytes::data_offset(const ReadLimits& limits) {
  if (const std::uint64_t known = known_data_offset(); known != 0) {
    return known;
  }
  const Error outside{ErrorCode::kCorrupt,
                      "a member lies outside of its archive"};
  std::array<std::byte, kLocalHeaderBytes> header{};
  if (clip({header_offset_, header.size()}, reader_.size()).length <
      header.size()) {
    return outside;
  }
  if (auto read = reader_.read_at(header_offset_, header, limits); !read) {
    return read.error();
  }
  auto length = local_header_length(header, method_);
  if (!length) {
    return length;
  }
  const std::uint64_t begin = header_offset_ + *length;
  if (clip({begin, size_}, reader_.size()).length < size_) {
    return outside;
  }
  data_offset_.store(begin, std::memory_order_release);
  return begin;
}

Result<void> MemberBytes::read_at(std::uint64_t offset,
                                  std::span<std::byte> out,
                                  const ReadLimits& limits) {
  const auto begin = data_offset(limits);
  return begin ? reader_.read_at(*begin + offset, out, limits) : begin.error();
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/zip_local_header.h"

#include "fetch/little_endian.h"

namespace omicsfs {
namespace {

constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::size_t kMethodAt = 8;
constexpr std::size_t kExtraLengthAt = 28;

}  // namespace

Result<std::uint64_t> local_header_length(std::span<const std::byte> bytes,
                                          MemberMethod method) {
  if (bytes.size() < kLocalHeaderBytes ||
      little_endian(bytes.first(4)) != kLocalSignature ||
      little_endian(bytes.subspan(kMethodAt, 2)) !=
          static_cast<std::uint64_t>(method)) {
    return Error{ErrorCode::kCorrupt,
                 "the archive has no such member where its directory says"};
  }
  return kLocalHeaderBytes + little_endian(bytes.subspan(kNameLengthAt, 2)) +
         little_endian(bytes.subspan(kExtraLengthAt, 2));
}

}  // namespace omicsfs

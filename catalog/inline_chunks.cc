// SPDX-License-Identifier: MIT
#include "catalog/inline_chunks.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <memory>

namespace omicsfs {
namespace {

constexpr char kDeflated = 'z';
constexpr char kRaw = 'r';
// Head, checksum and what bytes that do not shrink take more, at the most.
constexpr std::size_t kMostMore = 4096;

}  // namespace

// There is much of it, and it is rarely read: at ISA-L's fastest level.
std::string pack_chunk(std::string_view bytes) {
  std::string packed(1 + bytes.size() + kMostMore, kDeflated);
  const auto stream = std::make_unique_for_overwrite<isal_zstream>();
  ::isal_deflate_stateless_init(stream.get());
  stream->gzip_flag = IGZIP_ZLIB;
  stream->end_of_stream = 1;
  // It takes no const, but changes nothing.
  stream->next_in =
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream->avail_in = static_cast<std::uint32_t>(bytes.size());
  stream->next_out = reinterpret_cast<std::uint8_t*>(&packed[1]);
  stream->avail_out = static_cast<std::uint32_t>(packed.size() - 1);
  const int status = ::isal_deflate_stateless(stream.get());
  const std::size_t length = stream->total_out;
  if (status == COMP_OK && length < bytes.size()) {
    packed.resize(1 + length);
    return packed;
  }
  return std::string(1, kRaw).append(bytes);
}

Result<std::string> unpack_chunk(std::span<const std::byte> kept) {
  const Error damaged{ErrorCode::kCorrupt, "damaged snapshot: a chunk"};
  if (kept.empty()) {
    return damaged;
  }
  const auto* const bytes = reinterpret_cast<const char*>(kept.data());
  if (bytes[0] == kRaw) {
    return kept.size() - 1 <= kChunkBytes
               ? Result<std::string>(std::string(bytes + 1, kept.size() - 1))
               : damaged;
  }
  std::string out(kChunkBytes, '\0');
  uLongf length = out.size();
  const bool whole = bytes[0] == kDeflated &&
                     ::uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                                  reinterpret_cast<const Bytef*>(bytes + 1),
                                  static_cast<uLong>(kept.size() - 1)) == Z_OK;
  if (!whole) {
    return damaged;
  }
  out.resize(length);
  return out;
}

}  // namespace omicsfs

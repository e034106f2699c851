// SPDX-License-Identifier: MIT
#include "catalog/inline_chunks.h"

#include <zlib.h>

namespace omicsfs {
namespace {

constexpr char kDeflated = 'z';
constexpr char kRaw = 'r';
// What is written once is read rarely, and there is much of it.
constexpr int kFast = 1;

}  // namespace

std::string pack_chunk(std::string_view bytes) {
  uLongf length = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(1 + length, kDeflated);
  const int status = ::compress2(reinterpret_cast<Bytef*>(&packed[1]), &length,
                                 reinterpret_cast<const Bytef*>(bytes.data()),
                                 static_cast<uLong>(bytes.size()), kFast);
  if (status == Z_OK && length < bytes.size()) {
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

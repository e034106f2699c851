// SPDX-License-Identifier: MIT
#pragma once

#include <zlib.h>

#include <string>

namespace omicsfs {

// `text` as one member of a gzip file.
inline std::string gzip_of(const std::string& text) {
  constexpr int kGzip = 15 + 16;
  constexpr int kMemory = 8;
  z_stream z{};
  ::deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemory,
                 Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&z, text.size()), '\0');
  // zlib's input is not const, but it writes nothing there.
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  ::deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "fetch/block_map.h"

// A header that is accepted must be written back as it was read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using omicsfs::decode_map_header;
  const auto header = decode_map_header(std::as_bytes(std::span(data, size)));
  if (header) {
    const auto again = decode_map_header(omicsfs::encode_map_header(*header));
    if (!again || again->pins != header->pins ||
        again->file_size != header->file_size) {
      std::abort();
    }
  }
  return 0;
}

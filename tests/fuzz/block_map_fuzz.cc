// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "fetch/block_map.h"

// The pins of a header that is accepted can be kept, and come back as they were
// written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using omicsfs::decode_map_header;
  const auto header = decode_map_header(std::as_bytes(std::span(data, size)));
  if (header) {
    omicsfs::VersionPin pin;
    static_cast<void>(pin.merge(header->pins));
    const auto bytes =
        omicsfs::encode_map_header({header->file_size, pin.entries()});
    const auto again = bytes ? decode_map_header(*bytes) : bytes.error();
    if (!again || again->pins != pin.entries() ||
        again->file_size != header->file_size) {
      std::abort();
    }
  }
  return 0;
}

// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>

#include "catalog/sources/refine_metadata.h"
#include "tests/catalog/text_pieces.h"

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  omicsfs::TextPieces metadata(text, 7);
  const auto read = omicsfs::read_refine_metadata(
      metadata.reader(), [](const std::string&, const omicsfs::SampleFields&) {
        return omicsfs::Result<void>();
      });
  if (read) {
    static_cast<void>(omicsfs::parse_refine_time(read->created_at));
  }
  omicsfs::TextPieces filtered(text, 1000);
  static_cast<void>(omicsfs::read_filter_reasons(filtered.reader()));
  return 0;
}

// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <span>

#include "fetch/format_hints.h"

namespace {

// As format_hints.h promises it.
bool is_sound(const omicsfs::SeenBytes& seen, std::uint64_t file_size,
              const std::vector<omicsfs::ByteRange>& hints) {
  std::set<omicsfs::BlockIndex> blocks;
  const omicsfs::BlockRun there =
      omicsfs::blocks_of({seen.offset, seen.bytes.size()});
  for (const omicsfs::ByteRange& hint : hints) {
    if (hint.empty() || omicsfs::clip(hint, file_size) != hint) {
      return false;
    }
    const omicsfs::BlockRun run = omicsfs::blocks_of(hint);
    for (auto block = run.first; block < run.end(); ++block) {
      const bool was_seen = block >= there.first && block < there.end();
      if (was_seen || !blocks.insert(block).second) {
        return false;
      }
    }
  }
  return blocks.size() <= 128;
}

}  // namespace

// The input: 8 bytes that say how much of the file lies before and after what
// was seen, then what was seen.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  if (size < sizeof before + sizeof after) {
    return 0;
  }
  std::memcpy(&before, data, sizeof before);
  std::memcpy(&after, data + sizeof before, sizeof after);
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(8);
  const omicsfs::SeenBytes seen{before, bytes};
  const std::uint64_t file_size = std::uint64_t{before} + bytes.size() + after;
  if (!is_sound(seen, file_size, omicsfs::format_hints(seen, file_size))) {
    std::abort();
  }
  return 0;
}

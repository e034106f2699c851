// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "catalog/gzip_piece.h"

namespace {

constexpr std::size_t kMostOutput = 1 << 20;

// What `raw` is read as, in pieces of `step` bytes; none: an error.
std::optional<std::string> read_in_steps(std::span<const std::uint8_t> raw,
                                         std::size_t step) {
  const auto read = omicsfs::inflated_if_gzip(
      [&](std::span<char> out) -> omicsfs::Result<std::size_t> {
        const std::size_t count = std::min({out.size(), raw.size(), step});
        std::copy_n(raw.begin(), count, out.begin());
        raw = raw.subspan(count);
        return count;
      });
  std::string text;
  std::vector<char> piece(step);
  while (text.size() < kMostOutput) {
    const auto count = read(piece);
    if (!count) {
      return std::nullopt;
    }
    if (*count == 0) {
      return text;
    }
    text.append(piece.data(), *count);
  }
  text.resize(kMostOutput);
  return text;
}

}  // namespace

// Whatever the pieces, it is the same text or no text.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::span raw(data, size);
  const auto text = read_in_steps(raw, 100'000);
  if (text != read_in_steps(raw, 1) || text != read_in_steps(raw, 1000)) {
    std::abort();
  }
  return 0;
}

// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "fetch/inflater.h"

namespace {

constexpr std::size_t kMostOutput = 1 << 20;

// What a stream gives from `from` on; it may be cut, or none at all.
std::vector<std::byte> inflate(
    std::span<const std::byte> stream, const omicsfs::InflateCheckpoint& from,
    std::vector<omicsfs::InflateCheckpoint>* places) {
  std::vector<std::byte> output;
  auto inflater = omicsfs::Inflater::from(from);
  std::array<std::byte, 1000> piece{};
  std::size_t idle = 0;
  while (inflater && !inflater->ended() && idle < 3 &&
         output.size() < kMostOutput) {
    const auto at =
        std::min<std::uint64_t>(inflater->input_offset(), stream.size());
    const auto written = inflater->step(stream.subspan(at), piece);
    if (!written) {
      break;
    }
    idle = *written == 0 ? idle + 1 : 0;
    output.insert(output.end(), piece.begin(),
                  piece.begin() + static_cast<std::ptrdiff_t>(*written));
    if (places != nullptr && places->size() < 8) {
      if (auto place = inflater->checkpoint()) {
        places->push_back(*std::move(place));
      }
    }
  }
  return output;
}

}  // namespace

// From every place that a stream names, the output goes on as it did.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto stream = std::as_bytes(std::span(data, size));
  std::vector<omicsfs::InflateCheckpoint> places;
  const auto whole = inflate(stream, {}, &places);
  for (const omicsfs::InflateCheckpoint& place : places) {
    const auto rest = inflate(stream, place, nullptr);
    const std::size_t common =
        std::min<std::size_t>(rest.size(), whole.size() - place.out);
    if (common > 0 &&
        std::memcmp(rest.data(), whole.data() + place.out, common) != 0) {
      std::abort();
    }
  }
  // Bytes as a place, where none may be.
  if (size > 16) {
    omicsfs::InflateCheckpoint wild;
    wild.block_bit = data[0];
    wild.code_bit = wild.block_bit + data[1];
    wild.window.assign(stream.begin(), stream.end());
    wild.window.resize(
        std::min(wild.window.size(), omicsfs::Inflater::kWindowBytes));
    static_cast<void>(inflate(stream, wild, nullptr));
  }
  return 0;
}

// SPDX-License-Identifier: MIT
#include "fetch/inflate_index.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/fetch/cache_world.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kHuge = std::uint64_t{1} << 40;

// A checkpoint at `out`, whose window cannot be made smaller.
InflateCheckpoint dear_checkpoint(std::uint64_t out) {
  InflateCheckpoint checkpoint;
  checkpoint.out = out;
  const std::string window = random_bytes(Inflater::kWindowBytes, out);
  const auto bytes = std::as_bytes(std::span(window));
  checkpoint.window.assign(bytes.begin(), bytes.end());
  return checkpoint;
}

// Those that an index keeps of one each `step` bytes.
std::set<std::uint64_t> kept_of(std::uint64_t step, std::uint64_t count) {
  InflateIndex index("", {kHuge, kHuge});
  index.attach();
  std::set<std::uint64_t> kept;
  for (std::uint64_t out = step; out <= step * count; out += step) {
    index.add(dear_checkpoint(out));
    if (const std::uint64_t nearest = index.nearest(out); nearest != 0) {
      kept.insert(nearest);
    }
  }
  return kept;
}

TEST(InflateIndex, CheckpointsTakeAFiftiethOfTheOutputBeforeThem) {
  const auto kept = kept_of(kCheckpointEvery, 40);
  EXPECT_GT(kept.size(), 10U);
  std::uint64_t taken = 0;
  for (const std::uint64_t out : kept) {
    taken += Inflater::kWindowBytes;
    EXPECT_LE(taken, out / kOutputPerIndexByte) << out;
  }
}

TEST(InflateIndex, InMemoryCheckpointsTakeFourMebibytes) {
  constexpr std::uint64_t kMost = (4 << 20) / Inflater::kWindowBytes;
  const auto kept = kept_of(std::uint64_t{16} << 20, 2 * kMost);
  EXPECT_LE(kept.size(), kMost);
  EXPECT_GT(kept.size(), kMost / 2);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include "fetch/byte_range.h"

namespace {

using omicsfs::BlockIndex;
using omicsfs::BlockRun;
using omicsfs::BlockState;

// The arithmetic of one read of 1 MiB, of whose blocks every `range(0)`th is
// there.
void byte_range(benchmark::State& state) {
  const auto stride = static_cast<BlockIndex>(state.range(0));
  constexpr omicsfs::RunLimits kLimits{.most = 128, .gap = 2};
  constexpr std::uint64_t kReadBytes = 1 << 20;
  std::uint64_t offset = 0;
  for ([[maybe_unused]] const auto& round : state) {
    const BlockRun wanted = omicsfs::blocks_of({offset, kReadBytes});
    benchmark::DoNotOptimize(
        omicsfs::missing_runs(wanted, kLimits, [stride](BlockIndex block) {
          return block % stride == 0 ? BlockState::kPresent
                                     : BlockState::kMissing;
        }));
    offset += kReadBytes;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(byte_range)->Arg(1)->Arg(2)->Arg(64);

}  // namespace

BENCHMARK_MAIN();

// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "tests/fetch/cache_world.h"

// Reads of blocks that are in the cache: what omicsfs adds to a pread.

namespace {

constexpr std::size_t kFileBytes = 64 << 20;

// A cache that holds one file whole.
class FilledCache {
 public:
  FilledCache() : world_(directory_.path()) {
    const std::string bytes = omicsfs::random_bytes(kFileBytes, 1);
    world_.network().add("https://h/f", bytes);
    source_ = world_.cache().open(omicsfs::remote_of("https://h/f", bytes));
    filled_ = !omicsfs::read_all(*source_).error;
    world_.cache().wait_until_idle();
  }

  [[nodiscard]] bool filled() const { return filled_; }
  [[nodiscard]] omicsfs::ByteSource& source() { return *source_; }

 private:
  const omicsfs::TemporaryDirectory directory_;
  omicsfs::CacheWorld world_;
  std::shared_ptr<omicsfs::ByteSource> source_;
  bool filled_ = false;
};

void block_cache_hit(benchmark::State& state, omicsfs::ByteSource& source) {
  const auto length = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> bytes(length);
  std::mt19937_64 engine(static_cast<std::uint64_t>(state.thread_index()) + 1);
  std::uniform_int_distribution<std::size_t> places(0, kFileBytes / length - 1);
  const omicsfs::ReadLimits limits = omicsfs::patient();
  for ([[maybe_unused]] const auto& round : state) {
    if (!source.read_at(places(engine) * length, bytes, limits)) {
      state.SkipWithError("a read failed");
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(length));
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  FilledCache cache;
  if (!cache.filled()) {
    std::fputs("block_cache_bench: the cache was not filled\n", stderr);
    return 1;
  }
  benchmark::RegisterBenchmark("block_cache_hit",
                               [&cache](benchmark::State& state) {
                                 block_cache_hit(state, cache.source());
                               })
      ->Arg(4 << 10)
      ->Arg(64 << 10)
      ->Arg(1 << 20)
      ->ThreadRange(1, 8)
      ->UseRealTime();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "catalog/snapshot.h"
#include "catalog/tree_builder.h"
#include "tests/support/temporary_directory.h"

// What FUSE asks of the catalog: a directory of 100,000 files.

namespace {

using omicsfs::kRootNode;
using omicsfs::Result;
using omicsfs::Snapshot;
using omicsfs::SnapshotWriter;
using omicsfs::TreeBuilder;

constexpr std::uint64_t kFiles = 100'000;

std::string name_of(std::uint64_t index) {
  return fmt::format("file{:06}.bin", index);
}

Result<void> fill(TreeBuilder& tree) {
  for (std::uint64_t index = 0; index < kFiles; ++index) {
    omicsfs::RemoteFile file;
    file.urls = {"https://h/" + name_of(index)};
    file.size = 1000 + index;
    const auto added = tree.add_file(name_of(index), file, 0);
    if (!added) {
      return added.error();
    }
  }
  return {};
}

Result<std::shared_ptr<const Snapshot>> compose(
    const std::filesystem::path& path) {
  Result<SnapshotWriter> writer = SnapshotWriter::create(path, {"bench", 1, 0});
  if (!writer) {
    return writer.error();
  }
  Result<TreeBuilder> tree = TreeBuilder::create(*writer, 0);
  Result<void> done = tree ? fill(*tree) : Result<void>(tree.error());
  if (done) {
    done = writer->commit();
  }
  return done ? Snapshot::open(path) : done.error();
}

void snapshot_lookup(benchmark::State& state, const Snapshot& snapshot) {
  std::mt19937_64 engine(static_cast<std::uint64_t>(state.thread_index()) + 1);
  std::uniform_int_distribution<std::uint64_t> files(0, kFiles - 1);
  for ([[maybe_unused]] const auto& round : state) {
    if (!snapshot.lookup(kRootNode, name_of(files(engine)))) {
      state.SkipWithError("a lookup failed");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

// The whole directory, in pages of as many entries as one readdirplus takes.
void readdir(benchmark::State& state, const Snapshot& snapshot) {
  constexpr std::size_t kPage = 128;
  std::uint64_t listed = 0;
  for ([[maybe_unused]] const auto& round : state) {
    auto page = snapshot.list(kRootNode, 0, kPage);
    while (page && !page->empty()) {
      listed += page->size();
      page = snapshot.list(kRootNode, page->back().position, kPage);
    }
  }
  if (listed != static_cast<std::uint64_t>(state.iterations()) * kFiles) {
    state.SkipWithError("entries are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(listed));
}

void run(const Snapshot& snapshot) {
  benchmark::RegisterBenchmark(
      "snapshot_lookup",
      [&](benchmark::State& state) { snapshot_lookup(state, snapshot); })
      ->ThreadRange(1, 8)
      ->UseRealTime();
  benchmark::RegisterBenchmark("readdir", [&](benchmark::State& state) {
    readdir(state, snapshot);
  })->Unit(benchmark::kMillisecond);
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const omicsfs::TemporaryDirectory directory;
  const auto snapshot = compose(directory.path() / "1.sqlite");
  if (!snapshot) {
    std::fprintf(stderr, "snapshot_bench: %s\n",
                 snapshot.error().message.c_str());
    return 1;
  }
  run(**snapshot);
  return 0;
}

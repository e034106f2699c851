// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "catalog/snapshot.h"
#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

void fill_for_threads(TreeBuilder& tree) {
  for (int number = 0; number < 200; ++number) {
    const std::string name = std::to_string(number);
    ASSERT_TRUE(tree.add_file("d/" + name, remote_file_named(name, 1), 0));
  }
}

// Whether one round of all reads gives what was written.
bool reads_right(const Snapshot& snapshot, NodeId directory, int number) {
  const std::string name = std::to_string(number);
  const Result<NodeFacts> node = snapshot.lookup(directory, name);
  if (!node) {
    return false;
  }
  const Result<RemoteFile> file = snapshot.remote_file(node->id);
  const auto page = snapshot.list(directory, 0, 50);
  return file && file->urls.front() == "https://h/" + name && page &&
         page->size() == 50;
}

// `threads` threads read all names at once; the number of wrong rounds.
int wrong_rounds(const Snapshot& snapshot, int threads) {
  const NodeId directory = node_at(snapshot, "d")->id;
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  readers.reserve(static_cast<std::size_t>(threads));
  for (int reader = 0; reader < threads; ++reader) {
    readers.emplace_back([&snapshot, &wrong, directory, reader] {
      for (int round = 0; round < 200; ++round) {
        const int number = (round + 25 * reader) % 200;
        wrong += reads_right(snapshot, directory, number) ? 0 : 1;
      }
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  return wrong.load();
}

TEST(SnapshotThreads, EightReadersEachGetWhatWasWritten) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", fill_for_threads);
  EXPECT_EQ(wrong_rounds(*snapshot, 8), 0);
}

TEST(SnapshotThreads, ReadersWaitWhereNoFurtherConnectionOpens) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", fill_for_threads);
  // Only the first connection, which open() made, is left to share.
  std::filesystem::remove(dir / "s");
  EXPECT_EQ(wrong_rounds(*snapshot, 8), 0);
}

TEST(SnapshotThreads, MoreReadersThanConnectionsAllEnd) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", fill_for_threads);
  EXPECT_EQ(wrong_rounds(*snapshot, 80), 0);
}

TEST(SnapshotThreads, TheOldFileIsReadOnWhereANewOneTookItsName) {
  const ScratchDir dir;
  const auto snapshot = composed_snapshot(dir / "s", fill_for_threads);
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    ASSERT_TRUE(tree.add_directory("d"));
  });
  EXPECT_EQ(wrong_rounds(*snapshot, 8), 0);
}

}  // namespace
}  // namespace omicsfs

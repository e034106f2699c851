// SPDX-License-Identifier: MIT
#include "tests/catalog/composed_snapshot.h"

#include <gtest/gtest.h>

namespace omicsfs {

void write_snapshot(const std::filesystem::path& path,
                    const std::function<void(TreeBuilder&)>& fill) {
  Result<SnapshotWriter> writer =
      SnapshotWriter::create(path, {"test", 7, kTestTime});
  ASSERT_TRUE(writer) << writer.error().message;
  Result<TreeBuilder> tree = TreeBuilder::create(*writer, kTestTime);
  ASSERT_TRUE(tree) << tree.error().message;
  fill(*tree);
  const Result<void> done = writer->commit();
  ASSERT_TRUE(done) << done.error().message;
}

std::shared_ptr<const Snapshot> composed_snapshot(
    const std::filesystem::path& path,
    const std::function<void(TreeBuilder&)>& fill) {
  write_snapshot(path, fill);
  const auto snapshot = Snapshot::open(path);
  EXPECT_TRUE(snapshot) << snapshot.error().message;
  return snapshot ? *snapshot : nullptr;
}

RemoteFile remote_file_named(const std::string& name, std::uint64_t size) {
  RemoteFile file;
  file.urls = {"https://h/" + name};
  file.size = size;
  return file;
}

}  // namespace omicsfs

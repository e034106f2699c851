// SPDX-License-Identifier: MIT
#include "fs/mount_table.h"

#include <gtest/gtest.h>

#include <string>

namespace omicsfs {
namespace {

// Lines as proc_pid_mountinfo(5) describes them.
constexpr const char* kTable =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "40 22 0:35 / /mnt/abc ro,nosuid - fuse.omicsfs abc-atlas ro,user_id=0\n"
    "41 22 0:36 / /mnt/with\\040space\\134 ro master:1 shared:7 - "
    "fuse.omicsfs omicsfs ro\n"
    "42 40 0:37 / /mnt/abc rw - tmpfs tmpfs rw\n";

TEST(MountTable, HasTheFieldsOfEachLine) {
  const auto table = parse_mount_table(kTable);
  ASSERT_EQ(table.size(), 4U);
  EXPECT_EQ(table[0], (MountEntry{22, 1, "/", "ext4", "/dev/sda1", "8:1"}));
  EXPECT_EQ(table[1], (MountEntry{40, 22, "/mnt/abc", "fuse.omicsfs",
                                  "abc-atlas", "0:35"}));
}

TEST(MountTable, UnescapesPaths) {
  const auto table = parse_mount_table(kTable);
  EXPECT_EQ(table[2].mount_point, "/mnt/with space\\");
  EXPECT_EQ(table[2].type, kFileSystemType);
}

TEST(MountTable, LeavesOutLinesThatBreakTheFormat) {
  for (const char* line :
       {"", "\n\n", "1 2 3", "x 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "1 y 8:1 / / rw - ext4 /dev/sda1 rw", "1 1 8:1 / / rw shared:1 a b c",
        "1 1 8:1 / / rw shared:1 - ext4", "\\", "1 1 8:1 / \\04 rw a - b"}) {
    EXPECT_TRUE(parse_mount_table(line).empty()) << line;
  }
}

TEST(MountTable, SurvivesEveryCutOfItsText) {
  const std::string whole = kTable;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_LE(parse_mount_table(whole.substr(0, length)).size(), 4U);
  }
}

TEST(MountAt, FindsTheMountOnTop) {
  const auto table = parse_mount_table(kTable);
  ASSERT_TRUE(mount_at(table, "/mnt/abc"));
  EXPECT_EQ(mount_at(table, "/mnt/abc")->type, "tmpfs");
}

TEST(MountAt, FindsTheMountOnTopWhateverTheOrder) {
  auto table = parse_mount_table(kTable);
  std::swap(table[1], table[3]);
  EXPECT_EQ(mount_at(table, "/mnt/abc")->type, "tmpfs");
}

TEST(MountAt, FindsNothingBelowOrAboveAMount) {
  const auto table = parse_mount_table(kTable);
  EXPECT_FALSE(mount_at(table, "/mnt"));
  EXPECT_FALSE(mount_at(table, "/mnt/abc/latest"));
  EXPECT_FALSE(mount_at({}, "/"));
}

TEST(ReadMountTable, KnowsTheRoot) {
  const auto table = read_mount_table();
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(mount_at(*table, "/"));
}

}  // namespace
}  // namespace omicsfs

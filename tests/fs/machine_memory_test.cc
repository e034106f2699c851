// SPDX-License-Identifier: MIT
#include "fs/machine_memory.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace omicsfs {
namespace {

using Files = std::map<std::string, std::string>;

std::optional<std::uint64_t> limit_in(Files files) {
  return group_memory_limit([files = std::move(files)](const std::string& path)
                                -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  });
}

constexpr const char* kGroup = "/proc/self/cgroup";
constexpr const char* kMounts = "/proc/self/mountinfo";
constexpr const char* kUnified =
    "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
constexpr const char* kVersion1 =
    "31 24 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

TEST(GroupMemoryLimit, IsNoneWhereNothingCanBeRead) {
  EXPECT_EQ(limit_in({}), std::nullopt);
  EXPECT_EQ(limit_in({{kGroup, "0::/a\n"}}), std::nullopt);
  EXPECT_EQ(limit_in({{kGroup, "0::/a\n"}, {kMounts, kUnified}}), std::nullopt);
  EXPECT_EQ(
      limit_in({{kGroup, "odd\n::\n0:\n"}, {kMounts, "1 2 3 - cgroup2\n"}}),
      std::nullopt);
}

TEST(GroupMemoryLimit, IsTheGroupsOwnInVersion2) {
  EXPECT_EQ(limit_in({{kGroup, "0::/a/b\n"},
                      {kMounts, kUnified},
                      {"/sys/fs/cgroup/a/b/memory.max", "1000000\n"}}),
            1'000'000U);
}

TEST(GroupMemoryLimit, IsTheLeastOfAllGroupsAbove) {
  Files files = {{kGroup, "0::/a/b/c\n"},
                 {kMounts, kUnified},
                 {"/sys/fs/cgroup/a/b/c/memory.max", "9000\n"},
                 {"/sys/fs/cgroup/a/b/memory.max", "max\n"},
                 {"/sys/fs/cgroup/a/memory.max", "5000\n"},
                 {"/sys/fs/cgroup/memory.max", "7000\n"},
                 {"/sys/fs/cgroup/other/memory.max", "1\n"}};
  EXPECT_EQ(limit_in(files), 5000U);
  files["/sys/fs/cgroup/memory.max"] = "4000\n";
  EXPECT_EQ(limit_in(files), 4000U);
  files["/sys/fs/cgroup/a/b/memory.high"] = "3000\n";
  EXPECT_EQ(limit_in(files), 3000U);
}

TEST(GroupMemoryLimit, NoLimitIsNone) {
  EXPECT_EQ(limit_in({{kGroup, "0::/a\n"},
                      {kMounts, kUnified},
                      {"/sys/fs/cgroup/a/memory.max", "max\n"},
                      {"/sys/fs/cgroup/memory.max", ""}}),
            std::nullopt);
}

TEST(GroupMemoryLimit, IsFoundInVersion1AsWell) {
  EXPECT_EQ(
      limit_in({{kGroup, "4:memory:/x/y\n1:cpu,cpuacct:/z\n0::/\n"},
                {kMounts, kVersion1},
                {"/sys/fs/cgroup/memory/x/y/memory.limit_in_bytes",
                 "9223372036854771712\n"},
                {"/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "6000\n"},
                {"/sys/fs/cgroup/cpu/z/memory.limit_in_bytes", "1\n"}}),
      6000U);
}

TEST(GroupMemoryLimit, OfBothVersionsTheLessCounts) {
  const std::string mounts =
      std::string(kVersion1) +
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(
      limit_in({{kGroup, "4:cpu,memory:/x\n0::/u\n"},
                {kMounts, mounts},
                {"/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "6000\n"},
                {"/sys/fs/cgroup/unified/u/memory.max", "5000\n"}}),
      5000U);
}

TEST(GroupMemoryLimit, OfAContainerIsSeenFromItsTop) {
  // With a namespace of its own, and without.
  EXPECT_EQ(limit_in({{kGroup, "0::/\n"},
                      {kMounts, kUnified},
                      {"/sys/fs/cgroup/memory.max", "8000\n"}}),
            8000U);
  const std::string mounts =
      "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup c rw,memory\n";
  EXPECT_EQ(
      limit_in({{kGroup, "4:memory:/docker/abc/inner\n"},
                {kMounts, mounts},
                {"/sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "9000"},
                {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "8000"}}),
      8000U);
  // A group that is not below what the mount shows: "/docker/abcd" is none.
  EXPECT_EQ(limit_in({{kGroup, "4:memory:/docker/abcd\n"},
                      {kMounts, mounts},
                      {"/sys/fs/cgroup/memory/d/memory.limit_in_bytes", "1"},
                      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "8000"}}),
            8000U);
}

TEST(GroupMemoryLimit, AMountPointMayHaveABlank) {
  EXPECT_EQ(
      limit_in({{kGroup, "0::/a\n"},
                {kMounts, "29 24 0:26 / /my\\040groups rw - cgroup2 none rw\n"},
                {"/my groups/a/memory.max", "7000"}}),
      7000U);
}

TEST(UsableMemory, IsTheLessOfBothWhereBothAreKnown) {
  EXPECT_EQ(usable_memory(8000, std::nullopt), 8000U);
  EXPECT_EQ(usable_memory(8000, 5000), 5000U);
  EXPECT_EQ(usable_memory(8000, 9'223'372'036'854'771'712U), 8000U);
  EXPECT_EQ(usable_memory(0, 5000), 5000U);
  EXPECT_EQ(usable_memory(0, std::nullopt), 0U);
  EXPECT_GT(machine_memory(), 0U);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/unmount.h"

#include <gtest/gtest.h>

#include "fs/child_process.h"

namespace omicsfs {
namespace {

TEST(FindOmicsfsMount, SaysThatNothingIsMountedOnAPlainDirectory) {
  const auto mount = find_omicsfs_mount(::testing::TempDir() + "no-such-dir");
  ASSERT_FALSE(mount);
  EXPECT_EQ(mount.error().code, ErrorCode::kNotFound);
  EXPECT_NE(mount.error().message.find("no-such-dir"), std::string::npos);
}

TEST(FindOmicsfsMount, LeavesOtherFileSystemsAlone) {
  for (const char* path : {"/proc", "/proc/", "/proc/."}) {
    const auto mount = find_omicsfs_mount(path);
    ASSERT_FALSE(mount);
    EXPECT_EQ(mount.error().code, ErrorCode::kInvalid);
    EXPECT_NE(mount.error().message.find("/proc is a mount of proc"),
              std::string::npos)
        << mount.error().message;
  }
}

TEST(RunProgram, GivesStatusAndErrorOutput) {
  const auto outcome = run_program({"sh", "-c", "echo to-stderr >&2; exit 7"});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->exit_status, 7);
  EXPECT_EQ(outcome->error_output, "to-stderr\n");
}

TEST(RunProgram, HandsArgumentsOnUntouched) {
  const auto outcome = run_program(
      {"sh", "-c", "printf %s \"$1\" >&2", "sh", "a b;$(exit 1)'\""});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error_output, "a b;$(exit 1)'\"");
}

TEST(RunProgram, SurvivesMoreOutputThanItKeeps) {
  const auto outcome =
      run_program({"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x >&2"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 0);
  EXPECT_EQ(outcome->error_output, std::string(4096, 'x'));
}

TEST(RunProgram, TellsTheSignalThatEndedIt) {
  const auto outcome = run_program({"sh", "-c", "kill -TERM $$"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 128 + 15);
}

TEST(RunProgram, IsNotFoundWhereThereIsNone) {
  const auto outcome = run_program({"omicsfs-no-such-program"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/unmounter.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "fs/mount_table.h"

namespace omicsfs {
namespace {

// The processes that this one has started and not waited for.
std::string children() {
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) +
                     "/children");
  std::string pids;
  std::getline(file, pids);
  return pids;
}

TEST(Unmounter, LeavesOtherFileSystemsAlone) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter) << unmounter.error().message;
  const auto table = read_mount_table();
  ASSERT_TRUE(table);
  const auto proc = mount_at(*table, "/proc");
  ASSERT_TRUE(proc);
  const auto done = unmounter->unmount(proc->id);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("/proc"), std::string::npos)
      << done.error().message;
  EXPECT_TRUE(std::filesystem::exists("/proc/self"));
}

TEST(Unmounter, AMountThatIsGoneIsAsGoodAsUnmounted) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter);
  EXPECT_TRUE(unmounter->unmount(-1));
  EXPECT_TRUE(unmounter->unmount(-1)) << "it may be asked again";
}

TEST(Unmounter, WatchesOnlyMountsOfOmicsfs) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter);
  EXPECT_EQ(unmounter->watch(-1).error().code, ErrorCode::kIo);
  const auto table = read_mount_table();
  ASSERT_TRUE(table);
  EXPECT_FALSE(unmounter->watch(mount_at(*table, "/proc")->id));
}

TEST(Unmounter, EndsWithItsObject) {
  {
    const auto unmounter = Unmounter::start();
    ASSERT_TRUE(unmounter);
    EXPECT_FALSE(children().empty());
  }
  EXPECT_EQ(children(), "");
}

TEST(Unmounter, OutlivesTheSignalsThatEndItsStarter) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter);
  ASSERT_TRUE(unmounter->unmount(-1)) << "it is ready for them";
  const pid_t process = std::stoi(children());
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    ASSERT_EQ(::kill(process, number), 0);
  }
  EXPECT_TRUE(unmounter->unmount(-1));
}

TEST(Unmounter, ThatIsGoneIsAnError) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter);
  ASSERT_EQ(::kill(std::stoi(children()), SIGKILL), 0);
  const auto done = unmounter->unmount(-1);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kIo);
}

TEST(Unmounter, KeepsNothingOfItsStarterOpen) {
  auto unmounter = Unmounter::start();
  ASSERT_TRUE(unmounter);
  ASSERT_TRUE(unmounter->unmount(-1));
  const std::string process = "/proc/" + std::to_string(std::stoi(children()));
  int others = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(process + "/fd")) {
    const bool null = std::filesystem::read_symlink(entry) == "/dev/null";
    others += null ? 0 : 1;
  }
  EXPECT_EQ(others, 1) << "the way that it is asked";
  EXPECT_EQ(std::filesystem::read_symlink(process + "/cwd"), "/");
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fs/child_process.h"
#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

TEST_F(MountedAtlas, AReaderThatIsKilledWhileTheNetworkHangsIsGoneAtOnce) {
  Fault stall;
  stall.kind = FaultKind::kStallHead;
  stall.glob = "/expression_matrices/*";
  origin_.fail(stall);
  const pid_t reader = spawn({"cat", at(large().relative_path())});
  ASSERT_TRUE(origin_.wait_for_requests(1));
  ASSERT_EQ(::kill(reader, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(reader, &status, 0), reader);  // returns, or times out
  EXPECT_TRUE(WIFSIGNALED(status));
  origin_.clear_faults();
  origin_.release();
  std::string bytes;
  EXPECT_EQ(read_file(at(large().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == large().bytes);
}

TEST_F(MountedAtlas, WhileTheNetworkHangsMetadataAnswers) {
  Fault stall;
  stall.kind = FaultKind::kStallHead;
  origin_.fail(stall);
  const pid_t reader = spawn({"cat", at(large().relative_path())});
  ASSERT_TRUE(origin_.wait_for_requests(1));
  struct statvfs space {};
  EXPECT_EQ(::statvfs(at("").c_str(), &space), 0);
  EXPECT_EQ(space.f_blocks * space.f_frsize, 10'000'000'000U / 4096 * 4096);
  int entries = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(mount_.root())) {
    entries += entry.exists() ? 1 : 0;
  }
  EXPECT_GT(entries, 20);
  ::kill(reader, SIGKILL);
  ::waitpid(reader, nullptr, 0);
  origin_.release();
}

TEST_F(MountedAtlas, OfflineWhatIsCachedReadsAndWhatIsNotIsAnError) {
  std::string bytes;
  ASSERT_EQ(read_file(at(small().relative_path()), bytes), 0);
  Fault gone;
  gone.kind = FaultKind::kCloseOnAccept;
  origin_.fail(gone);
  Fault unanswered;
  unanswered.kind = FaultKind::kCloseUnanswered;
  origin_.fail(unanswered);
  bytes.clear();
  EXPECT_EQ(read_file(at(small().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == small().bytes);
  bytes.clear();
  EXPECT_EQ(read_file(at(large().relative_path()), bytes), EIO);
  EXPECT_NE(mount_.log().find(large().relative_path()), std::string::npos)
      << "the log names what could not be read";
  // Back again, it reads.
  origin_.clear_faults();
  bytes.clear();
  EXPECT_EQ(read_file(at(large().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == large().bytes);
}

TEST_F(MountedAtlas, AMappedFileHasTheFilesBytes) {
  const UniqueFd file(
      ::open(at(large().relative_path()).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  const std::size_t size = large().bytes.size();
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_EQ(std::string_view(static_cast<const char*>(map), size),
            large().bytes);
  ::munmap(map, size);
}

// What the settings call a mirror takes over where the first url fails, for the
// index as for the bytes.
TEST(Mirror, ServesWhatItsOriginDoesNot) {
  if (!can_mount()) {
    GTEST_SKIP() << "/dev/fuse is missing";
  }
  const auto atlas = composed_atlas();
  Origin mirror;
  serve(atlas, mirror);
  Origin dead;
  Fault refused;
  refused.kind = FaultKind::kCloseUnanswered;
  dead.fail(refused);
  MountProcess mount(dead.url("/"), R"(, "mirrors": {")" + dead.url("/") +
                                        R"(": [")" + mirror.url("/") +
                                        R"("]})");
  ASSERT_TRUE(mount.start());
  const ComposedFile& file = atlas[0].files[3];
  std::ifstream mounted(mount.root() / file.relative_path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(mounted), {});
  EXPECT_TRUE(bytes == file.bytes);
  EXPECT_FALSE(dead.log().empty());
}

class MountCommand : public MountedAtlas {
 protected:
  [[nodiscard]] ChildOutcome run(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {
        OMICSFS_PROGRAM, "--config",
        (mount_.directory() / "config.json").string()};
    all.insert(all.end(), words.begin(), words.end());
    const auto outcome = run_program(all);
    EXPECT_TRUE(outcome);
    return outcome ? *outcome : ChildOutcome{};
  }
};

TEST_F(MountCommand, InTheBackgroundReturnsWhenTheMountAnswers) {
  const std::string second = (mount_.directory() / "second").string();
  std::filesystem::create_directory(second);
  ASSERT_EQ(run({"mount", "abc-atlas", second}).exit_status, 0);
  std::string bytes;
  EXPECT_EQ(read_file(second + "/" + small().relative_path(), bytes), 0);
  EXPECT_TRUE(bytes == small().bytes);
  EXPECT_EQ(run({"umount", second}).exit_status, 0);
  EXPECT_TRUE(std::filesystem::is_empty(second));
}

TEST_F(MountCommand, ThatFailsSaysWhy) {
  const auto absent = run({"mount", "abc-atlas", "/no/such/directory"});
  EXPECT_EQ(absent.exit_status, 1);
  EXPECT_NE(absent.error_output.find("/no/such/directory"), std::string::npos);
  const auto twice = run({"mount", "abc-atlas", at("")});
  EXPECT_EQ(twice.exit_status, 1);
  EXPECT_NE(twice.error_output.find("already"), std::string::npos);
  EXPECT_EQ(run({"mount", "nothing", "/tmp"}).exit_status, 2);
}

TEST_F(MountCommand, WithoutANetworkForItsFirstRefreshSaysWhatFailed) {
  const std::string config = (mount_.directory() / "other.json").string();
  std::ofstream(config) << R"({"state_dir": ")"
                        << (mount_.directory() / "other").string()
                        << R"(", "network": {"retries": 0}, "sources": )"
                        << R"({"abc-atlas": {"base_url": ")"
                        << origin_.url("/nowhere/") << R"("}}})";
  const std::string second = (mount_.directory() / "second").string();
  std::filesystem::create_directory(second);
  const auto outcome = run_program(
      {OMICSFS_PROGRAM, "--config", config, "mount", "abc-atlas", second});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_status, 1);
  EXPECT_NE(outcome->error_output.find("nowhere"), std::string::npos)
      << outcome->error_output;
  EXPECT_TRUE(std::filesystem::is_empty(second));
}

TEST_F(MountCommand, UmountOfABusyMountSaysSoAndLeavesIt) {
  const UniqueFd held(::open(at("README.txt").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(held.valid());
  const auto outcome = run({"umount", at("")});
  EXPECT_EQ(outcome.exit_status, 1);
  EXPECT_NE(outcome.error_output.find("use"), std::string::npos)
      << outcome.error_output;
  EXPECT_TRUE(std::filesystem::exists(at("README.txt")));
}

}  // namespace
}  // namespace omicsfs

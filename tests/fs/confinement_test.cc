// SPDX-License-Identifier: MIT
#include "fs/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>
#include <vector>

#include "catalog/unique_fd.h"
#include "tests/fetch/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

TEST(WriteRights, GrowWithTheVersionAndNeverForbidToRead) {
  EXPECT_EQ(write_rights(0), 0U);
  EXPECT_EQ(std::popcount(write_rights(1)), 10);
  for (int abi = 1; abi <= 9; ++abi) {
    const std::uint64_t rights = write_rights(abi);
    EXPECT_EQ(rights & write_rights(abi - 1), write_rights(abi - 1));
    EXPECT_EQ(
        rights & (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                  LANDLOCK_ACCESS_FS_EXECUTE),
        0U);
  }
  EXPECT_EQ(write_rights(2), write_rights(1) | LANDLOCK_ACCESS_FS_REFER);
  EXPECT_EQ(write_rights(3), write_rights(2) | 1U << 14);
  EXPECT_EQ(write_rights(9), write_rights(3));
}

// What a call gave: its errno, 0 where it was done.
int outcome(int status) { return status < 0 ? errno : 0; }

int open_to(const stdfs::path& path, int flags) {
  const UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  return file.valid() ? 0 : errno;
}

int bind_at(const stdfs::path& path) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return outcome(::bind(socket.get(),
                        reinterpret_cast<const sockaddr*>(&address),
                        sizeof address));
}

// One way to change something in a directory that has a file "file", with
// bytes, and an empty directory "empty".
struct Change {
  const char* name;
  int (*make)(const stdfs::path& directory);
};

const Change kChanges[] = {
    {"write",
     [](const stdfs::path& in) { return open_to(in / "file", O_WRONLY); }},
    {"append",
     [](const stdfs::path& in) {
       return open_to(in / "file", O_WRONLY | O_APPEND);
     }},
    {"cut on opening",
     [](const stdfs::path& in) {
       return open_to(in / "file", O_WRONLY | O_TRUNC);
     }},
    {"cut",
     [](const stdfs::path& in) {
       return outcome(::truncate((in / "file").c_str(), 1));
     }},
    {"make a file",
     [](const stdfs::path& in) {
       return open_to(in / "new", O_WRONLY | O_CREAT | O_EXCL);
     }},
    {"make a directory",
     [](const stdfs::path& in) {
       return outcome(::mkdir((in / "new").c_str(), 0700));
     }},
    {"make a pipe",
     [](const stdfs::path& in) {
       return outcome(::mkfifo((in / "new").c_str(), 0600));
     }},
    {"make a socket",
     [](const stdfs::path& in) { return bind_at(in / "new"); }},
    {"make a symbolic link",
     [](const stdfs::path& in) {
       return outcome(::symlink("file", (in / "new").c_str()));
     }},
    {"make a hard link",
     [](const stdfs::path& in) {
       return outcome(::link((in / "file").c_str(), (in / "new").c_str()));
     }},
    {"rename",
     [](const stdfs::path& in) {
       return outcome(::rename((in / "file").c_str(), (in / "new").c_str()));
     }},
    {"remove",
     [](const stdfs::path& in) {
       return outcome(::unlink((in / "file").c_str()));
     }},
    {"remove a directory",
     [](const stdfs::path& in) {
       return outcome(::rmdir((in / "empty").c_str()));
     }},
};

class Confinement : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto abi = landlock_abi(); !abi || *abi < 3) {
      GTEST_SKIP() << "this kernel offers no Landlock that is told of cuts";
    }
    fill(inside_);
    fill(also_inside_);
    fill(outside_);
  }

  static void fill(const stdfs::path& directory) {
    stdfs::remove_all(directory);
    stdfs::create_directories(directory / "empty");
    std::ofstream(directory / "file") << "bytes";
  }

  // What `attempt` gives in a process that is confined to the two directories.
  [[nodiscard]] int confined(const std::function<int()>& attempt) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::vector<stdfs::path> writable = {
          inside_, work_.path() / "missing", also_inside_};
      ::_exit(confine_writes(writable) ? attempt() : 255);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }

  TemporaryDirectory work_;
  const stdfs::path inside_ = work_.path() / "inside";
  const stdfs::path also_inside_ = work_.path() / "also";
  const stdfs::path outside_ = work_.path() / "outside";
};

TEST_F(Confinement, LeavesEveryChangeInsideAndNoneOutside) {
  for (const Change& change : kChanges) {
    for (const stdfs::path& below : {inside_, also_inside_}) {
      EXPECT_EQ(confined([&] { return change.make(below); }), 0) << change.name;
      fill(below);
    }
    EXPECT_EQ(confined([&] { return change.make(outside_); }), EACCES)
        << change.name;
  }
}

TEST_F(Confinement, NothingIsMovedOrLinkedOutOrIn) {
  const auto move = [](const stdfs::path& from, const stdfs::path& to) {
    return outcome(::rename((from / "file").c_str(), (to / "new").c_str()));
  };
  EXPECT_EQ(confined([&] { return move(inside_, also_inside_); }), 0);
  fill(inside_);
  EXPECT_NE(confined([&] { return move(inside_, outside_); }), 0);
  EXPECT_NE(confined([&] { return move(outside_, inside_); }), 0);
  EXPECT_NE(confined([&] {
              return outcome(::link((outside_ / "file").c_str(),
                                    (inside_ / "other").c_str()));
            }),
            0);
  EXPECT_FALSE(stdfs::exists(outside_ / "new"));
  EXPECT_TRUE(stdfs::exists(outside_ / "file"));
}

TEST_F(Confinement, ALinkInsideLeadsToNothingOutside) {
  stdfs::create_directory_symlink(outside_, inside_ / "way out");
  stdfs::create_symlink(outside_ / "file", inside_ / "way in");
  EXPECT_EQ(confined([&] {
              return open_to(inside_ / "way out" / "new", O_WRONLY | O_CREAT);
            }),
            EACCES);
  EXPECT_EQ(confined([&] { return open_to(inside_ / "way in", O_WRONLY); }),
            EACCES);
}

TEST_F(Confinement, ReadingIsAsBeforeAndSoIsWhatIsOpen) {
  EXPECT_EQ(confined([&] { return open_to(outside_ / "file", O_RDONLY); }), 0);
  EXPECT_EQ(confined([&] { return open_to(outside_, O_RDONLY | O_DIRECTORY); }),
            0);
  const UniqueFd open(
      ::open((outside_ / "file").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(confined([&] {
              return outcome(static_cast<int>(::write(open.get(), "B", 1)));
            }),
            0);
  std::ifstream written(outside_ / "file");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "Bytes");
}

TEST_F(Confinement, BindsTheThreadsAndProcessesThatAreStartedAfterwards) {
  const auto write_outside = [&] {
    return open_to(outside_ / "file", O_WRONLY);
  };
  EXPECT_EQ(confined([&] {
              int found = 0;
              std::thread([&] { found = write_outside(); }).join();
              return found;
            }),
            EACCES);
  EXPECT_EQ(confined([&] {
              const pid_t child = ::fork();
              if (child == 0) {
                ::_exit(write_outside());
              }
              int status = 0;
              ::waitpid(child, &status, 0);
              return WEXITSTATUS(status);
            }),
            EACCES);
}

TEST_F(Confinement, ForbidsToMountAndToUnmount) {
  const SmallDisk disk(inside_);
  if (!disk.mounted()) {
    GTEST_SKIP() << "only root may make a small disk";
  }
  EXPECT_EQ(
      confined([&] { return outcome(::umount2(inside_.c_str(), MNT_DETACH)); }),
      EPERM);
  EXPECT_EQ(confined([&] {
              return outcome(
                  ::mount("tmpfs", also_inside_.c_str(), "tmpfs", 0, nullptr));
            }),
            EPERM);
}

}  // namespace
}  // namespace omicsfs

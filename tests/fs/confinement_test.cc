// SPDX-License-Identifier: MIT
#include "fs/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

int make_socket(const stdfs::path& path) {
  return outcome(::mknod(path.c_str(), S_IFSOCK | 0600, 0));
}

int connect_by(int socket, const stdfs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  return outcome(::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                           sizeof address));
}

int connect_to(const stdfs::path& path) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) {
    return errno;
  }
  return connect_by(socket.get(), path);
}

// What `call` gives of the file, opened to be read.
int with_file(const stdfs::path& in, int (*call)(int fd)) {
  const UniqueFd file(::open((in / "file").c_str(), O_RDONLY | O_CLOEXEC));
  return file.valid() ? outcome(call(file.get())) : 254;
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
     [](const stdfs::path& in) { return make_socket(in / "new"); }},
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

// Calls that Landlock does not guard. Each would be done without confinement,
// at least by root.
const Change kForbidden[] = {
    {"chmod",
     [](const stdfs::path& in) {
       return outcome(::chmod((in / "file").c_str(), 0640));
     }},
    {"fchmod",
     [](const stdfs::path& in) {
       return with_file(in, [](int fd) { return ::fchmod(fd, 0640); });
     }},
    {"fchmodat",
     [](const stdfs::path& in) {
       return outcome(::fchmodat(AT_FDCWD, (in / "file").c_str(), 0640, 0));
     }},
    {"fchmodat2",
     [](const stdfs::path& in) {
       return outcome(static_cast<int>(
           ::syscall(452, AT_FDCWD, (in / "file").c_str(), 0640, 0)));
     }},
    {"chown",
     [](const stdfs::path& in) {
       return outcome(::chown((in / "file").c_str(), ::getuid(), ::getgid()));
     }},
    {"lchown",
     [](const stdfs::path& in) {
       return outcome(::lchown((in / "file").c_str(), ::getuid(), ::getgid()));
     }},
    {"fchown",
     [](const stdfs::path& in) {
       return with_file(
           in, [](int fd) { return ::fchown(fd, ::getuid(), ::getgid()); });
     }},
    {"fchownat",
     [](const stdfs::path& in) {
       return outcome(::fchownat(AT_FDCWD, (in / "file").c_str(), ::getuid(),
                                 ::getgid(), 0));
     }},
    {"utimensat",
     [](const stdfs::path& in) {
       return outcome(::utimensat(AT_FDCWD, (in / "file").c_str(), nullptr, 0));
     }},
    {"futimens",
     [](const stdfs::path& in) {
       return with_file(in, [](int fd) { return ::futimens(fd, nullptr); });
     }},
    {"utimes",
     [](const stdfs::path& in) {
       return outcome(::utimes((in / "file").c_str(), nullptr));
     }},
#ifdef SYS_futimesat
    {"futimesat",
     [](const stdfs::path& in) {
       return outcome(static_cast<int>(
           ::syscall(SYS_futimesat, AT_FDCWD, (in / "file").c_str(), nullptr)));
     }},
    {"utime",
     [](const stdfs::path& in) {
       return outcome(static_cast<int>(
           ::syscall(SYS_utime, (in / "file").c_str(), nullptr)));
     }},
#endif
    {"setxattr",
     [](const stdfs::path& in) {
       return outcome(
           ::setxattr((in / "file").c_str(), "user.other", "v", 1, 0));
     }},
    {"lsetxattr",
     [](const stdfs::path& in) {
       return outcome(
           ::lsetxattr((in / "file").c_str(), "user.other", "v", 1, 0));
     }},
    {"fsetxattr",
     [](const stdfs::path& in) {
       return with_file(
           in, [](int fd) { return ::fsetxattr(fd, "user.other", "v", 1, 0); });
     }},
    {"removexattr",
     [](const stdfs::path& in) {
       return outcome(::removexattr((in / "file").c_str(), "user.one"));
     }},
    {"lremovexattr",
     [](const stdfs::path& in) {
       return outcome(::lremovexattr((in / "file").c_str(), "user.one"));
     }},
    {"fremovexattr",
     [](const stdfs::path& in) {
       return with_file(in,
                        [](int fd) { return ::fremovexattr(fd, "user.one"); });
     }},
    {"flags of a file",
     [](const stdfs::path& in) {
       return with_file(in, [](int fd) {
         int flags = 0x80;  // FS_NOATIME_FL
         return ::ioctl(fd, FS_IOC_SETFLAGS, &flags);
       });
     }},
    {"connect to a local service",
     [](const stdfs::path& in) { return connect_to(in / "socket"); }},
    {"a pair of sockets that can be connected elsewhere",
     [](const stdfs::path& /*in*/) {
       std::array<int, 2> ends{};
       return outcome(
           ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()));
     }},
    {"a raw packet socket",
     [](const stdfs::path& /*in*/) {
       return outcome(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
     }},
    {"execve",
     [](const stdfs::path& /*in*/) {
       return outcome(::execl("/bin/true", "true", nullptr));
     }},
    {"mount",
     [](const stdfs::path& in) {
       return outcome(
           ::mount("tmpfs", (in / "empty").c_str(), "tmpfs", 0, nullptr));
     }},
    {"chroot",
     [](const stdfs::path& in) { return outcome(::chroot(in.c_str())); }},
    {"unshare",
     [](const stdfs::path& /*in*/) { return outcome(::unshare(CLONE_NEWNS)); }},
    {"process_vm_writev",
     [](const stdfs::path& /*in*/) {
       int value = 0;
       iovec here{&value, sizeof value};
       return outcome(static_cast<int>(
           ::process_vm_writev(::getppid(), &here, 1, &here, 1, 0)));
     }},
    {"io_uring",
     [](const stdfs::path& /*in*/) {
       return outcome(
           static_cast<int>(::syscall(SYS_io_uring_setup, 1, nullptr)));
     }},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    {"ptrace",
     [](const stdfs::path& /*in*/) {
       return outcome(static_cast<int>(
           ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)));
     }},
#endif
};

class ForbiddenCalls : public Confinement,
                       public ::testing::WithParamInterface<Change> {};

INSTANTIATE_TEST_SUITE_P(, ForbiddenCalls, ::testing::ValuesIn(kForbidden),
                         [](const auto& call) {
                           std::string name = call.param.name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_P(ForbiddenCalls, AreRefusedInsideAndOutside) {
  for (const stdfs::path& directory : {inside_, outside_}) {
    ASSERT_EQ(::setxattr((directory / "file").c_str(), "user.one", "v", 1, 0),
              0);
    struct stat before {};
    struct stat after {};
    ASSERT_EQ(::stat((directory / "file").c_str(), &before), 0);
    EXPECT_EQ(confined([&] { return GetParam().make(directory); }), EPERM);
    ASSERT_EQ(::stat((directory / "file").c_str(), &after), 0);
    EXPECT_EQ(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
    EXPECT_EQ(before.st_ctim.tv_sec, after.st_ctim.tv_sec);
  }
}

TEST_F(Confinement, ASocketThatIsOpenReachesNoLocalService) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(socket.valid());
  EXPECT_EQ(confined([&] { return connect_by(socket.get(), "/nowhere"); }),
            EPERM);
}

// What a mount goes on doing: threads, connections of its own, names.
TEST_F(Confinement, LeavesWhatAMountNeeds) {
  EXPECT_EQ(confined([] {
              std::array<int, 2> ends{};
              return outcome(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
                                          0, ends.data()));
            }),
            0);
  for (const int family : {AF_INET, AF_INET6}) {
    EXPECT_NE(confined([family] {
                return outcome(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
              }),
              EPERM);
  }
  // The C library asks local services first and finds none.
  EXPECT_EQ(confined([] {
              addrinfo* found = nullptr;
              const int status =
                  ::getaddrinfo("localhost", "80", nullptr, &found);
              if (found != nullptr) {
                ::freeaddrinfo(found);
              }
              return status;
            }),
            0);
}

TEST(Capabilities, AreThoseThatAMountNeeds) {
  constexpr std::uint64_t kRead = 1U << CAP_DAC_READ_SEARCH;
  EXPECT_EQ(capabilities_for({}), kRead);
  EXPECT_EQ(capabilities_for({true, false}), kRead | 1U << CAP_SYS_ADMIN);
  EXPECT_EQ(capabilities_for({false, true}), kRead | 1U << CAP_DAC_OVERRIDE);
}

TEST_F(Confinement, DropsThePrivilegesThatAreNotNeeded) {
  const auto kept = [](std::uint64_t asked) {
    // Beyond 8 bits, an exit status has no room: whether it is as it should be.
    if (!keep_capabilities(asked)) {
      return 2;
    }
    std::ifstream status("/proc/self/status");
    std::string word;
    std::uint64_t found = 0;
    while (status >> word) {
      if (word == "CapEff:") {
        status >> std::hex >> found;
        return (found & ~asked) == 0 ? 0 : 1;
      }
    }
    return 3;
  };
  EXPECT_EQ(confined([&] { return kept(0); }), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(kept(capabilities_for({true, true})));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace omicsfs

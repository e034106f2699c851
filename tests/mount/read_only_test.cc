// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

TEST_F(MountedAtlas, EverythingThatWritesIsEROFS) {
  const std::string file = at(small().relative_path());
  const std::string fresh = at("metadata/new");
  const std::vector<std::pair<const char*, std::function<int()>>> calls = {
      {"open for writing", [&] { return ::open(file.c_str(), O_WRONLY); }},
      {"open for both", [&] { return ::open(file.c_str(), O_RDWR); }},
      {"open truncating",
       [&] { return ::open(file.c_str(), O_WRONLY | O_TRUNC); }},
      {"create",
       [&] { return ::open(fresh.c_str(), O_WRONLY | O_CREAT, 0600); }},
      {"mkdir", [&] { return ::mkdir(fresh.c_str(), 0700); }},
      {"mknod", [&] { return ::mknod(fresh.c_str(), S_IFREG | 0600, 0); }},
      {"mkfifo", [&] { return ::mkfifo(fresh.c_str(), 0600); }},
      {"symlink", [&] { return ::symlink("x", fresh.c_str()); }},
      {"link", [&] { return ::link(file.c_str(), fresh.c_str()); }},
      {"unlink", [&] { return ::unlink(file.c_str()); }},
      {"rmdir", [&] { return ::rmdir(at("metadata").c_str()); }},
      {"rename", [&] { return ::rename(file.c_str(), fresh.c_str()); }},
      {"chmod", [&] { return ::chmod(file.c_str(), 0600); }},
      {"chown", [&] { return ::lchown(file.c_str(), 1, 1); }},
      {"truncate", [&] { return ::truncate(file.c_str(), 0); }},
      {"utimensat",
       [&] { return ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0); }},
      {"setxattr",
       [&] { return ::setxattr(file.c_str(), "user.a", "b", 1, 0); }},
      {"removexattr",
       [&] { return ::removexattr(file.c_str(), "user.omicsfs.url"); }},
      {"access", [&] { return ::access(file.c_str(), W_OK); }},
      {"access of the root", [&] { return ::access(at("").c_str(), W_OK); }},
  };
  for (const auto& [name, call] : calls) {
    errno = 0;
    EXPECT_EQ(call(), -1) << name;
    EXPECT_EQ(errno, EROFS) << name;
  }
  EXPECT_EQ(::access(file.c_str(), R_OK), 0);
}

TEST_F(MountedAtlas, OnlyUserAttributesAreSupported) {
  const std::string file = at(small().relative_path());
  EXPECT_GT(::getxattr(file.c_str(), "user.omicsfs.url", nullptr, 0), 0);
  EXPECT_EQ(::getxattr(file.c_str(), "user.nothing", nullptr, 0), -1);
  EXPECT_EQ(errno, ENODATA);
  // What ls -l asks for: it stops asking where that is not supported.
  for (const char* name : {"system.posix_acl_access", "security.selinux",
                           "security.capability", "trusted.a"}) {
    EXPECT_EQ(::getxattr(file.c_str(), name, nullptr, 0), -1) << name;
    EXPECT_EQ(errno, EOPNOTSUPP) << name;
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "tests/fs/mount_driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "catalog/unique_fd.h"
#include "tests/support/mount_process.h"

namespace omicsfs {
namespace {

class MountDriver final : public Driver {
 public:
  MountDriver() {
    serve(composed_atlas(), origin_);
    mount_.start();
    origin_.clear_log();
  }

  Origin& origin() override { return origin_; }

  Answer<struct stat> stat(const std::string& path) override {
    struct stat facts {};
    if (::lstat(at(path).c_str(), &facts) != 0) {
      return {{}, errno};
    }
    return {facts, 0};
  }

  Answer<std::vector<std::string>> names(const std::string& path) override {
    DIR* directory = ::opendir(at(path).c_str());
    if (directory == nullptr) {
      return {{}, errno};
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory)) {
      names.emplace_back(entry->d_name);
    }
    ::closedir(directory);
    return {names, 0};
  }

  Answer<std::string> read(const std::string& path, std::uint64_t offset,
                           std::size_t length) override {
    const UniqueFd file(::open(at(path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      return {{}, errno};
    }
    std::string bytes(length, '\0');
    const ssize_t got =
        ::pread(file.get(), bytes.data(), length, static_cast<off_t>(offset));
    if (got < 0) {
      return {{}, errno};
    }
    bytes.resize(static_cast<std::size_t>(got));
    return {bytes, 0};
  }

  Answer<std::string> link_target(const std::string& path) override {
    std::array<char, 4096> target{};
    const ssize_t length =
        ::readlink(at(path).c_str(), target.data(), target.size());
    if (length < 0) {
      return {{}, errno};
    }
    return {std::string(target.data(), static_cast<std::size_t>(length)), 0};
  }

  Answer<std::string> xattr(const std::string& path,
                            const std::string& name) override {
    std::array<char, 4096> value{};
    const ssize_t length =
        ::lgetxattr(at(path).c_str(), name.c_str(), value.data(), value.size());
    if (length < 0) {
      return {{}, errno};
    }
    return {std::string(value.data(), static_cast<std::size_t>(length)), 0};
  }

  Answer<std::vector<std::string>> xattrs(const std::string& path) override {
    std::array<char, 4096> list{};
    const ssize_t length =
        ::llistxattr(at(path).c_str(), list.data(), list.size());
    if (length < 0) {
      return {{}, errno};
    }
    std::vector<std::string> names;
    for (const char* name = list.data(); name < list.data() + length;
         name += names.back().size() + 1) {
      names.emplace_back(name);
    }
    return {names, 0};
  }

 private:
  [[nodiscard]] std::string at(const std::string& path) const {
    return (mount_.root() / path).string();
  }

  Origin origin_;
  MountProcess mount_{origin_.url("/"), ""};
};

}  // namespace

std::unique_ptr<Driver> make_mount_driver() {
  return std::make_unique<MountDriver>();
}

}  // namespace omicsfs

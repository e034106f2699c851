// SPDX-License-Identifier: MIT
#include "tests/fs/core_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "catalog/entry_name.h"
#include "catalog/source.h"
#include "fetch/curl_transport.h"
#include "fs/errno_of.h"
#include "fs/file_system.h"
#include "fs/refresh.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

int errno_from(const Error& error) { return errno_of(error.code); }

class CoreDriver final : public Driver {
 public:
  CoreDriver() : fetcher_(*transport_, mirrors_, {2}, counters_, 1) {
    serve(composed_atlas(), origin_);
    Settings settings;
    settings.state_dir = dir_.path() / "state";
    settings.sources["abc-atlas"].base_url = origin_.url("/");
    const auto refreshed =
        refresh(**find_source("abc-atlas"), settings,
                {[](std::string_view, std::uint64_t, std::uint64_t) {},
                 [](const std::string&) {},
                 {}});
    EXPECT_TRUE(refreshed) << refreshed.error().message;
    auto snapshot =
        Snapshot::open(*current_snapshot(settings.state_dir, "abc-atlas"));
    EXPECT_TRUE(snapshot) << snapshot.error().message;
    files_ = std::make_unique<FileSystem>(
        std::vector<MountedSource>{{"abc-atlas", *std::move(snapshot)}}, cache_,
        Owner{});
    origin_.clear_log();
  }
  ~CoreDriver() override { transport_.reset(); }
  CoreDriver(const CoreDriver&) = delete;
  CoreDriver& operator=(const CoreDriver&) = delete;

  Origin& origin() override { return origin_; }

  Answer<struct stat> stat(const std::string& path) override {
    struct stat at {};
    const auto root = files_->attributes(kRootInode);
    if (!root) {
      return {{}, errno_from(root.error())};
    }
    at = *root;
    std::string rest = path;
    while (!rest.empty()) {
      const std::size_t slash = rest.find('/');
      const auto next = files_->lookup(at.st_ino, rest.substr(0, slash));
      if (!next) {
        return {{}, errno_from(next.error())};
      }
      at = *next;
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    }
    return {at, 0};
  }

  Answer<std::vector<std::string>> names(const std::string& path) override {
    const auto directory = stat(path);
    if (directory.error != 0) {
      return {{}, directory.error};
    }
    std::vector<std::string> names;
    std::uint64_t cookie = 0;
    for (;;) {
      // A page of three, so that paging takes part in every test.
      const auto page = files_->list(directory.value.st_ino, cookie, 3);
      if (!page) {
        return {{}, errno_from(page.error())};
      }
      if (page->empty()) {
        return {names, 0};
      }
      for (const ListedEntry& entry : *page) {
        names.push_back(entry.name);
        cookie = entry.cookie;
      }
    }
  }

  Answer<std::string> read(const std::string& path, std::uint64_t offset,
                           std::size_t length) override {
    const auto file = stat(path);
    if (file.error != 0) {
      return {{}, file.error};
    }
    const auto opened = files_->open(file.value.st_ino);
    if (!opened) {
      return {{}, errno_from(opened.error())};
    }
    std::string bytes(length, '\0');
    const auto read = FileSystem::read(
        opened->handle, offset, std::as_writable_bytes(std::span(bytes)),
        {std::chrono::steady_clock::now() + std::chrono::minutes(4), {}});
    files_->release(opened->handle);
    if (!read) {
      return {{}, errno_from(read.error())};
    }
    bytes.resize(*read);
    return {bytes, 0};
  }

  Answer<std::string> link_target(const std::string& path) override {
    const auto target = files_->link_target(stat(path).value.st_ino);
    return target ? Answer<std::string>{*target, 0}
                  : Answer<std::string>{{}, errno_from(target.error())};
  }

  Answer<std::string> xattr(const std::string& path,
                            const std::string& name) override {
    const auto value = files_->xattr(stat(path).value.st_ino, name);
    if (!value) {
      const bool absent = value.error().code == ErrorCode::kNotFound;
      return {{}, absent ? ENODATA : errno_from(value.error())};
    }
    return {*value, 0};
  }

  Answer<std::vector<std::string>> xattrs(const std::string& path) override {
    const auto names = files_->xattr_names(stat(path).value.st_ino);
    return names ? Answer<std::vector<std::string>>{*names, 0}
                 : Answer<std::vector<std::string>>{{},
                                                    errno_from(names.error())};
  }

 private:
  TemporaryDirectory dir_;
  Origin origin_;
  Counters counters_;
  Mirrors mirrors_;
  std::unique_ptr<CurlTransport> transport_ =
      std::make_unique<CurlTransport>(TransportOptions{});
  RangeFetcher fetcher_;
  BlockCache cache_{dir_.path() / "cache",
                    {std::uint64_t{1} << 40, 0},
                    {fetcher_},
                    counters_,
                    nullptr};
  std::unique_ptr<FileSystem> files_;
};

}  // namespace

std::unique_ptr<Driver> make_core_driver() {
  return std::make_unique<CoreDriver>();
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <thread>

#include "catalog/digest.h"
#include "tests/fs/core_driver.h"
#include "tests/fs/driver.h"
#include "tests/fs/mount_driver.h"
#include "tests/support/mount_process.h"

namespace omicsfs {
namespace {

// Whether `condition` comes to hold: for what the file system does in the
// background.
bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

struct DriverKind {
  const char* name;
  std::unique_ptr<Driver> (*make)();
  bool needs_mount;
};

// What anybody may rely on, whichever way they reach the file system.
class Behaviour : public ::testing::TestWithParam<DriverKind> {
 protected:
  void SetUp() override {
    if (GetParam().needs_mount && !can_mount()) {
      GTEST_SKIP() << "/dev/fuse is missing";
    }
    driver_ = GetParam().make();
  }
  Driver& fs() { return *driver_; }

  const std::vector<ComposedRelease> atlas_ = composed_atlas();
  std::unique_ptr<Driver> driver_;
};

INSTANTIATE_TEST_SUITE_P(Core, Behaviour,
                         ::testing::Values(DriverKind{"core", make_core_driver,
                                                      false}),
                         [](const auto& kind) { return kind.param.name; });
INSTANTIATE_TEST_SUITE_P(Mount, Behaviour,
                         ::testing::Values(DriverKind{"mount",
                                                      make_mount_driver, true}),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(Behaviour, TheRootHoldsTheKindsTheReleasesAndNoMore) {
  const auto names = fs().names("");
  EXPECT_EQ(
      std::set<std::string>(names.value.begin(), names.value.end()),
      (std::set<std::string>{".", "..", "README.txt", "_downloaded_data.json",
                             "expression_matrices", "image_volumes", "latest",
                             "metadata", "releases"}));
  EXPECT_EQ(names.value.size(), 9U);
}

TEST_P(Behaviour, EveryFileReadsAsPublishedAtBothItsPaths) {
  for (const ComposedRelease& release : atlas_) {
    for (const ComposedFile& file : release.files) {
      for (const std::string& path :
           {file.relative_path(), file.view_path(release.version)}) {
        const auto read = fs().read(path, 0, file.bytes.size() + 1);
        ASSERT_EQ(read.error, 0) << path;
        ASSERT_TRUE(read.value == file.bytes) << path;
      }
    }
  }
}

TEST_P(Behaviour, AManifestIsByteIdenticalToThePublishedOne) {
  for (const ComposedRelease& release : atlas_) {
    const std::string manifest = release.manifest(fs().origin().url("/"));
    const auto read =
        fs().read("releases/" + release.version + "/manifest.json", 0,
                  manifest.size() + 9);
    EXPECT_EQ(read.value, manifest);
  }
  EXPECT_EQ(fs().read("_downloaded_data.json", 0, 100).value, "[]");
}

TEST_P(Behaviour, AFileAndItsViewsAreOneInode) {
  const ComposedFile& shared = atlas_[0].files[2];  // in both releases
  const auto at_home = fs().stat(shared.relative_path());
  EXPECT_EQ(at_home.value.st_nlink, 3U);
  for (const ComposedRelease& release : atlas_) {
    EXPECT_EQ(fs().stat(shared.view_path(release.version)).value.st_ino,
              at_home.value.st_ino);
  }
}

TEST_P(Behaviour, StatTellsTheExactSizeTheDateAndReadOnlyModes) {
  const ComposedFile& file = atlas_[0].files[4];
  const auto facts = fs().stat(file.relative_path());
  EXPECT_EQ(facts.value.st_size, 70'001);
  EXPECT_EQ(facts.value.st_blocks, 70'001 / 512 + 1);
  EXPECT_EQ(facts.value.st_mode, mode_t{S_IFREG | 0444});
  EXPECT_EQ(facts.value.st_mtime, 1'672'531'200);  // 2023-01-01 00:00 UTC
  const auto directory = fs().stat("metadata");
  EXPECT_EQ(directory.value.st_mode, mode_t{S_IFDIR | 0555});
  EXPECT_EQ(directory.value.st_nlink, 3U);
}

TEST_P(Behaviour, MetadataOperationsSendNoRequest) {
  std::function<void(const std::string&)> walk = [&](const std::string& path) {
    ASSERT_EQ(fs().xattrs(path).error, 0) << path;
    const auto facts = fs().stat(path);
    ASSERT_EQ(facts.error, 0) << path;
    if (S_ISDIR(facts.value.st_mode)) {
      for (const std::string& name : fs().names(path).value) {
        if (name != "." && name != "..") {
          walk(path.empty() ? name : path + "/" + name);
        }
      }
    }
  };
  walk("");
  EXPECT_EQ(fs().stat("no/such").error, ENOENT);
  EXPECT_TRUE(fs().origin().log().empty());
}

TEST_P(Behaviour, LatestNamesTheNewestRelease) {
  EXPECT_EQ(fs().link_target("latest").value, "releases/20240101");
  EXPECT_TRUE(S_ISLNK(fs().stat("latest").value.st_mode));
}

TEST_P(Behaviour, AbsentNamesAreENOENTTwice) {
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(fs().stat("metadata/nothing").error, ENOENT);
    EXPECT_EQ(fs().read("nothing", 0, 1).error, ENOENT);
  }
}

TEST_P(Behaviour, ReadsAtAndPastTheEndAreShortOrEmpty) {
  const ComposedFile& file = atlas_[0].files[4];
  const std::string path = file.relative_path();
  const std::uint64_t size = file.bytes.size();
  EXPECT_EQ(fs().read(path, size - 5, 100).value, file.bytes.substr(size - 5));
  EXPECT_EQ(fs().read(path, size, 100).value, "");
  EXPECT_EQ(fs().read(path, size + 1'000'000, 100).value, "");
}

TEST_P(Behaviour, TwoHundredRandomReadsEqualTheBytesInMemory) {
  const ComposedFile& file = atlas_[0].files[2];
  std::mt19937_64 engine(7);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = engine() % file.bytes.size();
    const std::size_t length = 1 + engine() % 300'000;
    const auto read = fs().read(file.relative_path(), offset, length);
    ASSERT_EQ(read.error, 0);
    ASSERT_TRUE(read.value == file.bytes.substr(offset, length)) << offset;
  }
}

TEST_P(Behaviour, ExtendedAttributesTellWhereAFileComesFrom) {
  const ComposedFile& file = atlas_[0].files[2];
  const std::string path = file.relative_path();
  const auto value = [&](const std::string& name) {
    return fs().xattr(path, "user.omicsfs." + name).value;
  };
  EXPECT_EQ(value("url"), fs().origin().url("/") + path);
  EXPECT_EQ(value("source"), "abc-atlas");
  EXPECT_EQ(value("release"), "20230101 20240101");
  EXPECT_EQ(value("size"), std::to_string(file.bytes.size()));
  EXPECT_EQ(value("digest"),
            to_string(digest_of(DigestKind::kMd5,
                                std::as_bytes(std::span(file.bytes)))));
  EXPECT_EQ(value("cached_bytes"), "0");
  EXPECT_EQ(value("verified"), "no");
  ASSERT_EQ(fs().read(path, 0, file.bytes.size()).error, 0);
  // A large file is stored and checked behind its readers' backs.
  EXPECT_TRUE(comes_true([&] { return value("verified") == "yes"; }));
  EXPECT_EQ(value("cached_bytes"), std::to_string(file.bytes.size()));
  EXPECT_EQ(fs().xattr(path, "user.nothing").error, ENODATA);
  EXPECT_EQ(fs().xattr("metadata", "user.omicsfs.source").value, "abc-atlas");
  EXPECT_EQ(fs().xattrs(path).value.size(), 7U);
}

TEST_P(Behaviour, AnObjectThatIsGoneIsAnErrorAndNotAnEmptyFile) {
  const std::string path = atlas_[0].files[3].relative_path();
  fs().origin().remove("/" + path);
  EXPECT_EQ(fs().read(path, 0, 10).error, EIO);
}

TEST_P(Behaviour, AnObjectThatChangedSizeIsESTALE) {
  const ComposedFile& file = atlas_[0].files[3];
  fs().origin().add("/" + file.relative_path(), file.bytes + "x");
  EXPECT_EQ(fs().read(file.relative_path(), 0, 10).error, ESTALE);
}

// The kernel may hand out what it read before the failure, as a short read.
TEST_P(Behaviour, WrongBytesNeverReadAsAWholeFile) {
  const ComposedFile& file = atlas_[0].files[3];
  std::string wrong = file.bytes;
  wrong[1000] = static_cast<char>(wrong[1000] ^ 4);
  fs().origin().add("/" + file.relative_path(), wrong);
  const auto read = fs().read(file.relative_path(), 0, wrong.size());
  EXPECT_TRUE(read.error == EIO || read.value.size() < wrong.size());
  // Put right, it reads.
  fs().origin().add("/" + file.relative_path(), file.bytes);
  EXPECT_TRUE(fs().read(file.relative_path(), 0, wrong.size()).value ==
              file.bytes);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/faults/faulty_mount.h"
#include "tests/fetch/small_disk.h"
#include "tests/support/environment_variable.h"

// What becomes of reads when the cache's disk fails, or its files are damaged:
// the table in README.md.

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

class CacheFaults : public FaultyMount {
 protected:
  [[nodiscard]] stdfs::path cache() const {
    return mount_.directory() / "cache";
  }
  // Files of the cache whose names end so.
  [[nodiscard]] std::vector<stdfs::path> files(const std::string& end) const {
    std::vector<stdfs::path> found;
    for (const auto& entry : stdfs::recursive_directory_iterator(cache())) {
      if (entry.is_regular_file() &&
          entry.path().filename().string().ends_with(end)) {
        found.push_back(entry.path());
      }
    }
    return found;
  }
  // Caches all of the two files; ends the mount.
  void fill_and_stop() {
    expect_right(small());
    expect_right(large());
    ASSERT_EQ(mount_.stop(), 0);
  }
  void expect_all_right_after_a_start() {
    ASSERT_TRUE(mount_.start());
    expect_right(small());
    expect_right(large());
  }
};

void flip_bits(const stdfs::path& path, std::uint64_t seed, int count) {
  std::mt19937_64 dice(seed);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const std::uint64_t size = stdfs::file_size(path);
  for (int i = 0; i < count && size > 0; ++i) {
    const auto at = static_cast<std::streamoff>(dice() % size);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ (1 << (dice() % 8))));
  }
}

TEST_F(CacheFaults, BitsFlippedInTheDataNeverReachAReader) {
  fill_and_stop();
  for (const auto& path : files(".data")) {
    flip_bits(path, 1, 20);
  }
  expect_all_right_after_a_start();
}

TEST_F(CacheFaults, BitsFlippedInAMapNeverReachAReader) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    fill_and_stop();
    for (const auto& path : files(".map")) {
      flip_bits(path, seed, 1 << (seed % 6));
    }
    expect_all_right_after_a_start();
  }
}

TEST_F(CacheFaults, AMapOfAnotherVersionIsNotRead) {
  fill_and_stop();
  for (const auto& path : files(".map")) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8);  // the version, behind the magic
    file.put(99);
  }
  expect_all_right_after_a_start();
}

TEST_F(CacheFaults, BitsFlippedInTheIndexNeverReachAReader) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    fill_and_stop();
    for (const auto& path : files("index.sqlite")) {
      flip_bits(path, seed, 64);
    }
    expect_all_right_after_a_start();
  }
}

TEST_F(CacheFaults, AnIndexThatIsDeletedIsMadeAnew) {
  fill_and_stop();
  for (const auto& path : files("index.sqlite")) {
    stdfs::remove(path);
  }
  expect_all_right_after_a_start();
}

TEST_F(CacheFaults, FilesCutShortAreFetchedAgain) {
  for (const char* end : {".data", ".map"}) {
    fill_and_stop();
    for (const auto& path : files(end)) {
      stdfs::resize_file(path, stdfs::file_size(path) / 2);
    }
    expect_all_right_after_a_start();
  }
}

TEST_F(CacheFaults, ADirectoryDeletedUnderTheMountIsDoneWithout) {
  expect_right(small());
  ASSERT_TRUE(comes_to_disk(at(small()), small().bytes.size()));
  for (const auto& entry : stdfs::directory_iterator(cache())) {
    stdfs::remove_all(entry.path());
  }
  expect_right(large());
  ASSERT_EQ(mount_.stop(), 0);
  expect_all_right_after_a_start();
}

// Nobody but the next mount may make the directory itself again.
TEST_F(CacheFaults, ATreeDeletedWithItsTopIsDoneWithout) {
  expect_right(small());
  ASSERT_TRUE(comes_to_disk(at(small()), small().bytes.size()));
  stdfs::remove_all(cache());
  expect_right(large());
  ASSERT_EQ(mount_.stop(), 0);
  expect_all_right_after_a_start();
  origin_.clear_log();
  ASSERT_EQ(mount_.stop(), 0);
  expect_all_right_after_a_start();
  EXPECT_TRUE(origin_.log().empty());
}

TEST_F(CacheFaults, AnIndexCutShortUnderTheMountIsMadeAnew) {
  for (const char* file : {"index.sqlite", "index.sqlite-wal"}) {
    expect_right(small());
    for (const auto& path : files(file)) {
      stdfs::resize_file(path, stdfs::file_size(path) / 2);
    }
    expect_right(large());
    expect_right(atlas_[0].files[1]);
    ASSERT_EQ(mount_.stop(), 0);
    expect_all_right_after_a_start();
  }
}

// Half of a file is read, and its cache cut to nothing under it.
TEST_F(CacheFaults, FilesCutShortUnderTheMountAreFetchedAgain) {
  const UniqueFd open(::open(at(large()).c_str(), O_RDONLY | O_CLOEXEC));
  const std::size_t half = large().bytes.size() / 2;
  std::string bytes(half, '\0');
  ASSERT_GT(::pread(open.get(), bytes.data(), half, 0), 0);
  for (const char* end : {".data", ".map"}) {
    for (const auto& path : files(end)) {
      stdfs::resize_file(path, 0);
    }
  }
  ASSERT_EQ(::posix_fadvise(open.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  expect_right(large());
}

TEST_F(CacheFaults, ALimitLoweredBelowWhatIsKeptIsKeptTo) {
  fill_and_stop();
  {
    const EnvironmentVariable limit("OMICSFS_CACHE_LIMIT", "2M");
    expect_all_right_after_a_start();
  }
  ASSERT_EQ(mount_.stop(), 0);
  std::uint64_t bytes = 0;
  for (const auto& path : files(".data")) {
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    bytes += static_cast<std::uint64_t>(facts.st_blocks) * 512;
  }
  EXPECT_LE(bytes, 2'000'000U);
  expect_all_right_after_a_start();
}

// The least that may be set: the cache's own index takes all of it.
TEST_F(CacheFaults, ALimitThatHoldsNothingLeavesReadsUncached) {
  ASSERT_EQ(mount_.stop(), 0);
  const EnvironmentVariable limit("OMICSFS_CACHE_LIMIT", "1M");
  expect_all_right_after_a_start();
}

TEST_F(CacheFaults, TwoMountsOfOneCacheHelpEachOther) {
  MountProcess other(origin_.url("/"), kPatient);
  {
    const EnvironmentVariable shared("OMICSFS_CACHE_DIR", cache().string());
    ASSERT_TRUE(other.start());
  }
  const auto read_there = [&](const ComposedFile& file) {
    std::ifstream mounted(other.root() / file.relative_path(),
                          std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(mounted), {});
  };
  std::thread reader(
      [&] { EXPECT_TRUE(read_there(large()) == large().bytes); });
  expect_right(large());
  reader.join();
  origin_.clear_log();
  expect_right(small());
  ASSERT_TRUE(comes_to_disk(at(small()), small().bytes.size()));
  EXPECT_TRUE(read_there(small()) == small().bytes);
  EXPECT_EQ(origin_.log().size(), 1U) << "the second finds it in the cache";
}

// What the mount shows stays: it has the file open.
TEST_F(CacheFaults, ACatalogDeletedUnderTheMountIsReadOn) {
  stdfs::remove_all(mount_.directory() / "state" / "snapshots");
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this] {
      std::size_t found = 0;
      for (const auto& entry :
           stdfs::recursive_directory_iterator(mount_.root())) {
        found += entry.is_regular_file() ? 1 : 0;
      }
      EXPECT_GT(found, atlas_[0].files.size());
      for (const ComposedFile& file : atlas_[0].files) {
        expect_right(file);
      }
    });
  }
  for (std::thread& reader : readers) {
    reader.join();
  }
  ASSERT_EQ(mount_.stop(), 0);
  expect_all_right_after_a_start();
}

class FullDisk : public CacheFaults {
 protected:
  void prepare() override {
    stdfs::create_directory(cache());
    disk_ = std::make_unique<SmallDisk>(cache());
    if (!disk_->mounted()) {
      GTEST_SKIP() << "only root may make a small disk";
    }
  }
  void TearDown() override {
    if (mount_.pid() > 0) {
      EXPECT_EQ(mount_.stop(), 0) << mount_.log();
    }
  }
  std::unique_ptr<SmallDisk> disk_;
};

TEST_F(FullDisk, FilledUnderTheMountLosesNothing) {
  expect_right(small());
  disk_->fill();
  expect_right(large());
  expect_right(small());
}

TEST_F(FullDisk, FullFromTheStartLosesNothing) {
  ASSERT_EQ(mount_.stop(), 0);
  disk_->fill();
  expect_all_right_after_a_start();
}

class ReadOnlyDisk : public FullDisk {
 protected:
  void prepare() override {
    FullDisk::prepare();
    if (disk_->mounted()) {
      ASSERT_EQ(::mount(nullptr, cache().c_str(), nullptr,
                        MS_REMOUNT | MS_RDONLY, nullptr),
                0);
    }
  }
};

TEST_F(ReadOnlyDisk, TheMountWorksUncachedAndSaysSo) {
  EXPECT_NE(mount_.log().find("nothing is cached"), std::string::npos)
      << mount_.log();
  expect_right(small());
  expect_right(large());
}

class NoDirectory : public CacheFaults {
 protected:
  void prepare() override { std::ofstream(cache()) << "a file"; }
};

TEST_F(NoDirectory, AFileInItsPlaceLeavesTheMountUncached) {
  EXPECT_NE(mount_.log().find("nothing is cached"), std::string::npos)
      << mount_.log();
  expect_right(large());
}

}  // namespace
}  // namespace omicsfs

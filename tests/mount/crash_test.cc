// SPDX-License-Identifier: MIT
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

// Reads what it can until its mount is gone.
void read_until_gone(const std::string& path, unsigned seed) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string buffer(50'000, '\0');
  for (unsigned i = 0; file.valid(); ++i) {
    const auto offset =
        static_cast<off_t>((seed * 7919 + i * 104'729) % 52 * 100'000);
    if (::pread(file.get(), buffer.data(), buffer.size(), offset) < 0) {
      return;
    }
  }
}

TEST_F(MountedAtlas, KilledWhileEightReadersReadItLosesNothingThatWasComplete) {
  std::string complete;
  ASSERT_EQ(read_file(at(small().relative_path()), complete), 0);
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < 8; ++seed) {
    readers.emplace_back(read_until_gone, at(large().relative_path()), seed);
  }
  ASSERT_TRUE(origin_.wait_for_requests(10));
  mount_.kill();
  for (std::thread& reader : readers) {
    reader.join();
  }
  // The dead mount is still there; the next one clears it away.
  ASSERT_TRUE(mount_.start());
  origin_.clear_log();
  std::string bytes;
  ASSERT_EQ(read_file(at(small().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == small().bytes);
  EXPECT_TRUE(origin_.log().empty());
  for (const ComposedFile& file : atlas_[0].files) {
    bytes.clear();
    ASSERT_EQ(read_file(at(file.relative_path()), bytes), 0);
    EXPECT_TRUE(bytes == file.bytes) << file.relative_path();
  }
  EXPECT_LT(bytes_sent(), large().bytes.size() + 800'000);
  origin_.clear_log();
}

TEST_F(MountedAtlas, WhatWasReadBeforeARestartIsReadAgainWithNoRequest) {
  std::string bytes;
  ASSERT_EQ(read_file(at(large().relative_path()), bytes), 0);
  ASSERT_TRUE(comes_to_disk(at(large().relative_path()), bytes.size()));
  mount_.kill();
  ASSERT_TRUE(mount_.start());
  origin_.clear_log();
  bytes.clear();
  ASSERT_EQ(read_file(at(large().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == large().bytes);
  EXPECT_TRUE(origin_.log().empty());
}

TEST_F(MountedAtlas, AByteFlippedInTheCacheNeverReachesAReader) {
  std::string bytes;
  ASSERT_EQ(read_file(at(large().relative_path()), bytes), 0);
  ASSERT_EQ(mount_.stop(), 0);
  unsigned flipped = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           mount_.directory() / "cache")) {
    if (entry.path().extension() == ".data") {
      std::fstream data(entry.path(),
                        std::ios::in | std::ios::out | std::ios::binary);
      data.seekg(1'000'000);
      const int byte = data.get();
      data.seekp(1'000'000);
      data.put(static_cast<char>(byte ^ 8));
      ++flipped;
    }
  }
  ASSERT_EQ(flipped, 1U);
  ASSERT_TRUE(mount_.start());
  origin_.clear_log();
  bytes.clear();
  ASSERT_EQ(read_file(at(large().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == large().bytes);
  const auto log = origin_.log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].range, "bytes=983040-1048575");  // block 15 alone
}

TEST_F(MountedAtlas,
       TwoHundredProcessesReadingOneColdFileRequestEachBlockOnce) {
  const std::string published = (mount_.directory() / "published").string();
  std::ofstream(published, std::ios::binary) << large().bytes;
  std::vector<pid_t> readers;
  for (int i = 0; i < 200; ++i) {
    readers.push_back(spawn({"cmp", at(large().relative_path()), published}));
  }
  for (const pid_t reader : readers) {
    int status = 0;
    ASSERT_EQ(::waitpid(reader, &status, 0), reader);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(bytes_sent(), large().bytes.size());
  std::set<std::string> ranges;
  for (const RequestRecord& record : origin_.log()) {
    EXPECT_TRUE(ranges.insert(record.range).second) << record.range;
  }
}

TEST_F(MountedAtlas, SigtermWithReadsInFlightUnmounts) {
  Fault stall;
  stall.kind = FaultKind::kStallBody;
  stall.glob = "/expression_matrices/*";
  stall.bytes = 1000;
  origin_.fail(stall);
  std::thread reader([this] {
    std::string bytes;
    EXPECT_NE(read_file(at(large().relative_path()), bytes), 0);
  });
  ASSERT_TRUE(origin_.wait_for_requests(1));
  EXPECT_EQ(mount_.stop_by(SIGTERM), 0);
  reader.join();
  origin_.release();
  EXPECT_FALSE(std::filesystem::exists(at("README.txt")));
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <sys/xattr.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>
#include <vector>

#include "tests/faults/faulty_mount.h"
#include "tests/support/environment_variable.h"
#include "tests/support/faulty_disk.h"

// What becomes of reads when the cache's disk refuses its service, as a quota
// or a dying drive does: the table in README.md.

namespace omicsfs {
namespace {

class DiskFaults : public FaultyMount {
 protected:
  void prepare() override {
    std::filesystem::create_directory(mount_.directory() / "cache");
    disk_ = std::make_unique<FaultyDisk>(mount_.directory() / "cache");
    ASSERT_TRUE(disk_->mounted());
  }
  void TearDown() override {
    if (mount_.pid() > 0) {
      EXPECT_EQ(mount_.stop(), 0) << mount_.log();
    }
  }
  void restart() {
    ASSERT_EQ(mount_.stop(), 0);
    ASSERT_TRUE(mount_.start());
  }
  // Has the next read of the file come to the mount's process, or to the
  // cache's disk.
  void drop_pages(const ComposedFile& file) const {
    const UniqueFd open(::open(at(file).c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::posix_fadvise(open.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  void expect_right_anew(const ComposedFile& file) const {
    drop_pages(file);
    expect_right(file);
  }
  void expect_right_on_disk(const ComposedFile& file) const {
    expect_right(file);
    EXPECT_TRUE(comes_to_disk(at(file), file.bytes.size()));
  }
  // Whether all of it comes from the cache.
  void expect_kept(const ComposedFile& file) {
    EXPECT_TRUE(comes_to_disk(at(file), file.bytes.size()));
    origin_.clear_log();
    expect_right_anew(file);
    EXPECT_TRUE(origin_.log().empty());
  }
  // Reads the file until all of it comes from the cache. On a disk that was
  // full, the cache first makes room, if need be of what was just read.
  void expect_kept_in_the_end(const ComposedFile& file) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    do {
      expect_right_anew(file);
    } while (!is_on_disk(at(file), file.bytes.size()) &&
             std::chrono::steady_clock::now() < end);
    expect_kept(file);
  }
  // The file's bytes, or an error and before it none that is not the file's.
  void expect_right_or_eio(const ComposedFile& file) const {
    drop_pages(file);
    const Outcome outcome = read(file);
    if (outcome.error == 0) {
      EXPECT_TRUE(outcome.bytes == file.bytes);
    } else {
      EXPECT_EQ(outcome.error, EIO);
      EXPECT_TRUE(file.bytes.starts_with(outcome.bytes));
    }
  }
  [[nodiscard]] bool comes_to_log(const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    while (mount_.log().find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  std::unique_ptr<FaultyDisk> disk_;
};

struct Refusal {
  const char* name;
  int error;
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.name;
}

class Writes : public DiskFaults,
               public ::testing::WithParamInterface<Refusal> {};

TEST_P(Writes, ThatFailUnderTheMountLeaveReadsRightAndAreToldOf) {
  expect_right_on_disk(small());
  disk_->fail("write", GetParam().error);
  expect_right(large());
  expect_right_anew(large());
  expect_kept(small());
  EXPECT_TRUE(comes_to_log("is not kept for now")) << mount_.log();
  disk_->mend();
  expect_kept_in_the_end(large());
  restart();
  expect_kept(large());
}

TEST_P(Writes, ThatFailInTheMidstOfAFileLeaveItRight) {
  const std::size_t half = large().bytes.size() / 2;
  const UniqueFd open(::open(at(large()).c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(half, '\0');
  ASSERT_GT(::pread(open.get(), bytes.data(), half, 0), 0);
  disk_->fail("write", GetParam().error);
  expect_right_anew(large());
  disk_->mend();
  expect_kept_in_the_end(large());
}

TEST_P(Writes, ThatFailFromTheStartLeaveReadsRight) {
  ASSERT_EQ(mount_.stop(), 0);
  disk_->fail("write", GetParam().error);
  ASSERT_TRUE(mount_.start());
  expect_right(small());
  expect_right(large());
  disk_->mend();
  restart();
  expect_right(large());
  expect_kept(large());
}

INSTANTIATE_TEST_SUITE_P(
    , Writes,
    ::testing::Values(Refusal{"EDQUOT", EDQUOT}, Refusal{"ENOSPC", ENOSPC},
                      Refusal{"EIO", EIO}, Refusal{"EROFS", EROFS}),
    [](const auto& refusal) { return std::string(refusal.param.name); });

// What may wait for the disk is less than a file.
class SlowDisk : public DiskFaults {
 protected:
  const EnvironmentVariable memory_{"OMICSFS_NETWORK_MEMORY", "1M"};
};

// Not by a small file's digest either. A write takes far longer than a read
// may, which any machine can do in that time.
TEST_F(SlowDisk, NoReadWaitsForIt) {
  const EnvironmentVariable soon("OMICSFS_NETWORK_TIMEOUT_S", "120");
  ASSERT_EQ(mount_.stop(), 0);
  ASSERT_TRUE(mount_.start());
  disk_->slow_down(std::chrono::minutes(30));
  expect_right(large());
  expect_right(small());
  disk_->mend();
}

class Reads : public DiskFaults {
 protected:
  // The kernel does not read the cache's files past us.
  const EnvironmentVariable by_us_{"OMICSFS_PASSTHROUGH", "false"};
};

TEST_F(Reads, ThatFailAreMadeOfTheServerInstead) {
  expect_right(small());
  expect_right(large());
  restart();  // so that no bytes are left in memory
  expect_kept(small());
  expect_kept(large());
  disk_->fail("read", EIO);
  origin_.clear_log();
  expect_right_anew(small());
  expect_right_anew(large());
  EXPECT_FALSE(origin_.log().empty());
  disk_->mend();
  expect_right_anew(large());
  expect_kept(large());
}

TEST_F(Reads, ThatFailFromTheStartAreMadeOfTheServerInstead) {
  expect_right(small());
  expect_right(large());
  ASSERT_EQ(mount_.stop(), 0);
  disk_->fail("read", EIO);
  ASSERT_TRUE(mount_.start());
  expect_right(small());
  expect_right(large());
  disk_->mend();
  restart();
  expect_right(large());
  expect_kept(large());
}

class PassedReads : public DiskFaults {};

// Where the kernel reads the cache's disk past us, what it meets there is what
// the reader gets.
TEST_F(PassedReads, ThatFailAreErrorsAtWorst) {
  expect_right(small());
  expect_right(large());
  restart();
  disk_->fail("read", EIO);
  expect_right_or_eio(small());
  expect_right_or_eio(large());
  disk_->mend();
  expect_right_anew(small());
  expect_right_anew(large());
}

class Syncs : public DiskFaults {};

TEST_F(Syncs, ThatFailKeepNothingFromBeingRead) {
  disk_->fail("sync", EIO);
  expect_right(small());
  expect_right(large());
  restart();
  expect_kept(large());
  disk_->mend();
  restart();
  expect_kept(large());
}

class DeadDisk : public DiskFaults {};

TEST_F(DeadDisk, UnderManyReadersGivesRightBytesOrErrorsAndRecovers) {
  expect_right(small());
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<void>> readers;
    for (int i = 0; i < 4; ++i) {
      readers.push_back(std::async(std::launch::async, [this] {
        for (const ComposedFile& file : atlas_[0].files) {
          expect_right_or_eio(file);
        }
      }));
    }
    for (const char* operation : {"read", "write", "sync"}) {
      disk_->fail(operation, EIO);
    }
    for (auto& reader : readers) {
      reader.get();
    }
    disk_->mend();
    for (const ComposedFile& file : atlas_[0].files) {
      expect_right_anew(file);
    }
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <random>
#include <thread>
#include <vector>

#include "tests/faults/faulty_mount.h"

// What becomes of reads when the server's process is stopped, starved or
// killed: the table in README.md.

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

class ProcessFaults : public FaultyMount {
 protected:
  void limit(__rlimit_resource what, rlim_t value) const {
    rlimit now{};
    ASSERT_EQ(::prlimit(mount_.pid(), what, nullptr, &now), 0);
    now.rlim_cur = value;
    ASSERT_EQ(::prlimit(mount_.pid(), what, &now, nullptr), 0);
  }
  [[nodiscard]] rlim_t open_files() const {
    const auto listing = std::filesystem::directory_iterator(
        "/proc/" + std::to_string(mount_.pid()) + "/fd");
    return static_cast<rlim_t>(std::distance(begin(listing), end(listing)));
  }
};

TEST_F(ProcessFaults, StoppedForAWhileItGoesOn) {
  ASSERT_EQ(::kill(mount_.pid(), SIGSTOP), 0);
  auto reading =
      std::async(std::launch::async, [this] { return read(large()); });
  EXPECT_EQ(reading.wait_for(milliseconds(1500)), std::future_status::timeout);
  ASSERT_EQ(::kill(mount_.pid(), SIGCONT), 0);
  const Outcome outcome = reading.get();
  EXPECT_EQ(outcome.error, 0);
  EXPECT_TRUE(outcome.bytes == large().bytes);
}

// No socket, no cache file: reads fail, and are right again when there are.
TEST_F(ProcessFaults, OutOfFileDescriptorsFailsClearlyAndRecovers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's checks of objects need a pipe";
#endif
  limit(RLIMIT_NOFILE, open_files());
  const Outcome starved = read(large());
  EXPECT_TRUE(large().bytes.starts_with(starved.bytes));
  if (starved.error == 0) {
    EXPECT_EQ(starved.bytes.size(), large().bytes.size());
  }
  limit(RLIMIT_NOFILE, 1024);
  expect_right(small());
  expect_right(large());
}

TEST_F(ProcessFaults, ALimitOnTheSizeOfFilesIsLikeAFullDisk) {
  limit(RLIMIT_FSIZE, 4096);
  expect_right(small());
  expect_right(large());
  limit(RLIMIT_FSIZE, RLIM_INFINITY);
  expect_right(large());
}

// Many streams under a limit of memory that is not enough for all of them.
TEST_F(ProcessFaults, OutOfMemoryFailsReadsNotTheMount) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer's own memory is not limited";
#endif
  std::uint64_t pages = 0;
  std::ifstream("/proc/" + std::to_string(mount_.pid()) + "/statm") >> pages;
  limit(RLIMIT_AS, pages * 4096 + (1U << 20));
  std::vector<std::future<Outcome>> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(
        std::async(std::launch::async, [this] { return read(large()); }));
  }
  for (auto& reader : readers) {
    const Outcome outcome = reader.get();
    EXPECT_TRUE(large().bytes.starts_with(outcome.bytes));
    EXPECT_TRUE(outcome.error == 0 || outcome.error == ENOMEM ||
                outcome.error == EIO)
        << outcome.error;
  }
  limit(RLIMIT_AS, RLIM_INFINITY);
  expect_right(small());
  expect_right(large());
}

// OMICSFS_KILLS says how often; each takes about a second.
int kills() {
  const char* asked = std::getenv("OMICSFS_KILLS");
  return asked == nullptr ? 12 : std::max(1, std::atoi(asked));
}

class Kills : public ProcessFaults {
 protected:
  // Readers of all there is, from several places.
  [[nodiscard]] std::vector<std::future<void>> mixed_load() const {
    std::vector<std::future<void>> readers;
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      readers.push_back(std::async(std::launch::async, [this, quarter] {
        const std::size_t from = large().bytes.size() / 4 * quarter;
        const Outcome outcome = read(large(), from);
        EXPECT_EQ(
            large().bytes.compare(from, outcome.bytes.size(), outcome.bytes),
            0);
      }));
    }
    readers.push_back(std::async(std::launch::async, [this] {
      for (const ComposedFile& file : atlas_[0].files) {
        EXPECT_TRUE(file.bytes.starts_with(read(file).bytes));
      }
    }));
    return readers;
  }
  // So that there is something to fetch and to store. REQUIRES: no mount.
  void remove_large_from_cache() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             mount_.directory() / "cache")) {
      if (entry.path().extension() == ".data" &&
          entry.file_size() == large().bytes.size()) {
        std::filesystem::remove(entry.path());
      }
    }
  }
};

// Nothing that was complete is fetched again, nothing that is read is wrong.
TEST_F(Kills, AtRandomMomentsLoseNothing) {
  std::mt19937_64 dice(20);
  expect_right(small());
  const int count = kills();
  for (int i = 0; i < count; ++i) {
    auto readers = mixed_load();
    std::this_thread::sleep_for(milliseconds(dice() % 60));
    mount_.kill();
    for (auto& reader : readers) {
      reader.get();
    }
    if (i % 2 == 1) {
      remove_large_from_cache();
    }
    ASSERT_TRUE(mount_.start());
    origin_.clear_log();
    expect_right(small());
    EXPECT_TRUE(origin_.log().empty()) << "it was complete";
  }
  for (const ComposedFile& file : atlas_[0].files) {
    expect_right(file);
  }
}

// The kernel may take the connection away while the process takes a request,
// of a file that is being closed for example, off it.
TEST_F(ProcessFaults, UnmountedWhileFilesAreOpenedAndClosedItEndsWell) {
  for (int cycle = 0; cycle < 20; ++cycle) {
    std::atomic<bool> over = false;
    std::vector<std::future<void>> openers;
    for (int i = 0; i < 8; ++i) {
      openers.push_back(std::async(std::launch::async, [this, &over] {
        while (!over) {
          std::vector<UniqueFd> files;
          for (int file = 0; file < 50; ++file) {
            files.emplace_back(::open(at(small()).c_str(), O_RDONLY));
          }
        }
      }));
    }
    std::this_thread::sleep_for(milliseconds(20));
    EXPECT_EQ(mount_.stop(), 0) << mount_.log();
    // libfuse tells of it where it may be cancelled.
    EXPECT_EQ(mount_.log().find("reading device"), std::string::npos);
    over = true;
    openers.clear();
    ASSERT_TRUE(mount_.start());
  }
}

TEST_F(ProcessFaults, AReadOfADeadMountIsENOTCONN) {
  const UniqueFd open(::open(at(small()).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(open.valid());
  mount_.kill();
  std::array<char, 100> bytes{};
  EXPECT_EQ(::read(open.get(), bytes.data(), bytes.size()), -1);
  EXPECT_EQ(errno, ENOTCONN);
  ASSERT_TRUE(mount_.start()) << "the dead mount is cleaned away";
  expect_right(small());
}

}  // namespace
}  // namespace omicsfs

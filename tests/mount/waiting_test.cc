// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/mount/mounted_atlas.h"
#include "tests/support/environment_variable.h"

// Reads that wait for a server wait alone: the rest of the mount answers.

namespace omicsfs {
namespace {

// More than libfuse has threads, and than the kernel sends at a time by itself.
constexpr int kStalledReads = 200;

// Aligned as O_DIRECT wants it.
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Page = std::unique_ptr<void, Free>;
Page one_page() { return Page(std::aligned_alloc(4096, 4096)); }

// Whether the thread is within a pread(2).
bool is_reading(pid_t thread) {
  std::ifstream call("/proc/self/task/" + std::to_string(thread) + "/syscall");
  std::string number;
  return static_cast<bool>(call >> number) &&
         number == std::to_string(SYS_pread64);
}

class Waiting : public MountedAtlas {
 protected:
  void SetUp() override {
    MountedAtlas::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
      return;
    }
    std::string bytes;
    ASSERT_EQ(read_file(at(small().relative_path()), bytes), 0);
    Fault stall;
    stall.kind = FaultKind::kStallHead;
    stall.glob = "/" + large().relative_path();
    origin_.fail(stall);
  }
  void TearDown() override {
    origin_.clear_faults();
    origin_.release();
    readers_.clear();
  }

  // Each reads a page of its own of the large file.
  void stall_readers(int flags) {
    std::vector<std::atomic<pid_t>> threads(kStalledReads);
    for (int i = 0; i < kStalledReads; ++i) {
      readers_.emplace_back([this, i, flags, &thread = threads[i]] {
        const UniqueFd file(::open(at(large().relative_path()).c_str(),
                                   O_RDONLY | O_CLOEXEC | flags));
        // Buffered: no page waits for another's read-ahead.
        ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);
        const Page page = one_page();
        thread = ::gettid();
        ::pread(file.get(), page.get(), 4096, off_t{4096} * i);
      });
    }
    for (const auto& thread : threads) {
      while (thread == 0 || !is_reading(thread)) {
        std::this_thread::yield();
      }
    }
    ASSERT_TRUE(origin_.wait_for_requests(1));
  }

  // Runs `work` apart; false where the stalled reads hold it up.
  static bool answers(const std::function<bool()>& work) {
    auto done = std::make_shared<std::promise<bool>>();
    auto future = done->get_future();
    std::thread([work, done] { done->set_value(work()); }).detach();
    return future.wait_for(std::chrono::seconds(60)) ==
               std::future_status::ready &&
           future.get();
  }

  void expect_the_rest_answers() {
    const std::string root = at("");
    const std::string cached = at(small().relative_path());
    EXPECT_TRUE(answers([root] {
      struct stat facts {};
      return ::stat((root + "/no-such-name").c_str(), &facts) != 0 &&
             errno == ENOENT;
    })) << "a name that the kernel does not know";
    EXPECT_TRUE(answers([root] {
      struct statvfs space {};
      return ::statvfs(root.c_str(), &space) == 0;
    }));
    EXPECT_TRUE(answers([cached] {
      char value[64];
      return ::getxattr(cached.c_str(), "user.omicsfs.cached_bytes", value,
                        sizeof value) >= 0 ||
             errno == ENODATA;
    }));
    EXPECT_TRUE(answers([cached, want = small().bytes.substr(0, 4096)] {
      const UniqueFd file(
          ::open(cached.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT));
      const Page page = one_page();
      const ssize_t got = ::pread(file.get(), page.get(), 4096, 0);
      return got > 0 && std::string(static_cast<char*>(page.get()),
                                    static_cast<std::size_t>(got)) == want;
    })) << "a cached read past the kernel's pages";
    EXPECT_TRUE(answers([cached, want = small().bytes] {
      const UniqueFd drop(::open(cached.c_str(), O_RDONLY | O_CLOEXEC));
      ::posix_fadvise(drop.get(), 0, 0, POSIX_FADV_DONTNEED);
      std::string bytes;
      return read_file(cached, bytes) == 0 && bytes == want;
    })) << "a cached read through them";
  }

  // No read ends by itself, and all bytes go through the mount's process.
  const EnvironmentVariable timeout_{"OMICSFS_NETWORK_TIMEOUT_S", "3600"};
  const EnvironmentVariable stall_{"OMICSFS_NETWORK_STALL_S", "3600"};
  const EnvironmentVariable by_us_{"OMICSFS_PASSTHROUGH", "false"};
  std::vector<std::jthread> readers_;
};

TEST_F(Waiting, MetadataAndCachedReadsAreAnsweredWhile200DirectReadsStall) {
  stall_readers(O_DIRECT);
  expect_the_rest_answers();
}

TEST_F(Waiting, MetadataAndCachedReadsAreAnsweredWhile200BufferedReadsStall) {
  stall_readers(0);
  expect_the_rest_answers();
}

TEST_F(Waiting, AReaderIsKilledAtOnceWhile200ReadsStall) {
  stall_readers(O_DIRECT);
  const pid_t reader = spawn({"dd", "if=" + at(large().relative_path()),
                              "iflag=direct", "bs=4096", "count=1"});
  ASSERT_GT(reader, 0);
  ASSERT_EQ(::kill(reader, SIGKILL), 0);
  EXPECT_TRUE(answers([reader] {
    int status = 0;
    return ::waitpid(reader, &status, 0) == reader;
  }));
}

TEST_F(Waiting, TheMountEndsWhile200ReadsStall) {
  stall_readers(O_DIRECT);
  EXPECT_TRUE(answers([this] { return mount_.stop_by(SIGTERM) == 0; }));
}

class WaitingOnce : public Waiting {
 protected:
  const EnvironmentVariable soon_{"OMICSFS_NETWORK_TIMEOUT_S", "2"};
};

// The kernel asks for the page again, which must not wait for a deadline of its
// own: one request of the server is one wait.
TEST_F(WaitingOnce, AReadThatTimesOutIsWaitedForOnce) {
  origin_.clear_log();
  std::string bytes;
  EXPECT_EQ(read_file(at(large().relative_path()), bytes), ETIMEDOUT);
  // The next is the program's own try, and reads right.
  origin_.clear_faults();
  origin_.release();
  EXPECT_EQ(read_file(at(large().relative_path()), bytes), 0);
  EXPECT_TRUE(bytes == large().bytes);
  std::uint64_t from_start = 0;
  for (const RequestRecord& record : origin_.log()) {
    const bool is_first = record.path == "/" + large().relative_path() &&
                          record.range.starts_with("bytes=0-");
    from_start += is_first ? 1 : 0;
  }
  EXPECT_EQ(from_start, 2U);
}

}  // namespace
}  // namespace omicsfs

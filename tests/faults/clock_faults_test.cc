// SPDX-License-Identifier: MIT
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "fs/child_process.h"
#include "tests/faults/faulty_mount.h"
#include "tests/support/environment_variable.h"

// What becomes of a mount when the wall clock is set: the table in README.md.

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr long kDay = 86'400;
constexpr long kYear = 366 * kDay;

// A mount whose wall clock is ours to set (shifted_clock.cc).
class ClockFaults : public FaultyMount {
 protected:
  ClockFaults() : FaultyMount(kImpatient) {}
  // Seconds ahead of the machine's.
  void set_clock(long seconds) const {
    const stdfs::path next = mount_.directory() / "next shift";
    std::ofstream(next) << seconds;
    stdfs::rename(next, mount_.directory() / "shift");
  }
  void restart() {
    ASSERT_EQ(mount_.stop(), 0);
    ASSERT_TRUE(mount_.start());
  }
  void expect_all_right() const {
    for (const ComposedFile& file : atlas_[0].files) {
      const UniqueFd open(::open(at(file).c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::posix_fadvise(open.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
      expect_right(file);
    }
  }
  // Whether it comes to be.
  [[nodiscard]] static bool comes(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  // The year that the last line of the log begins with.
  [[nodiscard]] int year_of_log() const {
    const std::string log = mount_.log();
    const std::size_t line = log.rfind('\n', log.size() - 2) + 1;
    return std::stoi(log.substr(line, 4));
  }
  [[nodiscard]] std::future<Outcome> reading_large() const {
    return std::async(std::launch::async, [this] { return read(large()); });
  }

  const EnvironmentVariable preloaded_{"LD_PRELOAD", SHIFTED_CLOCK_LIBRARY};
  const EnvironmentVariable shift_{"SHIFTED_CLOCK",
                                   (mount_.directory() / "shift").string()};
#if defined(__SANITIZE_ADDRESS__)
  // Which wants to be loaded first, to see all that is allocated.
  const EnvironmentVariable order_{"ASAN_OPTIONS", "verify_asan_link_order=0"};
#endif
};

TEST_F(ClockFaults, JumpsLeaveReadsRightAndWhatIsCachedCached) {
  const int year = year_of_log();
  expect_all_right();
  for (const long jump : {-20 * kYear, 10 * kYear, -3600L, 0L}) {
    set_clock(jump);
    origin_.clear_log();
    expect_all_right();
    EXPECT_TRUE(origin_.log().empty());
    restart();
    expect_all_right();
    EXPECT_TRUE(origin_.log().empty());
    if (jump < -kYear) {
      EXPECT_LT(year_of_log(), year) << "the clock is set";
    } else if (jump > kYear) {
      EXPECT_GT(year_of_log(), year) << "the clock is set";
    }
  }
}

// Its end is counted by another clock: it neither comes at once nor never.
TEST_F(ClockFaults, AStallEndsAsEver) {
  Fault stall;
  stall.kind = FaultKind::kStallBody;
  stall.bytes = 1000;
  for (const long jump : {-kDay, kDay}) {
    origin_.clear_log();
    origin_.fail(stall);
    auto outcome = reading_large();
    ASSERT_TRUE(origin_.wait_for_requests(1));
    set_clock(jump);
    EXPECT_EQ(outcome.get().error, EIO) << mount_.log();
    origin_.clear_faults();
    origin_.release();
    expect_right(small());
  }
  expect_right(large());
}

TEST_F(ClockFaults, AReadThatWaitsGoesOnWaiting) {
  Fault slow;
  slow.kind = FaultKind::kStallHead;
  slow.count = 1;
  for (const long jump : {-kDay, kDay}) {
    const ComposedFile& file = jump < 0 ? large() : small();
    origin_.clear_log();
    origin_.fail(slow);
    auto outcome = std::async(std::launch::async, [&] { return read(file); });
    ASSERT_TRUE(origin_.wait_for_requests(1));
    set_clock(jump);
    origin_.release();
    const Outcome got = outcome.get();
    EXPECT_EQ(got.error, 0) << mount_.log();
    EXPECT_TRUE(got.bytes == file.bytes);
  }
}

// A server that is left alone is asked again after seconds, not after a day.
TEST_F(ClockFaults, AServerThatIsBackIsFound) {
  Fault gone;
  gone.kind = FaultKind::kCloseUnanswered;
  origin_.fail(gone);
  ASSERT_TRUE(comes([this] {
    expect_failure(large(), EIO);
    return mount_.log().find("is left alone") != std::string::npos;
  })) << mount_.log();
  set_clock(-kDay);
  origin_.clear_faults();
  EXPECT_TRUE(comes([this] { return read(large()).error == 0; }));
  expect_right(large());
}

// The file that was read last stays, though by the clock it was the first.
TEST_F(ClockFaults, EvictionKeepsWhatWasUsedLast) {
  set_clock(kYear);
  restart();
  expect_right(large());
  set_clock(0);
  restart();
  std::vector<const ComposedFile*> later;
  for (const ComposedFile& file : atlas_[0].files) {
    if (&file != &large()) {
      expect_right(file);
      later.push_back(&file);
    }
  }
  ASSERT_EQ(mount_.stop(), 0);
  const EnvironmentVariable limit("OMICSFS_CACHE_LIMIT", "3M");
  ASSERT_TRUE(mount_.start());
  const auto large_is_cached = [this] {
    for (const auto& entry :
         stdfs::recursive_directory_iterator(mount_.directory() / "cache")) {
      std::error_code gone;
      if (entry.file_size(gone) == large().bytes.size() && !gone) {
        return true;
      }
    }
    return false;
  };
  ASSERT_TRUE(comes([&] { return !large_is_cached(); }));
  origin_.clear_log();
  for (const ComposedFile* file : later) {
    expect_right(*file);
  }
  EXPECT_TRUE(origin_.log().empty());
}

TEST_F(ClockFaults, ARefreshIsNewerThanTheCatalogBeforeIt) {
  set_clock(kYear);
  const std::vector<std::string> refresh = {
      OMICSFS_PROGRAM, "--config",
      (mount_.directory() / "config.json").string(), "refresh", "abc-atlas"};
  ASSERT_EQ(run_program(refresh)->exit_status, 0);
  set_clock(0);
  std::string other = small().bytes;
  other[0] = static_cast<char>(other[0] ^ 1);
  auto changed = atlas_;
  changed[0].files[3].bytes = other;
  changed[1].files[3].bytes = other;
  serve(changed, origin_);
  const auto refreshed = run_program(refresh);
  ASSERT_EQ(refreshed->exit_status, 0) << refreshed->error_output;
  restart();
  expect_right(changed[0].files[3]);
}

}  // namespace
}  // namespace omicsfs

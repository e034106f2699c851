// SPDX-License-Identifier: MIT
#include "fetch/rate_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catalog/unique_fd.h"
#include "tests/fetch/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
namespace stdfs = std::filesystem;

constexpr std::size_t kPlaces = 3;

class RateFileTest : public ::testing::Test {
 protected:
  RateFile file() {
    return {path_, kPlaces, [this] { return now_; }};
  }
  // As one process does that wants to send a request.
  static std::optional<RatePlace> take(RateFile& file) {
    std::optional<RatePlace> place;
    file.update([&](RateSlots& slots, RateTime now) {
      place = take_place(slots, now);
    });
    return place;
  }
  // How many are granted from now on, a second apart; none is given back.
  int taken_in_a_row(RateFile& file) {
    int count = 0;
    while (take(file)) {
      ++count;
      now_ += seconds{1};
    }
    return count;
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary) << bytes;
  }

  const TemporaryDirectory dir_;
  const stdfs::path path_ = dir_.path() / "cache/rate-h";
  RateTime now_ = seconds{1'000};
};

TEST_F(RateFileTest, AllWhoShareItCountTogether) {
  RateFile one = file();
  RateFile other = file();
  EXPECT_TRUE(take(one));
  EXPECT_FALSE(take(other)) << "not both at once";
  now_ += seconds{1};
  EXPECT_TRUE(take(other));
  EXPECT_TRUE(one.is_shared() && other.is_shared());
  now_ += seconds{1};
  RateFile third = file();
  EXPECT_EQ(taken_in_a_row(third), static_cast<int>(kPlaces) - 2);
}

TEST_F(RateFileTest, OneGivesBackWhatItTook) {
  RateFile one = file();
  RateFile other = file();
  const auto place = take(one);
  ASSERT_TRUE(place);
  one.update([&](RateSlots& slots, RateTime now) {
    give_back(slots, *place, RateEnd::kAnswered, now);
  });
  now_ += seconds{2};
  EXPECT_EQ(taken_in_a_row(other), static_cast<int>(kPlaces));
}

TEST_F(RateFileTest, OnlyItsUserMayReadIt) {
  RateFile one = file();
  ASSERT_TRUE(take(one));
  EXPECT_EQ(stdfs::status(path_).permissions() & stdfs::perms::all,
            stdfs::perms::owner_read | stdfs::perms::owner_write);
}

// As if the file had known of as many requests as there may be.
TEST_F(RateFileTest, DamageOfAnyKindIsATimeOfCautionAndThenMended) {
  RateFile maker = file();
  ASSERT_TRUE(take(maker));
  const std::string whole = bytes();
  std::vector<std::string> damaged = {whole + "x", "x",
                                      std::string(100'000, '\0')};
  for (std::size_t size = 1; size < whole.size(); ++size) {
    damaged.push_back(whole.substr(0, size));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    damaged.push_back(whole);
    damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 0x10);
  }
  for (const std::string& text : damaged) {
    write(text);
    now_ += seconds{100};
    RateFile fresh = file();
    EXPECT_FALSE(take(fresh));
    EXPECT_TRUE(fresh.is_shared());
    now_ += kRateWindow;
    EXPECT_EQ(taken_in_a_row(fresh), static_cast<int>(kPlaces));
  }
}

TEST_F(RateFileTest, OneThatIsRemovedIsMadeAgainFromWhatIsKnown) {
  RateFile one = file();
  ASSERT_TRUE(take(one));
  stdfs::remove_all(path_.parent_path());
  now_ += seconds{1};
  EXPECT_EQ(taken_in_a_row(one), static_cast<int>(kPlaces) - 1);
  EXPECT_TRUE(one.is_shared());
  EXPECT_TRUE(stdfs::exists(path_));
}

TEST_F(RateFileTest, WhereItCannotBeTheProcessCountsAlone) {
  std::ofstream(dir_.path() / "cache").put('x');  // no directory
  RateFile one = file();
  EXPECT_EQ(taken_in_a_row(one), static_cast<int>(kPlaces));
  EXPECT_FALSE(one.is_shared());
}

TEST_F(RateFileTest, NothingIsWrittenThroughALink) {
  stdfs::create_directories(path_.parent_path());
  stdfs::create_symlink(dir_.path() / "elsewhere", path_);
  RateFile one = file();
  EXPECT_EQ(taken_in_a_row(one), static_cast<int>(kPlaces));
  EXPECT_FALSE(one.is_shared());
  EXPECT_FALSE(stdfs::exists(dir_.path() / "elsewhere"));
}

TEST_F(RateFileTest, AFullDiskLosesNothingOfWhatThisProcessTook) {
  stdfs::create_directories(path_.parent_path());
  const SmallDisk disk(path_.parent_path());
  if (!disk.mounted()) {
    GTEST_SKIP() << "only root may make a disk";
  }
  disk.fill();
  RateFile one = file();
  EXPECT_EQ(taken_in_a_row(one), static_cast<int>(kPlaces));
  EXPECT_FALSE(one.is_shared());
  stdfs::remove(path_.parent_path() / "junk");
  EXPECT_FALSE(take(one));
  EXPECT_TRUE(one.is_shared());
  RateFile other = file();
  EXPECT_FALSE(take(other)) << "it is told of them now";
}

TEST_F(RateFileTest, OneThatCannotBeWrittenForgetsNothing) {
  RateFile one = file();
  ASSERT_TRUE(take(one));
  const std::string before = bytes();
  now_ += seconds{1};
  ASSERT_TRUE(take(one));
  stdfs::remove(path_);
  stdfs::create_directory(path_);  // cannot be opened to write
  now_ += seconds{1};
  ASSERT_TRUE(take(one));
  EXPECT_FALSE(one.is_shared());
  stdfs::remove(path_);
  write(before);  // as it was long ago
  now_ += seconds{1};
  EXPECT_FALSE(take(one));
}

TEST_F(RateFileTest, AHolderOfTheLockThatIsStoppedHoldsNobodyUp) {
  RateFile one = file();
  ASSERT_TRUE(take(one));
  const UniqueFd holder(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(holder.get(), F_OFD_SETLK, &lock), 0);
  now_ += seconds{1};
  EXPECT_EQ(taken_in_a_row(one), static_cast<int>(kPlaces) - 1);
}

// Each takes what it gets and is never heard of again.
TEST_F(RateFileTest, ThreadsAndProcessesTogetherTakeNoMoreThanThereIs) {
  constexpr int kProcesses = 4;
  constexpr int kTries = 50;
  const RateTime begin = rate_clock();
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      RateFile own(path_, 50);
      int taken = 0;
      for (int n = 0; n < kTries; ++n) {
        taken += take(own) ? 1 : 0;
        std::this_thread::sleep_for(milliseconds{5});
      }
      ::_exit(taken);
    }
    children.push_back(child);
  }
  int taken = 0;
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    taken += WEXITSTATUS(status);
  }
  // 20 ms lie between two starts, and no more than 50 places were there.
  const auto most = (rate_clock() - begin) / milliseconds{20} + 1;
  EXPECT_GT(taken, 0);
  EXPECT_LE(taken, std::min<std::int64_t>(most, 50));
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <thread>

#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr std::uint64_t kLimit = 64'000'000;
constexpr std::size_t kLargeBytes = 80'000'017;
constexpr std::size_t kHotBytes = 8'000'000;

std::string many_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes(count, '\0');
  for (std::size_t at = 0; at + 8 <= count; at += 8) {
    const std::uint64_t word = engine();
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  return bytes;
}

// A mount with a cache of 64 MB, of three files larger than that and one that
// is used again and again.
class SmallCache : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_mount()) {
      GTEST_SKIP() << "/dev/fuse is missing";
    }
    for (unsigned i = 0; i < 4; ++i) {
      atlas_[0].files.push_back(
          {"D", "k", "20230101", "f" + std::to_string(i), "", "bin", "",
           many_bytes(i == kHot ? kHotBytes : kLargeBytes, i)});
    }
    serve(atlas_, origin_);
    mount_ = std::make_unique<MountProcess>(
        origin_.url("/"),
        R"(, "network": {"retries": 1, "first_byte_s": 600, "stall_s": 600,
                         "timeout_s": 600})");
    lower_limit();
    ASSERT_TRUE(mount_->start());
    origin_.clear_log();
  }

  void lower_limit() const {
    const stdfs::path path = mount_->directory() / "config.json";
    std::ifstream before(path);
    std::string text(std::istreambuf_iterator<char>(before), {});
    const std::string limit = R"("limit": "10G")";
    const std::size_t at = text.find(limit);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, limit.size(), R"("limit": "64M")");
    std::ofstream(path) << text;
  }

  // Whether file `index` reads right, its pages not in memory before.
  [[nodiscard]] bool reads_right(unsigned index) const {
    const ComposedFile& file = atlas_[0].files[index];
    const std::string path = (mount_->root() / file.relative_path()).string();
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() ||
        ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED) != 0) {
      return false;
    }
    std::string buffer(1 << 18, '\0');
    std::size_t at = 0;
    for (;;) {
      const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
      if (got <= 0) {
        return got == 0 && at == file.bytes.size();
      }
      const auto count = static_cast<std::size_t>(got);
      if (file.bytes.compare(at, count, buffer, 0, count) != 0) {
        return false;
      }
      at += count;
    }
  }

  [[nodiscard]] std::uint64_t cache_bytes() const {
    std::uint64_t bytes = 0;
    std::error_code gone;  // files come and go beneath
    for (stdfs::recursive_directory_iterator
             entry(mount_->directory() / "cache", gone),
         end;
         entry != end; entry.increment(gone)) {
      struct stat facts {};
      if (::lstat(entry->path().c_str(), &facts) == 0) {
        bytes += static_cast<std::uint64_t>(facts.st_blocks) * 512;
      }
    }
    return bytes;
  }

  // Takes another look where it is over the limit: a walk sees one file after
  // the other, and may count what one has given up since.
  [[nodiscard]] std::uint64_t lasting_cache_bytes() const {
    const std::uint64_t bytes = cache_bytes();
    return bytes > kLimit ? std::min(bytes, cache_bytes()) : bytes;
  }

  // Reads files 0 to 2 with eight readers, each from another file on. Returns
  // the most that the cache took until then, and until it is half full.
  std::uint64_t stream_with_eight_readers() {
    std::atomic<int> wrong{0};
    std::atomic<int> reading{8};
    std::vector<std::thread> readers;
    for (unsigned t = 0; t < 8; ++t) {
      readers.emplace_back([&, t] {
        for (unsigned i = 0; i < 3; ++i) {
          wrong += reads_right((t + i) % 3) ? 0 : 1;
        }
        --reading;
      });
    }
    std::uint64_t most = 0;
    while (reading > 0) {
      most = std::max(most, lasting_cache_bytes());
    }
    for (std::thread& reader : readers) {
      reader.join();
    }
    EXPECT_EQ(wrong, 0);
    // No read waits for the disk: what was read is stored later on a slow one.
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    while (most <= kLimit / 2 && std::chrono::steady_clock::now() < end) {
      most = std::max(most, lasting_cache_bytes());
    }
    return most;
  }

  [[nodiscard]] std::uint64_t bytes_sent() const {
    std::uint64_t bytes = 0;
    for (const RequestRecord& record : origin_.log()) {
      bytes += record.bytes_sent;
    }
    return bytes;
  }

  static constexpr unsigned kHot = 3;
  std::vector<ComposedRelease> atlas_{{"20230101", {}}};
  Origin origin_;
  std::unique_ptr<MountProcess> mount_;
};

TEST_F(SmallCache, EightReadersOfMoreThanItHoldsLeaveTheLimitAndTheHotFile) {
  ASSERT_TRUE(reads_right(kHot));
  // A use of what is not yet on disk is no use again.
  const ComposedFile& hot = atlas_[0].files[kHot];
  ASSERT_TRUE(comes_to_disk((mount_->root() / hot.relative_path()).string(),
                            hot.bytes.size()));
  // Uses within two seconds are one.
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  origin_.clear_log();
  ASSERT_TRUE(reads_right(kHot));
  EXPECT_TRUE(origin_.log().empty());

  const std::uint64_t most = stream_with_eight_readers();
  RecordProperty("most_bytes", std::to_string(most));
  RecordProperty("bytes_sent", std::to_string(bytes_sent()));
  EXPECT_LE(most, kLimit);
  EXPECT_GT(most, kLimit / 2);

  origin_.clear_log();
  EXPECT_TRUE(reads_right(kHot));
  EXPECT_TRUE(origin_.log().empty());
}

TEST_F(SmallCache, AReaderOfMoreThanItHoldsFetchesEachByteOnce) {
  ASSERT_TRUE(reads_right(1));  // fills the cache
  origin_.clear_log();
  ASSERT_TRUE(reads_right(2));
  // A request that is late, as on a busy machine, may be asked a second time:
  // one in twenty.
  constexpr std::uint64_t kRequest = std::uint64_t{8} << 20;
  EXPECT_LE(bytes_sent(), kLargeBytes + kLargeBytes / 50 + kRequest);
  origin_.clear_log();
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include "fetch/cached_file.h"
#include "fs/kernel_backing.h"
#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

UniqueFd open_at(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string bytes_of_open(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, &bytes[done], size - done, static_cast<off_t>(done));
    if (got <= 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

// Pages of the file that the kernel keeps for the mount; after a read, none
// where it reads past it (cachestat(2), Linux 6.5; glibc has no wrapper).
std::optional<std::uint64_t> mount_pages(int fd) {
  constexpr long kCachestat = 451;
  struct {
    std::uint64_t offset, length;
  } range{0, 0};
  struct {
    std::uint64_t cached, dirty, writeback, evicted, recently_evicted;
  } pages{};
  if (::syscall(kCachestat, fd, &range, &pages, 0) != 0) {
    return std::nullopt;
  }
  return pages.cached;
}

// Whether the kernel reads the open file past the mount. Reads from it.
bool passed_through(int fd) {
  std::array<char, 4096> bytes{};
  EXPECT_GT(::pread(fd, bytes.data(), bytes.size(), 0), 0);
  return mount_pages(fd) == 0U;
}

std::size_t open_descriptors(pid_t pid) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       stdfs::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    ++count;
  }
  return count;
}

// Where passthrough is to be seen at work: needs root and a kernel that offers
// it.
class PassedThrough : public MountedAtlas {
 protected:
  void SetUp() override {
    if (const auto may = may_pass_through(); !may) {
      GTEST_SKIP() << may.error().message;
    }
    MountedAtlas::SetUp();
    if (IsSkipped()) {
      return;
    }
    if (!offered()) {
      GTEST_SKIP() << "this kernel does not offer passthrough";
    }
  }

  // Long enough for any machine; only a test that fails waits for so long.
  static constexpr std::chrono::milliseconds kPatience{120'000};

  // The smallest file decides.
  [[nodiscard]] bool offered() const {
    complete(atlas_[0].files[0]);
    return open_through(path(atlas_[0].files[0]), std::chrono::seconds(10))
        .valid();
  }

  [[nodiscard]] std::string path(const ComposedFile& file) const {
    return at(file.relative_path());
  }

  void complete(const ComposedFile& file) const {
    std::string bytes;
    ASSERT_EQ(read_file(path(file), bytes), 0);
    ASSERT_TRUE(bytes == file.bytes);
  }

  // Opens a file that is to be passed through; none where it never was. A close
  // reaches the server some time after close(2) has returned, and until then
  // the file counts as open.
  static UniqueFd open_through(const std::string& path,
                               std::chrono::milliseconds patience = kPatience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    do {
      UniqueFd file = open_at(path);
      if (file.valid() && passed_through(file.get())) {
        return file;
      }
      file.reset();
      // The server has work to do, perhaps on the same core.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (std::chrono::steady_clock::now() < end);
    return {};
  }

  enum class Way { kThrough, kCached };
  // Reads the file whole and opens it to be passed through. In a cache that it
  // all but fills it may lose a part again before it is open: what is being
  // written counts as granted and as written for a moment.
  [[nodiscard]] UniqueFd completed_and_opened(const ComposedFile& file) const {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    UniqueFd fd;
    while (!fd.valid() && std::chrono::steady_clock::now() < end) {
      // What the kernel has, it does not ask for again.
      ::posix_fadvise(open_at(path(file)).get(), 0, 0, POSIX_FADV_DONTNEED);
      complete(file);
      fd = open_through(path(file), std::chrono::milliseconds(200));
    }
    EXPECT_TRUE(fd.valid());
    return fd;
  }

  // Opens the file, which must then be read that way and have its bytes.
  [[nodiscard]] UniqueFd opened(const ComposedFile& file, Way way) const {
    UniqueFd fd =
        way == Way::kThrough ? open_through(path(file)) : open_at(path(file));
    EXPECT_TRUE(fd.valid());
    EXPECT_EQ(passed_through(fd.get()), way == Way::kThrough);
    EXPECT_TRUE(bytes_of_open(fd.get(), file.bytes.size()) == file.bytes);
    return fd;
  }

  [[nodiscard]] CachePaths cached(const ComposedFile& file) const {
    const RemoteFile remote{
        {origin_.url("/" + file.relative_path())},
        file.bytes.size(),
        digest_of(DigestKind::kMd5, std::as_bytes(std::span(file.bytes))),
        ""};
    return cache_paths(mount_.directory() / "cache", content_key(remote));
  }
};

TEST_F(PassedThrough, ACompleteVerifiedFileIsReadWhileTheServerIsStopped) {
  complete(large());
  const UniqueFd file = opened(large(), Way::kThrough);
  const std::string published = (mount_.directory() / "published").string();
  std::ofstream(published, std::ios::binary) << large().bytes;
  struct stat before {};
  ASSERT_EQ(::fstat(file.get(), &before), 0);
  EXPECT_EQ(before.st_size, static_cast<off_t>(large().bytes.size()));
  ASSERT_EQ(::kill(mount_.pid(), SIGSTOP), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file.get(), STDIN_FILENO);
  // The limit only ends a comparison that would wait for ever.
  std::vector<std::string> words = {"timeout", "-s", "KILL",   "60",
                                    "cmp",     "-",  published};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t reader = -1;
  EXPECT_EQ(::posix_spawnp(&reader, arguments[0], &actions, nullptr,
                           arguments.data(), environ),
            0);
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  EXPECT_EQ(::waitpid(reader, &status, 0), reader);
  ASSERT_EQ(::kill(mount_.pid(), SIGCONT), 0);
  EXPECT_EQ(status, 0);
}

TEST_F(PassedThrough, AMapOfAFileHasItsBytes) {
  complete(large());
  const UniqueFd file = opened(large(), Way::kThrough);
  const std::size_t size = large().bytes.size();
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_TRUE(std::string_view(static_cast<const char*>(map), size) ==
              large().bytes);
  ::munmap(map, size);
}

TEST_F(PassedThrough, OpensOfOneFileShareWhatIsThere) {
  complete(large());
  UniqueFd first = opened(large(), Way::kThrough);
  const UniqueFd second = opened(large(), Way::kThrough);
  first.reset();
  EXPECT_TRUE(bytes_of_open(second.get(), large().bytes.size()) ==
              large().bytes);
  opened(large(), Way::kThrough).reset();
}

TEST_F(PassedThrough, AFileThatCompletesWhileItIsOpenSwitchesOnceItIsClosed) {
  UniqueFd early = opened(large(), Way::kCached);  // and reads all of it
  UniqueFd late = opened(large(), Way::kCached);
  early.reset();
  EXPECT_TRUE(bytes_of_open(late.get(), large().bytes.size()) == large().bytes);
  opened(large(), Way::kCached).reset();
  late.reset();
  opened(large(), Way::kThrough).reset();
}

TEST_F(PassedThrough, AnIncompleteFileIsNot) {
  const UniqueFd file = open_at(path(large()));
  EXPECT_FALSE(passed_through(file.get()));
  const UniqueFd another = open_at(path(large()));
  EXPECT_FALSE(passed_through(another.get()));
}

TEST_F(PassedThrough, AFileOfTheCatalogIsNot) {
  const UniqueFd readme = open_at(at("README.txt"));
  EXPECT_FALSE(passed_through(readme.get()));
}

TEST_F(PassedThrough, AHardLinkIsTheSameFile) {
  complete(large());
  const UniqueFd one = opened(large(), Way::kThrough);
  const UniqueFd other = open_at(at(large().view_path("20240101")));
  ASSERT_TRUE(other.valid());
  EXPECT_TRUE(passed_through(other.get()));
  EXPECT_TRUE(bytes_of_open(other.get(), large().bytes.size()) ==
              large().bytes);
}

TEST_F(PassedThrough, TwoFilesOfTheSameBytesAreEachAFileOfTheirOwn) {
  const ComposedFile& first = atlas_[0].files[1];
  const ComposedFile& copy = atlas_[1].files[1];
  ASSERT_TRUE(first.bytes == copy.bytes);
  ASSERT_NE(first.relative_path(), copy.relative_path());
  UniqueFd cached = opened(copy, Way::kCached);  // completes both
  UniqueFd through = opened(first, Way::kThrough);
  cached.reset();
  EXPECT_TRUE(bytes_of_open(through.get(), first.bytes.size()) == first.bytes);
}

TEST_F(PassedThrough, WhatIsVerifiedStaysSoOverARestart) {
  complete(large());
  ASSERT_EQ(mount_.stop(), 0);
  ASSERT_TRUE(mount_.start());
  origin_.clear_log();
  opened(large(), Way::kThrough).reset();
  std::array<char, 8> value{};
  EXPECT_EQ(::getxattr(path(large()).c_str(), "user.omicsfs.verified",
                       value.data(), value.size()),
            3);
  EXPECT_EQ(std::string(value.data()), "yes");
  EXPECT_TRUE(origin_.log().empty());
}

TEST_F(PassedThrough, AFileWrittenToSinceItsCheckIsNot) {
  complete(large());
  ASSERT_EQ(mount_.stop(), 0);
  {
    std::fstream data(cached(large()).data,
                      std::ios::in | std::ios::out | std::ios::binary);
    data.seekp(1'000'000);
    data.put(static_cast<char>(large().bytes[1'000'000] ^ 8));
  }
  ASSERT_TRUE(mount_.start());
  opened(large(), Way::kCached).reset();
}

TEST_F(PassedThrough, AFileWithAHoleIsNot) {
  complete(large());
  ASSERT_EQ(mount_.stop(), 0);
  const UniqueFd data(::open(cached(large()).data.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::fallocate(data.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        1 << 20, 1 << 20),
            0);
  ASSERT_TRUE(mount_.start());
  opened(large(), Way::kCached).reset();
}

TEST_F(PassedThrough, NobodyMayPunchOrEvictAFileThatIsOpen) {
  complete(large());
  const UniqueFd file = opened(large(), Way::kThrough);
  const UniqueFd data(::open(cached(large()).data.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(::flock(data.get(), LOCK_EX | LOCK_NB), 0);
  const std::string key = cached(large()).data.stem().string();
  EXPECT_FALSE(remove_cached(mount_.directory() / "cache", key));
  mount_.kill();
  // The server is dead and its reader is not.
  EXPECT_NE(::flock(data.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_TRUE(bytes_of_open(file.get(), large().bytes.size()) == large().bytes);
  ASSERT_TRUE(mount_.start());
}

TEST_F(PassedThrough, AFullCacheEvictsOthers) {
  ASSERT_EQ(mount_.stop(), 0);
  // Room for the largest file and what is written beside it, and little more.
  ASSERT_EQ(::setenv("OMICSFS_CACHE_LIMIT", "7000K", 1), 0);
  const bool started = mount_.start();
  ASSERT_EQ(::unsetenv("OMICSFS_CACHE_LIMIT"), 0);
  ASSERT_TRUE(started);
  const UniqueFd file = completed_and_opened(large());
  for (const ComposedRelease& release : atlas_) {
    for (const ComposedFile& other : release.files) {
      complete(other);
    }
  }
  EXPECT_TRUE(stdfs::exists(cached(large()).data));
  EXPECT_TRUE(bytes_of_open(file.get(), large().bytes.size()) == large().bytes);
}

// As in a container, whose root is an overlayfs.
TEST_F(PassedThrough, ACacheOnAStackedFileSystemDoesAsWell) {
  const stdfs::path base = mount_.directory() / "overlay";
  const stdfs::path cache = mount_.directory() / "cache";
  ASSERT_EQ(mount_.stop(), 0);
  for (const char* name : {"lower", "upper", "work"}) {
    stdfs::create_directories(base / name);
  }
  const std::string options = "lowerdir=" + (base / "lower").string() +
                              ",upperdir=" + (base / "upper").string() +
                              ",workdir=" + (base / "work").string();
  if (::mount("overlay", cache.c_str(), "overlay", 0, options.c_str()) != 0) {
    ASSERT_TRUE(mount_.start());
    GTEST_SKIP() << "no overlayfs here";
  }
  EXPECT_EQ(stack_depth_below(cache), 2U);
  EXPECT_TRUE(mount_.start());
  complete(large());
  opened(large(), Way::kThrough).reset();
  EXPECT_EQ(mount_.stop(), 0);
  EXPECT_EQ(::umount2(cache.c_str(), MNT_DETACH), 0);
  ASSERT_TRUE(mount_.start());
}

TEST_F(PassedThrough, WhatIsClosedMayBePunchedAgain) {
  complete(large());
  opened(large(), Way::kThrough).reset();
  const UniqueFd data(::open(cached(large()).data.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::flock(data.get(), LOCK_EX), 0);  // returns, or times out
}

TEST_F(PassedThrough, AServerKilledWithFilesOpenIsMountedAgain) {
  complete(large());
  complete(small());
  const UniqueFd one = opened(large(), Way::kThrough);
  const UniqueFd other = opened(small(), Way::kThrough);
  mount_.kill();
  ASSERT_TRUE(mount_.start());
  opened(large(), Way::kThrough).reset();
  opened(small(), Way::kThrough).reset();
}

TEST_F(PassedThrough, EightReadersOfAFileThatCompletesNeverSeeAnError) {
  constexpr unsigned kReaders = 8;
  constexpr int kOpens = 60;
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < kReaders; ++seed) {
    readers.emplace_back([&, seed] {
      std::mt19937 engine(seed);
      for (int i = 0; i < kOpens; ++i) {
        const UniqueFd file = open_at(path(large()));
        const std::size_t at = engine() % (large().bytes.size() - 1);
        const std::size_t size =
            std::min<std::size_t>(200'000, large().bytes.size() - at);
        std::string bytes(size, '\0');
        const ssize_t got =
            ::pread(file.get(), bytes.data(), size, static_cast<off_t>(at));
        if (got <= 0 ||
            bytes.compare(0, static_cast<std::size_t>(got), large().bytes, at,
                          static_cast<std::size_t>(got)) != 0) {
          ++wrong;
        }
      }
    });
  }
  complete(large());
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(wrong, 0);
  complete(large());
}

TEST_F(MountedAtlas, WithPassthroughOffTheServerReadsForTheKernel) {
  MountProcess off(origin_.url("/"), R"(, "passthrough": false)");
  ASSERT_TRUE(off.start());
  const std::string path = (off.root() / small().relative_path()).string();
  for (int i = 0; i < 2; ++i) {
    std::string bytes;
    ASSERT_EQ(read_file(path, bytes), 0);
    EXPECT_TRUE(bytes == small().bytes);
    const UniqueFd file = open_at(path);
    EXPECT_NE(mount_pages(file.get()), 0U);
  }
}

// An atlas of many small files.
class ManyPassedThrough : public ::testing::Test {
 protected:
  static constexpr std::size_t kFiles = 200;
  static constexpr std::size_t kConnections = 32;  // and what else is kept

  static std::vector<ComposedRelease> many() {
    ComposedRelease release{"20230101", {}};
    for (std::size_t i = 0; i < kFiles; ++i) {
      release.files.push_back(
          {"Many-10X", "metadata", "20230101", "cells_" + std::to_string(i), "",
           "csv", "",
           std::string(5000, static_cast<char>('!' + i % 90)) +
               std::to_string(i)});
    }
    return {release};
  }

  const std::vector<ComposedRelease> atlas_ = many();
  Origin origin_;
};

TEST_F(ManyPassedThrough, OpenAtOnceLeaveNoDescriptorBehind) {
  if (!can_mount() || !may_pass_through()) {
    GTEST_SKIP() << "/dev/fuse or CAP_SYS_ADMIN is missing";
  }
  serve(atlas_, origin_);
  MountProcess mount(origin_.url("/"), "");
  ASSERT_TRUE(mount.start());
  const auto open_all = [&](std::vector<UniqueFd>& files) {
    for (const ComposedFile& file : atlas_[0].files) {
      files.push_back(open_at((mount.root() / file.relative_path()).string()));
      ASSERT_TRUE(bytes_of_open(files.back().get(), file.bytes.size()) ==
                  file.bytes);
    }
  };
  std::vector<UniqueFd> files;
  for (int round = 0; round < 4; ++round) {
    open_all(files);
    EXPECT_EQ(files.size(), kFiles);
    files.clear();
    // Returns, or times out: what is kept is less than a tenth of the files.
    while (open_descriptors(mount.pid()) > kFiles / 10 + kConnections) {
      std::this_thread::yield();
    }
  }
}

}  // namespace
}  // namespace omicsfs

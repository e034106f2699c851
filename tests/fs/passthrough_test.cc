// SPDX-License-Identifier: MIT
#include "fs/passthrough.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/fs/fake_kernel.h"

namespace omicsfs {
namespace {

constexpr Inode kInode = 42;

UniqueFd some_file() { return UniqueFd(::open("/dev/null", O_RDONLY)); }
UniqueFd no_file() { return {}; }

class PassthroughOpens : public ::testing::Test {
 protected:
  FakeKernel kernel_;
  Counters counters_;
  Passthrough passthrough_{kernel_, counters_};
};

TEST_F(PassthroughOpens, ShareOneNumberUntilTheLastIsClosed) {
  {
    const auto first = passthrough_.enter(kInode, some_file);
    ASSERT_EQ(first.backing(), 1U);
    {
      const auto second = passthrough_.enter(kInode, some_file);
      EXPECT_EQ(second.backing(), 1U);
    }
    EXPECT_EQ(kernel_.ids(), std::set<BackingId>{1});
  }
  EXPECT_TRUE(kernel_.ids().empty());
  EXPECT_EQ(counters_.files_passed_through, 2U);
}

TEST_F(PassthroughOpens, AreCachedWhereThereIsNoWholeFile) {
  const auto first = passthrough_.enter(kInode, no_file);
  EXPECT_EQ(first.backing(), std::nullopt);
  // It is whole now, but open.
  const auto second = passthrough_.enter(kInode, some_file);
  EXPECT_EQ(second.backing(), std::nullopt);
  EXPECT_TRUE(kernel_.ids().empty());
  EXPECT_EQ(counters_.files_passed_through, 0U);
}

TEST_F(PassthroughOpens, SwitchOnceAllAreClosed) {
  { const auto cached = passthrough_.enter(kInode, no_file); }
  {
    const auto through = passthrough_.enter(kInode, some_file);
    EXPECT_TRUE(through.backing());
  }
  const auto cached = passthrough_.enter(kInode, no_file);
  EXPECT_FALSE(cached.backing());
}

TEST_F(PassthroughOpens, AreCachedWhereTheKernelRefuses) {
  kernel_.refuses = true;
  const auto open = passthrough_.enter(kInode, some_file);
  EXPECT_FALSE(open.backing());
}

TEST_F(PassthroughOpens, OfTwoInodesHaveANumberEach) {
  const auto one = passthrough_.enter(1, some_file);
  const auto other = passthrough_.enter(2, some_file);
  EXPECT_NE(one.backing(), other.backing());
  EXPECT_EQ(kernel_.ids().size(), 2U);
}

TEST_F(PassthroughOpens, AnOpenThatComesMeanwhileWins) {
  std::optional<Passthrough::Open> meanwhile;
  const auto late = passthrough_.enter(kInode, [&] {
    meanwhile.emplace(passthrough_.enter(kInode, no_file));
    return some_file();
  });
  EXPECT_FALSE(late.backing());
  EXPECT_TRUE(kernel_.ids().empty());
  const auto later = passthrough_.enter(kInode + 1, [&] {
    meanwhile.emplace(passthrough_.enter(kInode + 1, some_file));
    return some_file();
  });
  EXPECT_EQ(later.backing(), meanwhile->backing());
  EXPECT_EQ(kernel_.ids().size(), 1U);
}

TEST_F(PassthroughOpens, MovedIsGivenBackOnce) {
  {
    auto first = passthrough_.enter(kInode, some_file);
    Passthrough::Open second = std::move(first);
    Passthrough::Open third;
    third = std::move(second);
    EXPECT_EQ(third.backing(), 1U);
    EXPECT_EQ(kernel_.ids().size(), 1U);
  }
  EXPECT_TRUE(kernel_.ids().empty());
}

TEST_F(PassthroughOpens, OfEightThreadsNeverDisagree) {
  std::atomic<int> disagreements{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 500; ++i) {
        const auto one =
            passthrough_.enter(kInode, (i + t) % 3 == 0 ? no_file : some_file);
        const auto two = passthrough_.enter(kInode, some_file);
        disagreements += one.backing() == two.backing() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(disagreements, 0);
  EXPECT_TRUE(kernel_.ids().empty());
}

}  // namespace
}  // namespace omicsfs

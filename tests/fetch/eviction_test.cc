// SPDX-License-Identifier: MIT
#include "fetch/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

// Every small state: after freeing the deficit, and not one byte less, the
// wanted bytes fit under the limit and above the floor.
TEST(Eviction, DeficitIsExactlyWhatIsLacking) {
  for (std::uint64_t limit = 0; limit <= 4; ++limit) {
    for (std::uint64_t used = 0; used <= 5; ++used) {
      for (std::uint64_t keep = 0; keep <= 4; ++keep) {
        for (std::uint64_t free = 0; free <= 5; ++free) {
          for (std::uint64_t wanted = 0; wanted <= 5; ++wanted) {
            const auto fits = [&](std::uint64_t freed) {
              return used + wanted <= limit + freed &&
                     keep + wanted <= free + freed;
            };
            const std::uint64_t lacking =
                deficit({limit, used, keep, free}, wanted);
            EXPECT_TRUE(fits(lacking));
            EXPECT_TRUE(lacking == 0 || !fits(lacking - 1));
          }
        }
      }
    }
  }
}

TEST(Eviction, DeficitDoesNotOverflow) {
  EXPECT_EQ(deficit({0, UINT64_MAX, 0, UINT64_MAX}, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(deficit({UINT64_MAX, 0, UINT64_MAX, 0}, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(deficit({UINT64_MAX, UINT64_MAX, 0, UINT64_MAX}, 7), 7U);
}

TEST(Eviction, TargetIsNothingOrAtLeastTheDeficit) {
  EXPECT_EQ(eviction_target(0, 1000), 0U);
  EXPECT_EQ(eviction_target(10, 1000), 60U);
  EXPECT_EQ(eviction_target(UINT64_MAX, 1000), UINT64_MAX);
  EXPECT_EQ(eviction_target(1, UINT64_MAX), (std::uint64_t{1} << 30) + 1);
}

TEST(Eviction, ChargeCoversTheListOfExtents) {
  EXPECT_EQ(charge_of(0), 0U);
  EXPECT_EQ(charge_of(256 << 10), 256U << 10);
  EXPECT_GE(charge_of(1 << 20), (1U << 20) + 4096);
  // An extent of 64 KiB each, 340 to a page that is half full.
  const std::uint64_t gigabyte = std::uint64_t{1} << 30;
  EXPECT_GE(charge_of(gigabyte), gigabyte + gigabyte / 65536 / 170 * 4096);
}

TEST(Eviction, ManyOpenFilesGrantsAreASmallPartOfTheLimit) {
  EXPECT_EQ(grant_step(0), 0U);
  EXPECT_EQ(grant_step(64 << 20), 1U << 20);
  EXPECT_EQ(grant_step(UINT64_MAX), 8U << 20);
}

VictimQueue queue_of(const std::vector<std::uint64_t>& bytes, bool has_more) {
  VictimQueue queue;
  for (const std::uint64_t each : bytes) {
    queue.oldest_first.push_back({0, queue.oldest_first.size(), each, 0});
  }
  queue.has_more = has_more;
  return queue;
}

std::uint64_t sum(const VictimQueue& queue) {
  std::uint64_t bytes = 0;
  for (const Victim& victim : queue.oldest_first) {
    bytes += victim.bytes;
  }
  return bytes;
}

// Checks what must hold of every choice.
class Choice {
 public:
  Choice(VictimQueues queues, EvictionNeed need)
      : queues_(std::move(queues)), need_(need) {
    number(queues_.cold, 0);
    number(queues_.ahead, 1);
    number(queues_.hot, 2);
  }

  void check() {
    std::uint64_t freed = 0;
    std::uint64_t cold_left = need_.cold_bytes;
    for (const Victim& victim : choose_victims(queues_, need_)) {
      ASSERT_LT(freed, need_.bytes) << "more than is needed";
      const bool spare_hot =
          cold_left > need_.limit / 4 || !is_left(queues_.hot, 2);
      const bool cold_is_left = is_left(queues_.cold, 0);
      const bool ahead_is_left = is_left(queues_.ahead, 1);
      ASSERT_EQ(victim.extent, next_[victim.file]++) << "not the oldest";
      freed += victim.bytes;
      if (victim.file == 2) {
        ASSERT_FALSE(spare_hot && (cold_is_left || ahead_is_left));
        ASSERT_FALSE(cold_left > need_.limit / 4 &&
                     need_.busy_bytes >= need_.bytes - (freed - victim.bytes))
            << "not patient";
        continue;
      }
      ASSERT_TRUE(spare_hot);
      ASSERT_FALSE(victim.file == 1 && cold_is_left);
      cold_left -= std::min(cold_left, victim.bytes);
    }
    const bool more =
        queues_.cold.has_more || queues_.ahead.has_more || queues_.hot.has_more;
    const std::uint64_t all =
        sum(queues_.cold) + sum(queues_.ahead) + sum(queues_.hot);
    ASSERT_TRUE(freed >= need_.bytes || more || freed == all ||
                freed + need_.busy_bytes >= need_.bytes);
  }

 private:
  static void number(VictimQueue& queue, std::size_t kind) {
    for (Victim& victim : queue.oldest_first) {
      victim.file = kind;
    }
  }
  [[nodiscard]] bool is_left(const VictimQueue& queue, std::size_t kind) const {
    return next_[kind] < queue.oldest_first.size() || queue.has_more;
  }

  VictimQueues queues_;
  EvictionNeed need_;
  std::array<std::uint64_t, 3> next_{};
};

TEST(Eviction, EverySmallWorldLosesColdDataThenHotOldestFirst) {
  const std::vector<std::vector<std::uint64_t>> sizes = {
      {}, {1}, {2}, {1, 2}, {2, 1, 1}};
  for (unsigned more = 0; more < 8; ++more) {
    for (const auto& cold : sizes) {
      for (const auto& ahead : sizes) {
        for (const auto& hot : sizes) {
          for (std::uint64_t bytes = 0; bytes <= 13; ++bytes) {
            for (std::uint64_t cold_bytes = 0; cold_bytes <= 9; ++cold_bytes) {
              for (const std::uint64_t busy : {0, 1, 3}) {
                Choice({queue_of(cold, (more & 1U) != 0),
                        queue_of(ahead, (more & 2U) != 0),
                        queue_of(hot, (more & 4U) != 0)},
                       {bytes, cold_bytes, 12, busy})
                    .check();
              }
            }
          }
        }
      }
    }
  }
}

TEST(Eviction, AScanEatsItsOwnTailAndLeavesWhatIsHot) {
  // Of 16, 4 may be cold.
  const VictimQueues queues{
      queue_of({1, 1, 1, 1, 1}, false), {}, queue_of({1, 1}, false)};
  const auto victims = choose_victims(queues, {3, 7, 16, 0});
  ASSERT_EQ(victims.size(), 3U);
  EXPECT_EQ(victims[2].extent, 2U);
  // With a fourth, cold data is at its quarter.
  EXPECT_EQ(choose_victims(queues, {4, 7, 16, 0}).back().extent, 0U);
}

TEST(Eviction, PrefetchTakesOldDataAndWhatItsOwnReaderIsDoneWith) {
  constexpr std::uint64_t kMinute = 60'000'000;
  for (const bool read : {false, true}) {
    for (const bool own : {false, true}) {
      for (const std::uint64_t age : {std::uint64_t{0}, kMinute - 1, kMinute}) {
        const ColdUse use{age, read, own};
        const bool old = age >= kMinute;
        EXPECT_EQ(cold_kind(use, Priority::kPrefetch) == ColdKind::kCold,
                  old || (read && own));
        EXPECT_NE(cold_kind(use, Priority::kPrefetch), ColdKind::kAhead);
        EXPECT_EQ(cold_kind(use, Priority::kDemand),
                  old || read ? ColdKind::kCold : ColdKind::kAhead);
      }
    }
  }
}

TEST(OldestVictims, KeepsTheOldestAndSaysWhetherThereAreMore) {
  for (std::size_t capacity = 0; capacity <= 5; ++capacity) {
    OldestVictims victims(capacity);
    for (const std::uint64_t last_use : {3, 1, 4, 2}) {
      victims.add({0, 0, 1, last_use});
    }
    const VictimQueue queue = victims.take();
    EXPECT_EQ(queue.has_more, capacity < 4);
    ASSERT_EQ(queue.oldest_first.size(), std::min<std::size_t>(capacity, 4));
    for (std::size_t i = 0; i < queue.oldest_first.size(); ++i) {
      EXPECT_EQ(queue.oldest_first[i].last_use, i + 1);
    }
    EXPECT_FALSE(victims.take().has_more);
  }
}

}  // namespace
}  // namespace omicsfs

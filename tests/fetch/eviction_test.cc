// SPDX-License-Identifier: MIT
#include "fetch/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

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

}  // namespace
}  // namespace omicsfs

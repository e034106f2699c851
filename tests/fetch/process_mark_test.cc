// SPDX-License-Identifier: MIT
#include "fetch/process_mark.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

TEST(ProcessMark, LivesAsLongAsItsBearer) {
  const TemporaryDirectory dir;
  const ProcessMark one(dir.path() / "processes");
  std::optional<ProcessMark> other(dir.path() / "processes");
  const std::int64_t number = other->number();
  EXPECT_NE(one.number(), number);
  EXPECT_TRUE(one.lives(number));
  EXPECT_TRUE(other->lives(one.number()));
  other.reset();
  EXPECT_FALSE(one.lives(number));
}

TEST(ProcessMark, NobodyIsTakenForDeadWhereThatCannotBeKnown) {
  const ProcessMark mark("/proc/omicsfs-processes");
  EXPECT_TRUE(mark.lives(7));
}

}  // namespace
}  // namespace omicsfs

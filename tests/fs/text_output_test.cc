// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "catalog/unique_fd.h"
#include "fs/progress.h"
#include "fs/text_table.h"
#include "fs/utc_text.h"

namespace omicsfs {
namespace {

TEST(TextTable, AlignsColumnsAndLeavesNoSpaceAtLineEnds) {
  EXPECT_EQ(text_table({{"NAME", "SIZE", "WHEN"}, {"a", "1234567", ""}},
                       {Align::kLeft, Align::kRight}),
            "NAME     SIZE  WHEN\n"
            "a     1234567\n");
}

TEST(TextTable, TakesRowsOfDifferentLengths) {
  EXPECT_EQ(text_table({{"a"}, {"bb", "c"}, {}}, {}), "a\nbb  c\n\n");
  EXPECT_EQ(text_table({}, {}), "");
}

TEST(UtcText, ShowsTheMoment) {
  EXPECT_EQ(utc_text(0, UtcFormat::kMinutes), "1970-01-01 00:00");
  EXPECT_EQ(utc_text(1'748'649'599, UtcFormat::kRfc3339),
            "2025-05-30T23:59:59Z");
  EXPECT_EQ(utc_text(-1, UtcFormat::kRfc3339), "1969-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(INT64_MAX, UtcFormat::kRfc3339), "?");
}

TEST(ProgressLine, TellsShareAndCount) {
  EXPECT_EQ(progress_line("manifests", 2, 5, 79), "manifests  40% (2 of 5)");
  EXPECT_EQ(progress_line("manifests", 7, 0, 79), "manifests  7");
}

TEST(ProgressLine, IsNeverWiderThanTheTerminal) {
  for (std::size_t columns = 0; columns < 40; ++columns) {
    const auto line = progress_line("a long description", 2, 5, columns);
    EXPECT_LE(line.size(), columns);
    EXPECT_EQ(line.empty(), columns == 0);
  }
}

TEST(Progress, WritesNothingToAPipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  {
    Progress progress(in.get());
    progress.show("working", 1, 2);
  }
  in.reset();
  char byte = 0;
  EXPECT_EQ(::read(out.get(), &byte, 1), 0);
}

// Both ends of a pseudo-terminal.
struct Terminal {
  UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  UniqueFd slave;

  bool open() {
    if (!master.valid() || ::grantpt(master.get()) != 0 ||
        ::unlockpt(master.get()) != 0) {
      return false;
    }
    std::array<char, 64> name{};
    if (::ptsname_r(master.get(), name.data(), name.size()) != 0) {
      return false;
    }
    slave = UniqueFd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    return slave.valid();
  }
};

TEST(Progress, RewritesOneLineOfATerminalAndTakesItAway) {
  Terminal terminal;
  if (!terminal.open()) {
    GTEST_SKIP() << "no pseudo-terminals here";
  }
  {
    Progress progress(terminal.slave.get());
    progress.show("working", 1, 2);
    progress.show("working", 1, 2);
    progress.show("working", 2, 2);
  }
  const std::string expected =
      "\r\x1b[Kworking  50% (1 of 2)\r\x1b[Kworking  100% (2 of 2)\r\x1b[K";
  std::string shown;
  std::array<char, 256> buffer{};
  while (shown.size() < expected.size()) {
    const ssize_t count =
        ::read(terminal.master.get(), buffer.data(), buffer.size());
    ASSERT_GT(count, 0);
    shown.append(buffer.data(), static_cast<std::size_t>(count));
  }
  EXPECT_EQ(shown, expected);
}

}  // namespace
}  // namespace omicsfs

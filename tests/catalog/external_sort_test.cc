// SPDX-License-Identifier: MIT
#include "catalog/external_sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

using SortedRows = std::vector<std::pair<std::string, std::string>>;

SortedRows sorted_by(ExternalSort& sort, const SortedRows& rows) {
  for (const auto& [key, payload] : rows) {
    EXPECT_TRUE(sort.add(key, payload));
  }
  SortedRows out;
  EXPECT_TRUE(sort.drain([&](std::string_view key, std::string_view payload) {
    out.emplace_back(key, payload);
    return Result<void>();
  }));
  return out;
}

SortedRows random_rows(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  SortedRows rows;
  for (std::size_t index = 0; index < count; ++index) {
    rows.emplace_back("k" + std::to_string(random() % (count / 2 + 1)),
                      std::string(random() % 40, 'p') + std::to_string(index));
  }
  return rows;
}

// From all in memory to a run a row.
class ExternalSortTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ExternalSortTest, RowsComeInOrderAndEqualKeysAsTheyCame) {
  const ScratchDir dir;
  for (const std::size_t count : {0U, 1U, 2U, 500U, 3000U}) {
    SortedRows rows = random_rows(count, static_cast<unsigned>(count));
    ExternalSort sort(dir.path(), GetParam());
    const SortedRows out = sorted_by(sort, rows);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& left, const auto& right) {
                       return left.first < right.first;
                     });
    EXPECT_EQ(sort.rows(), count);
    EXPECT_EQ(out, rows) << count;
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

INSTANTIATE_TEST_SUITE_P(Buffers, ExternalSortTest,
                         testing::Values(1U, 100U, 5000U, 1U << 20U));

TEST(ExternalSort, ARowLargerThanTheBufferIsSortedToo) {
  const ScratchDir dir;
  ExternalSort sort(dir.path(), 1000);
  const SortedRows rows = {{"b", std::string(100'000, 'x')},
                           {"a", ""},
                           {"", std::string(50'000, 'y')}};
  EXPECT_EQ(sorted_by(sort, rows), (SortedRows{rows[2], rows[1], rows[0]}));
}

TEST(ExternalSort, WhoTakesRowsMayEndIt) {
  const ScratchDir dir;
  for (const std::size_t buffer : {1U, 1000U}) {
    ExternalSort sort(dir.path(), buffer);
    ASSERT_TRUE(sort.add("a", "1"));
    ASSERT_TRUE(sort.add("b", "2"));
    int taken = 0;
    const auto done =
        sort.drain([&](std::string_view, std::string_view) -> Result<void> {
          ++taken;
          return Error{ErrorCode::kInterrupted, "enough"};
        });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "enough");
    EXPECT_EQ(taken, 1);
  }
}

// A buffer is written while the next one fills, so a later call tells of it.
TEST(ExternalSort, ADirectoryThatIsNotThereIsAnErrorFromThenOn) {
  ExternalSort sort("/nowhere/at/all", 1);
  ASSERT_TRUE(sort.add("a", "1"));
  EXPECT_TRUE(sort.add("b", "2"));
  EXPECT_FALSE(sort.add("c", "3"));
  EXPECT_FALSE(sort.add("d", "4"));
  EXPECT_FALSE(sort.drain([](std::string_view, std::string_view) {
    ADD_FAILURE() << "rows are lost";
    return Result<void>();
  }));
}

}  // namespace
}  // namespace omicsfs

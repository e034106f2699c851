// SPDX-License-Identifier: MIT
#include "catalog/row_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

class RowWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(database_.execute(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c);"
        "CREATE TABLE u(name TEXT PRIMARY KEY) WITHOUT ROWID"));
  }

  std::int64_t number(const std::string& sql) {
    return *database_.query_integer(sql);
  }

  ScratchDir dir_;
  Database database_ = *Database::open(dir_ / "d", OpenMode::kReadWriteCreate);
};

constexpr char kIntoT[] = "INSERT INTO t(id, a, b, c)";
constexpr char kIntoU[] = "INSERT INTO u(name)";

TEST_F(RowWriterTest, ValuesOfEveryTypeAreKept) {
  RowWriter writer(database_);
  const auto table = writer.prepare(kIntoT);
  ASSERT_TRUE(table);
  {
    const std::string text = "of a string that goes";
    ASSERT_TRUE(writer.add(
        *table, {std::int64_t{1}, text, std::as_bytes(std::span(text)), {}}));
  }
  ASSERT_TRUE(
      writer.add(*table, {std::int64_t{2}, std::string_view(),
                          std::span<const std::byte>(), std::int64_t{-5}}));
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(number("SELECT count(*) FROM t"), 2);
  EXPECT_EQ(number("SELECT a = 'of a string that goes' AND b = CAST(a AS BLOB) "
                   "AND c IS NULL FROM t WHERE id = 1"),
            1);
  EXPECT_EQ(number("SELECT a = '' AND typeof(a) = 'text' AND b = x'' AND "
                   "c = -5 FROM t WHERE id = 2"),
            1);
}

// A statement takes 32 rows, a job 256.
TEST_F(RowWriterTest, AnyNumberOfRowsComesInTheOrderInWhichTheyWereAdded) {
  std::int64_t id = 0;
  for (const int rows : {0, 1, 31, 32, 33, 64, 255, 256, 257, 5000}) {
    ASSERT_TRUE(database_.execute("DELETE FROM t"));
    RowWriter writer(database_);
    const auto table = writer.prepare(kIntoT);
    for (int row = 0; row < rows; ++row) {
      ASSERT_TRUE(writer.add(
          *table, {++id,
                   std::string(static_cast<std::size_t>(row) % 300, 'x'),
                   {},
                   {}}));
    }
    ASSERT_TRUE(writer.flush());
    EXPECT_EQ(number("SELECT count(*) FROM t"), rows);
    EXPECT_EQ(number("SELECT count(*) FROM t WHERE length(a) != "
                     "(id - (SELECT min(id) FROM t)) % 300"),
              0);
  }
}

TEST_F(RowWriterTest, TablesAreToldApartAndTheDatabaseIsItsUsersAfterFlush) {
  RowWriter writer(database_);
  const auto t = writer.prepare(kIntoT);
  for (std::int64_t id = 1; id <= 100; ++id) {
    ASSERT_TRUE(writer.add(*t, {id, {}, {}, {}}));
  }
  const auto u = writer.prepare(kIntoU);  // what is added is written first
  ASSERT_TRUE(u);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 100);
  for (int name = 0; name < 100; ++name) {
    ASSERT_TRUE(writer.add(*u, {std::to_string(name)}));
    ASSERT_TRUE(writer.add(*t, {std::int64_t{101} + name, {}, {}, {}}));
  }
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(number("SELECT count(*) FROM t"), 200);
  EXPECT_EQ(number("SELECT count(*) FROM u"), 100);
  ASSERT_TRUE(writer.add(*u, {"again"}));
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(number("SELECT count(*) FROM u"), 101);
}

TEST_F(RowWriterTest, AFailureIsToldOfAtOnceOrAtTheNextRows) {
  RowWriter writer(database_);
  const auto table = writer.prepare(kIntoU);
  ASSERT_TRUE(writer.add(*table, {"a"}));
  ASSERT_TRUE(writer.add(*table, {"a"}));
  EXPECT_EQ(writer.flush().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(writer.flush().error().code, ErrorCode::kInvalid);
  Result<void> added;
  for (int row = 0; row < 512 && added; ++row) {
    added = writer.add(*table, {std::to_string(row)});
  }
  EXPECT_FALSE(added);
  EXPECT_FALSE(writer.prepare(kIntoT));
}

TEST_F(RowWriterTest, AStatementThatIsNoneIsRefused) {
  RowWriter writer(database_);
  EXPECT_FALSE(writer.prepare("INSERT INTO nowhere(a)"));
}

TEST_F(RowWriterTest, MayBeDroppedWithMuchToWrite) {
  RowWriter writer(database_);
  const auto table = writer.prepare(kIntoT);
  for (std::int64_t id = 1; id <= 1000; ++id) {
    ASSERT_TRUE(writer.add(*table, {id, {}, {}, {}}));
  }
}

}  // namespace
}  // namespace omicsfs

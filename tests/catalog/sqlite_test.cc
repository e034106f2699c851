// SPDX-License-Identifier: MIT
#include "catalog/sqlite.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

class SqliteTest : public testing::Test {
 protected:
  Database open(const std::filesystem::path& path) {
    Result<Database> database =
        Database::open(path, OpenMode::kReadWriteCreate);
    EXPECT_TRUE(database) << database.error().message;
    return *std::move(database);
  }

  ScratchDir dir_;
};

using Sqlite = SqliteTest;

TEST_F(Sqlite, ValuesOfEveryTypeComeBack) {
  Database database = open(dir_ / "d");
  ASSERT_TRUE(database.execute("CREATE TABLE t(a, b, c, d, e)"));
  Result<Statement> insert =
      database.prepare("INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5)");
  ASSERT_TRUE(insert);
  const std::string text("a\0b", 3);
  const std::string_view empty;
  ASSERT_TRUE(insert->run({std::int64_t{-7}, text, empty,
                           std::as_bytes(std::span(text)), SqlValue()}));
  Result<Statement> select =
      database.prepare("SELECT a, b, c, d, e, typeof(c) FROM t");
  ASSERT_TRUE(select);
  Rows rows = select->rows();
  ASSERT_TRUE(*rows.step());
  EXPECT_EQ(rows.integer(0), -7);
  EXPECT_EQ(rows.text(1), text);
  EXPECT_EQ(rows.text(2), "");
  EXPECT_EQ(rows.blob(3).size(), 3U);
  EXPECT_TRUE(rows.is_null(4));
  EXPECT_EQ(rows.text(5), "text") << "an empty view is not NULL";
  EXPECT_FALSE(*rows.step());
}

TEST_F(Sqlite, AStatementCanRunAgainAfterItsRows) {
  Database database = open(dir_ / "d");
  Result<Statement> select = database.prepare("SELECT ?1");
  ASSERT_TRUE(select);
  for (std::int64_t value = 0; value < 3; ++value) {
    Rows rows = select->rows({value});
    ASSERT_TRUE(*rows.step());
    EXPECT_EQ(rows.integer(0), value);
  }
}

TEST_F(Sqlite, FailuresHaveTheirOwnCodes) {
  Database database = open(dir_ / "d");
  ASSERT_TRUE(database.execute("CREATE TABLE t(a UNIQUE)"));
  ASSERT_TRUE(database.execute("INSERT INTO t VALUES(1)"));
  EXPECT_EQ(database.execute("INSERT INTO t VALUES(1)").error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(database.prepare("SELEKT").error().code, ErrorCode::kIo);
  EXPECT_EQ(database.query_integer("SELECT 1 WHERE 0").error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(database.execute("PRAGMA max_page_count=3"));
  EXPECT_EQ(
      database
          .execute("CREATE TABLE f(a); INSERT INTO f VALUES(zeroblob(99999))")
          .error()
          .code,
      ErrorCode::kNoSpace);
  write_file(dir_ / "text", std::string(5000, 'x'));
  Database text = open(dir_ / "text");
  EXPECT_EQ(text.query_integer("SELECT count(*) FROM t").error().code,
            ErrorCode::kCorrupt);
}

TEST_F(Sqlite, TooManyValuesAreAnErrorOfTheRun) {
  Database database = open(dir_ / "d");
  Result<Statement> select = database.prepare("SELECT ?1");
  ASSERT_TRUE(select);
  EXPECT_FALSE(select->run({std::int64_t{1}, std::int64_t{2}}));
  EXPECT_TRUE(select->run({std::int64_t{1}}));
}

TEST_F(Sqlite, AnImmutableDatabaseOpensWhateverItsName) {
  const std::filesystem::path path = dir_ / "a?b#c%20 d&immutable=0.sqlite";
  ASSERT_TRUE(open(path).execute("CREATE TABLE t(a)"));
  Result<Database> database = Database::open(path, OpenMode::kImmutable);
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ(*database->query_integer("SELECT count(*) FROM t"), 0);
  EXPECT_FALSE(database->execute("INSERT INTO t VALUES(1)"));
}

TEST_F(Sqlite, AnImmutableDatabaseIsNotCreated) {
  EXPECT_FALSE(Database::open(dir_ / "absent", OpenMode::kImmutable));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "absent"));
}

}  // namespace
}  // namespace omicsfs

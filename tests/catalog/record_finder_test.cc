// SPDX-License-Identifier: MIT
#include "catalog/record_finder.h"

#include <gtest/gtest.h>

#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {
namespace {

class RecordFinderTest : public ::testing::Test {
 protected:
  RecordFinderTest() {
    write_snapshot(path_, [](TreeBuilder& tree) {
      const SnapshotRecord records[] = {
          {"experiment",
           "SRP1",
           "e/SRP1",
           {{"organism", "HOMO_SAPIENS"},
            {"organism", "MUS_MUSCULUS"},
            {"technology", "RNA-SEQ"}}},
          {"sample",
           "SRR1",
           "e/SRP1",
           {{"organism", "HOMO_SAPIENS"}, {"sex", "Female"}}},
          {"sample",
           "SRR2",
           "e/SRP1",
           {{"organism", "MUS_MUSCULUS"}, {"sex", "female"}}},
          {"sample", "SRR3", "", {}}};
      for (const SnapshotRecord& record : records) {
        ASSERT_TRUE(tree.add_record(record));
      }
    });
  }

  // The names found, "a b", or the error.
  std::string found(const std::vector<FieldCondition>& conditions) {
    std::string names;
    const auto done =
        find_records(path_, conditions, [&names](const SnapshotRecord& record) {
          names += (names.empty() ? "" : " ") + record.name;
          return Result<void>();
        });
    return done ? names : "error: " + done.error().message;
  }

  const ScratchDir dir_;
  const std::filesystem::path path_ = dir_.path() / "s.sqlite";
};

TEST_F(RecordFinderTest, AllWhereNothingIsAskedFor) {
  EXPECT_EQ(found({}), "SRP1 SRR1 SRR2 SRR3");
}

TEST_F(RecordFinderTest, WhatMeetsEveryCondition) {
  EXPECT_EQ(found({{"organism", "HOMO_SAPIENS"}}), "SRP1 SRR1");
  EXPECT_EQ(found({{"organism", "mus_musculus"}, {"sex", "FEMALE"}}), "SRR2");
  EXPECT_EQ(found({{"sex", "female"}}), "SRR1 SRR2");
  EXPECT_EQ(found({{"organism", "HOMO_SAPIENS"}, {"organism", "MUS_MUSCULUS"}}),
            "SRP1");
  EXPECT_EQ(found({{"sex", "male"}}), "");
}

TEST_F(RecordFinderTest, AFieldThatNothingHasIsRefusedNamingTheOthers) {
  EXPECT_NE(found({{"organsim", "x"}}).find("organism, sex, technology"),
            std::string::npos);
}

TEST_F(RecordFinderTest, ARecordComesBackAsItWasGiven) {
  std::vector<SnapshotRecord> records;
  ASSERT_TRUE(find_records(path_,
                           std::vector<FieldCondition>{{"sex", "female"}},
                           [&records](const SnapshotRecord& record) {
                             records.push_back(record);
                             return Result<void>();
                           }));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].kind, "sample");
  EXPECT_EQ(records[0].path, "e/SRP1");
  ASSERT_EQ(records[0].fields.size(), 2U);
  EXPECT_EQ(records[0].fields[1].second, "Female");  // as it was written
  EXPECT_EQ(records[1].fields[1].second, "female");
}

TEST_F(RecordFinderTest, WhoTakesThemMayEndIt) {
  const auto done =
      find_records(path_, {}, [](const SnapshotRecord&) -> Result<void> {
        return Error{ErrorCode::kIo, "enough"};
      });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "enough");
}

}  // namespace
}  // namespace omicsfs

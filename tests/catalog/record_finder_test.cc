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
    auto finder = RecordFinder::open(path_);
    if (!finder) {
      return "error: " + finder.error().message;
    }
    const auto done =
        finder->find(conditions, "", [&names](const SnapshotRecord& record) {
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
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  std::vector<SnapshotRecord> records;
  ASSERT_TRUE(finder->find(std::vector<FieldCondition>{{"sex", "female"}}, "",
                           [&records](const SnapshotRecord& record) {
                             records.push_back(record);
                             return Result<void>();
                           }));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].kind, "sample");
  EXPECT_EQ(records[0].path, "e/SRP1");
  ASSERT_EQ(records[0].fields.size(), 2U);
  EXPECT_EQ(records[0].fields[1].text, "Female");  // as it was written
  EXPECT_EQ(records[1].fields[1].text, "female");
}

TEST_F(RecordFinderTest, WhoTakesThemMayEndIt) {
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  const auto done =
      finder->find({}, "", [](const SnapshotRecord&) -> Result<void> {
        return Error{ErrorCode::kIo, "enough"};
      });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "enough");
}

TEST_F(RecordFinderTest, KindsAreTakenApart) {
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  const std::vector<FieldCondition> human = {{"organism", "homo_sapiens"}};
  EXPECT_EQ(*finder->count({}, ""), 4U);
  EXPECT_EQ(*finder->count({}, "sample"), 3U);
  EXPECT_EQ(*finder->count(human, ""), 2U);
  EXPECT_EQ(*finder->count(human, "experiment"), 1U);
}

TEST_F(RecordFinderTest, AKindThatNothingHasIsRefusedNamingTheOthers) {
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  EXPECT_TRUE(finder->check_kind("sample"));
  const auto refused = finder->check_kind("samples");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().message,
            "no record is of the kind \"samples\"; there are: experiment, "
            "sample");
}

TEST_F(RecordFinderTest, FacetsCountTheirValues) {
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  const auto facets = finder->facets();
  ASSERT_TRUE(facets);
  ASSERT_EQ(facets->size(), 3U);
  EXPECT_EQ((*facets)[0].name, "organism");
  EXPECT_EQ((*facets)[0].values, 2U);
  const auto organisms = finder->facet_values("organism");
  ASSERT_TRUE(organisms);
  ASSERT_EQ(organisms->size(), 2U);
  EXPECT_EQ((*organisms)[0].value, "HOMO_SAPIENS");
  EXPECT_EQ((*organisms)[0].records, 2U);
  EXPECT_EQ(finder->facet_values("nothing").error().code, ErrorCode::kInvalid);
}

// Records of nodes: lists, texts that are no terms, other names of fields.
class FilesFinderTest : public ::testing::Test {
 protected:
  FilesFinderTest() {
    write_snapshot(path_, [](TreeBuilder& tree) {
      ASSERT_TRUE(tree.set_property("field_aliases", "kind=assay,x=slims"));
      ASSERT_TRUE(tree.set_property("record_name_fields", "id"));
      for (int number = 0; number < 300; ++number) {
        const std::string name = "F" + std::to_string(number);
        const auto file = tree.add_inline_file(name, "", 0);
        ASSERT_TRUE(file);
        const std::string md5 = "m" + std::to_string(number);
        const RecordField fields[] = {
            {"assay", number % 3 == 0 ? "TF ChIP-seq" : "ATAC-seq"},
            {"slims", number % 2 == 0 ? R"(["lung", "lung", "heart"])" : "[]",
             FieldKind::kTermList},
            {"md5sum", md5, FieldKind::kText}};
        ASSERT_TRUE(tree.add_record({"file", name, name, fields, *file}));
      }
    });
  }

  std::uint64_t count(const std::vector<FieldCondition>& conditions) {
    auto finder = RecordFinder::open(path_);
    EXPECT_TRUE(finder);
    const auto records = finder->count(conditions, "");
    EXPECT_TRUE(records) << records.error().message;
    return *records;
  }

  const ScratchDir dir_;
  const std::filesystem::path path_ = dir_.path() / "s.sqlite";
};

TEST_F(FilesFinderTest, ElementsOfListsAreFound) {
  EXPECT_EQ(count({{"slims", "heart"}}), 150U);
  EXPECT_EQ(count({{"slims", "LUNG"}, {"assay", "tf chip-seq"}}), 50U);
  EXPECT_EQ(count({{"slims", "liver"}}), 0U);
}

TEST_F(FilesFinderTest, FieldsHaveOtherNames) {
  EXPECT_EQ(count({{"kind", "ATAC-seq"}}), 200U);
  EXPECT_EQ(count({{"x", "heart"}}), 150U);
}

TEST_F(FilesFinderTest, NamesAndTextsAreFound) {
  EXPECT_EQ(count({{"id", "f17"}}), 1U);
  EXPECT_EQ(count({{"md5sum", "M17"}}), 1U);
  EXPECT_EQ(count({{"md5sum", "m17"}, {"assay", "TF ChIP-seq"}}), 0U);
  EXPECT_EQ(count({{"md5sum", "m18"}, {"assay", "TF ChIP-seq"}}), 1U);
}

TEST_F(FilesFinderTest, ListsComeBackAsTheyWere) {
  auto finder = RecordFinder::open(path_);
  ASSERT_TRUE(finder);
  SnapshotRecord last;
  ASSERT_TRUE(finder->find(std::vector<FieldCondition>{{"id", "F4"}}, "file",
                           [&last](const SnapshotRecord& record) {
                             last = record;
                             return Result<void>();
                           }));
  const std::vector<RecordValue> fields = {
      {"assay", "ATAC-seq"},
      {"slims", R"(["lung", "lung", "heart"])", true},
      {"md5sum", "m4"}};
  EXPECT_EQ(last.fields, fields);
  EXPECT_EQ(finder->fields(),
            (std::vector<std::string>{"assay", "slims", "md5sum"}));
}

TEST(RecordWriting, RecordsOfNodesComeInTheirOrder) {
  const ScratchDir dir;
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    const auto one = tree.add_inline_file("a", "", 0);
    const auto two = tree.add_inline_file("b", "", 0);
    ASSERT_TRUE(one && two);
    ASSERT_TRUE(tree.add_record({"file", "b", "b", {}, *two}));
    const auto late = tree.add_record({"file", "a", "a", {}, *one});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::kInvalid);
  });
}

TEST(RecordWriting, AListThatIsNoneIsRefused) {
  const ScratchDir dir;
  write_snapshot(dir / "s", [](TreeBuilder& tree) {
    for (const char* list : {"", "x", "{}", "[[1]]", "[1"}) {
      const RecordField fields[] = {{"slims", list, FieldKind::kTermList}};
      const auto added = tree.add_record({"sample", "S", "", fields});
      ASSERT_FALSE(added) << list;
      EXPECT_EQ(added.error().code, ErrorCode::kInvalid);
    }
  });
}

}  // namespace
}  // namespace omicsfs

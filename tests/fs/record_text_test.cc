// SPDX-License-Identifier: MIT
#include "fs/record_text.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

const SnapshotRecord kRecord = {"file",
                                "ENCFF1",
                                "experiments/E/ENCFF1.bam",
                                {{"organism", "human"},
                                 {"organism", "mouse"},
                                 {"slims", R"(["a", "b"])", true},
                                 {"note", "two\tcells\n"}}};

TEST(RecordText, ALineHasNoControlCharacters) {
  EXPECT_EQ(record_line(kRecord),
            "file\tENCFF1\texperiments/E/ENCFF1.bam\torganism=human "
            "organism=mouse slims=[\"a\", \"b\"] note=two cells ");
}

TEST(RecordText, ListsAreArraysInJson) {
  EXPECT_EQ(record_json(kRecord),
            R"({"kind": "file", "name": "ENCFF1", )"
            R"("path": "experiments/E/ENCFF1.bam", "fields": )"
            R"({"note": "two\tcells\n", "organism": ["human", "mouse"], )"
            R"("slims": ["a", "b"]}})");
}

TEST(RecordText, ATableHasAColumnAField) {
  EXPECT_EQ(record_table_header({"a", "b"}), "kind\tname\tpath\ta\tb");
  EXPECT_EQ(record_table_header({}), "kind\tname\tpath");
  EXPECT_EQ(
      record_table_line(kRecord, {"slims", "none", "organism", "note"}),
      "file\tENCFF1\texperiments/E/ENCFF1.bam\t\"[\"\"a\"\", \"\"b\"\"]\"\t\t"
      "\"[\"\"human\"\", \"\"mouse\"\"]\"\t\"two\tcells\n\"");
}

}  // namespace
}  // namespace omicsfs

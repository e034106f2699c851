// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_view.h"

#include <gtest/gtest.h>

#include "tests/catalog/manifest_reading.h"

namespace omicsfs {
namespace {

// What is told of a resource of a url, with these members besides.
ToldManifest told_with(const std::string& members) {
  ManifestReading reading;
  return reading.read(R"({"resources": [{"path": "https://h/a", "fs:path":
                          "d/a", )" +
                          members + "}]}",
                      "https://w/m.json");
}

TEST(ManifestView, IsAnyOfItsForms) {
  for (const std::string members : {
           R"("fs:archive": true)",
           R"("fs:archive": false)",
           R"("fs:archive": "d/b/members")",
           R"("fs:archive": "d")",
           R"("fs:archive": "d/ab")",
           R"("fs:columns": {"x": [0, 2], "y": [1, 9223372036854775807]})",
           R"("fs:columns": {"arr_0": {"x": [0, 2]}, "b/c": {}})",
           R"("fs:archive": false, "fs:columns": {"x": [0, 2]})",
           R"("fs:archive": true, "fs:columns": {"a": {"x": [0, 2]}})",
       }) {
    const ToldManifest told = told_with(members);
    EXPECT_EQ(told.error + told.problems + told.odd, "");
    std::string expected = "d/a ? - - https://h/a, ";
    expected += members + "\n";
    EXPECT_EQ(told.files, expected);
  }
}

TEST(ManifestView, ThePathOfTheMembersBesideIsWrittenTrue) {
  EXPECT_EQ(told_with(R"("fs:archive": "d/a.d")").files,
            "d/a ? - - https://h/a, \"fs:archive\": true\n");
}

TEST(ManifestView, OfNullOrNoColumnsIsNone) {
  EXPECT_EQ(told_with(R"("fs:archive": null, "fs:columns": null)").files,
            "d/a ? - - https://h/a\n");
  EXPECT_EQ(told_with(R"("fs:columns": {})").files, "d/a ? - - https://h/a\n");
}

TEST(ManifestView, ThatCannotBeIsAProblemOfItsResource) {
  for (const auto& [members, why] : {
           std::pair{R"("fs:archive": 1)", "/fs:archive: expected true, false"},
           std::pair{R"("fs:archive": "")", "/fs:archive: expected true"},
           std::pair{R"("fs:archive": {})", "/fs:archive: expected true"},
           std::pair{R"("fs:archive": "../x")", "fs:archive: "},
           std::pair{R"("fs:archive": "/x")", "fs:archive: "},
           std::pair{R"("fs:archive": "d/a")", "fs:archive: \"d/a\" is the "},
           std::pair{R"("fs:archive": "d/a/x")", "or runs through it"},
           std::pair{R"("fs:archive": true, "fs:columns": {"x": [0, 1]})",
                     "fs:columns are those of an array"},
           std::pair{R"("fs:columns": true)", "/fs:columns: expected an obj"},
           std::pair{R"("fs:columns": {"x": [1, 1]})", "/fs:columns/x: "},
           std::pair{R"("fs:columns": {"a": {"x": 1}})", "/fs:columns/a/x: "},
           std::pair{R"("fs:columns": {"../a": {}})", "/fs:columns/..~1a: "},
       }) {
    const ToldManifest told = told_with(members);
    EXPECT_EQ(told.files, "") << members;
    EXPECT_TRUE(told.problems.starts_with("/resources/0: "));
    EXPECT_NE(told.problems.find(why), std::string::npos)
        << members << " " << told.problems;
  }
}

TEST(ManifestView, DataHaveNone) {
  ManifestReading reading;
  const ToldManifest told = reading.read(
      R"({"name": "a", "data": "x", "fs:archive": true}
{"name": "b", "data": "x", "fs:columns": {"x": [0, 1]}}
{"name": "c", "data": "x", "fs:archive": false}
)",
      "https://w/m.jsonl");
  EXPECT_EQ(told.files, "c ? - - data:x, \"fs:archive\": false\n");
  EXPECT_TRUE(told.problems.starts_with("line 1: its data are text"));
  EXPECT_NE(told.problems.find("line 2: its data are text"), std::string::npos);
}

}  // namespace
}  // namespace omicsfs

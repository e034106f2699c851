// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_writer.h"

#include <gtest/gtest.h>

#include "tests/catalog/manifest_reading.h"

namespace omicsfs {
namespace {

std::vector<ManifestEntry> written_entries() {
  ManifestEntry remote;
  remote.path = "d/a \"b\".bin";
  remote.urls = {"https://h/a%20b"};
  remote.size = 12;
  remote.digest =
      *parse_digest(DigestKind::kMd5, "0123456789abcdef0123456789abcdef");
  remote.mtime = 1'624'446'250;
  remote.attributes = {{"sample", "S\n1"}, {"x", ""}};
  ManifestEntry several = remote;
  several.path = "several";
  several.urls = {"redirect:https://h/r", "https://m/r",
                  "token:lab:https://t/r", "resolve:https://a/r#x.url"};
  several.digest = *parse_digest(DigestKind::kSha256, std::string(64, 'b'));
  several.attributes.clear();
  ManifestEntry inline_one;
  inline_one.path = "note.txt";
  inline_one.data = "h\xC3\xA9llo\n";
  ManifestEntry beside;
  beside.path = "e/beside";
  ManifestEntry array = beside;
  array.path = "v/array";
  array.view = {"", {{"", {{"first \"x\"", 0, 2}, {"b", 1, 3}}}}};
  ManifestEntry archive = beside;
  archive.path = "v/archive";
  archive.view = {"v/archive.d", {{"x/y", {{"b", 1, 3}}}, {"z", {}}}};
  ManifestEntry elsewhere = beside;
  elsewhere.path = "v/elsewhere";
  elsewhere.view = {"w/\"there\"", {}};
  return {remote, several, inline_one, beside, array, archive, elsewhere};
}

std::string written(ManifestForm form,
                    const std::vector<ManifestEntry>& files) {
  std::string text;
  ManifestWriter writer(form, [&text](std::string_view piece) {
    text += piece;
    return Result<void>();
  });
  EXPECT_TRUE(writer.begin("A \"title\""));
  for (const ManifestEntry& entry : files) {
    EXPECT_TRUE(writer.add(entry));
  }
  EXPECT_TRUE(writer.end());
  EXPECT_EQ(writer.files(), files.size());
  return text;
}

TEST(ManifestWriter, WhatItWritesIsReadAsItWas) {
  for (const ManifestForm form :
       {ManifestForm::kPackage, ManifestForm::kLines}) {
    ManifestReading reading;
    const ToldManifest told =
        reading.read(written(form, written_entries()), "https://w/m.json");
    EXPECT_EQ(told.error + told.problems + told.odd, "");
    EXPECT_EQ(told.about, "title: A \"title\"\n");
    EXPECT_EQ(told.files,
              "d/a \"b\".bin 12 md5:0123456789abcdef0123456789abcdef "
              "1624446250 https://h/a%20b sample=S\n1 x=\n"
              "several 12 sha256:" +
                  std::string(64, 'b') +
                  " 1624446250 redirect:https://h/r https://m/r "
                  "token:lab:https://t/r resolve:https://a/r#x.url\n"
                  "note.txt ? - - data:h\xC3\xA9llo\n\n"
                  "e/beside ? - - https://w/e/beside\n"
                  "v/array ? - - https://w/v/array, \"fs:archive\": false, "
                  "\"fs:columns\": {\"first \\\"x\\\"\": [0, 2], \"b\": [1, "
                  "3]}\n"
                  "v/archive ? - - https://w/v/archive, \"fs:archive\": true, "
                  "\"fs:columns\": {\"x/y\": {\"b\": [1, 3]}, \"z\": {}}\n"
                  "v/elsewhere ? - - https://w/v/elsewhere, \"fs:archive\": "
                  "\"w/\\\"there\\\"\"\n");
  }
}

TEST(ManifestWriter, ThatOfNoFilesIsAPackageStill) {
  ManifestReading reading;
  const ToldManifest told =
      reading.read(written(ManifestForm::kPackage, {}), "https://w/m.json");
  EXPECT_EQ(told.error + told.problems + told.files, "");
}

TEST(ManifestWriter, AnErrorOfItsSinkIsItsOwn) {
  ManifestWriter writer(ManifestForm::kLines, [](std::string_view) {
    return Error{ErrorCode::kNoSpace, "full"};
  });
  EXPECT_FALSE(writer.begin(""));
  EXPECT_FALSE(writer.add(written_entries().front()));
}

}  // namespace
}  // namespace omicsfs

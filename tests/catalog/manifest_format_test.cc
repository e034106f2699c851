// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_format.h"

#include <gtest/gtest.h>

#include <string>

namespace omicsfs {
namespace {

using Format = ManifestFormat;

TEST(ManifestFormat, EachIsKnownByItsContent) {
  const std::pair<const char*, Format> documents[] = {
      {R"({"name": "x", "resources": [{"path": "a")", Format::kPackage},
      {R"({"resources": []})", Format::kPackage},
      {"{\n  \"$schema\": {\"a\": [1]},\n  \"resources\": [", Format::kPackage},
      {R"({"path": "a", "bytes": 1})", Format::kLines},
      {"{\"fs:path\": \"a\", \"data\": \"\"}\n{\"path\": \"b\"}\n",
       Format::kLines},
      {"{\"title\": \"all\"}\n{\"path\": \"b\"}\n", Format::kLines},
      {R"({"data": "x"})", Format::kLines},
      {R"({"fs:access": []})", Format::kLines},
      {R"([{"type": "file"}])", Format::kHub},
      {"[]", Format::kHub},
      {R"({"@context": "x", "@graph": [)", Format::kCrate},
      {R"({"@graph": [], "@context": {}})", Format::kCrate},
      {R"({"@context": {}, "distribution": []})", Format::kCroissant},
      {R"({"@context": {}, "@type": "sc:Dataset"})", Format::kCroissant},
      {R"({"recordSet": [)", Format::kCroissant},
      {R"({"id": "x", "access_methods": []})", Format::kDrs},
      {R"({"id": "x", "contents": [)", Format::kDrs},
      {"<?xml version=\"1.0\"?><ListBucketResult>", Format::kS3},
      {"https://h/a 12 data/a b\n", Format::kBag},
      {"https://h/a\t-\tdata/a\n", Format::kBag},
      {"id\tmd5\tsize\turls\n", Format::kTable},
      {"id\tfilename\tmd5\tsize\tstate\r\n", Format::kTable},
      {"id\tsize\n", Format::kTable},
      {"https://h/a\n", Format::kUrls},
      {"# all\n\n  s3://b/k \n", Format::kUrls},
      {"ftp://h/a\nhttps://h/a\n", Format::kUrls},
      {"https://h/a b\nhttps://h/c\n", Format::kUrls},
      {"https://h/a twelve data/a\n", Format::kUrls},
      {"gs://b/k", Format::kUrls}};
  for (const auto& [text, format] : documents) {
    EXPECT_EQ(manifest_format(text), format) << text;
    EXPECT_EQ(manifest_format(std::string("\xEF\xBB\xBF\n ") + text), format)
        << text;
    EXPECT_FALSE(format_title(format).empty());
  }
}

TEST(ManifestFormat, OthersAreUnknown) {
  for (const char* text :
       {"", " \n", "# only a comment\n", "{", "{}", R"({"name": "x"})",
        "plain text", "a\tb\n", "see https://h/a\n", "id\tname\n",
        "\x89PNG\r\n", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(manifest_format(text), Format::kUnknown) << text;
  }
}

TEST(ManifestFormat, APackageMayTellMuchBeforeItsResources) {
  const std::string text =
      "{\"description\": \"" + std::string(kFormatBytes, 'x');
  EXPECT_EQ(manifest_format(std::string_view(text).substr(0, kFormatBytes)),
            Format::kPackage);
  EXPECT_EQ(manifest_format(std::string_view(text).substr(0, 1000)),
            Format::kUnknown);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_readers.h"

#include <gtest/gtest.h>

#include "tests/catalog/manifest_reading.h"

// Each format by a small sample of our own.

namespace omicsfs {
namespace {

constexpr const char* kMd5 = "0123456789abcdef0123456789abcdef";
const std::string kSha256(64, 'a');

ToldManifest read_at(const std::string& place, const std::string& text) {
  ManifestReading reading;
  return reading.read(text, place);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PackageManifest, AResourceIsAFile) {
  const ToldManifest told =
      read_at("https://h/d/datapackage.json", R"({
    "name": "x", "title": "A title", "licenses": [{"name": "CC0-1.0"}],
    "resources": [
      {"name": "a", "path": "sub/a b.csv", "bytes": 3,
       "hash": "sha256:)" + kSha256 + R"("},
      {"name": "b", "path": "https://o/x%20y.gz", "hash": ")" +
                                                  std::string(kMd5) + R"("},
      {"name": "c", "fs:path": "deep/c.txt", "data": "hello", "bytes": 5},
      {"name": "d", "fs:path": "d", "fs:mtime": "1970-01-02T00:00:00Z",
       "path": "https://one/d",
       "fs:access": [{"type": "https", "url": "https://one/d"},
                     "s3://bucket/d", {"url": "mirror/d"}],
       "fs:checksums": [{"type": "md5", "checksum": ")" +
                                                  std::string(kMd5) + R"("},
                        {"type": "sha-256", "checksum": ")" +
                                                  kSha256 + R"("},
                        {"type": "blake3", "checksum": "whatever"}],
       "fs:xattr": {"encode.accession": "E1", "n": 7, "t": true}}]})");
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.about, "title: A title\nlicence: CC0-1.0\n");
  EXPECT_EQ(told.files,
            "sub/a b.csv 3 sha256:" + kSha256 +
                " - https://h/d/sub/a%20b.csv\n"
                "x y.gz ? md5:" +
                kMd5 +
                " - https://o/x%20y.gz\n"
                "deep/c.txt 5 - - data:hello\n"
                "d ? sha256:" +
                kSha256 +
                " 86400 https://one/d https://bucket.s3.amazonaws.com/d "
                "https://h/d/mirror/d encode.accession=E1 n=7 t=true\n");
}

TEST(PackageManifest, BucketsLieAtTheEndpointThatIsSet) {
  ManifestReading own;
  own.endpoints.s3 = "http://127.0.0.1:9000/";
  for (const auto& [text, expected] :
       {std::pair{R"({"resources": [{"path": "s3://b/x/a",
                      "fs:access": ["s3://c/a", {"url": "s3://d/a",
                                                 "redirect": "presigned"}]}]})",
                  "a ? - - http://127.0.0.1:9000/b/x/a "
                  "http://127.0.0.1:9000/c/a "
                  "redirect:http://127.0.0.1:9000/d/a\n"},
        {"s3://b/x/a\n",
         "127.0.0.1:9000/b/x/a ? - - http://127.0.0.1:9000/b/x/a\n"},
        {R"({"id": "a", "access_methods":
              [{"access_url": {"url": "s3://b/a"}}]})",
         "a ? - - http://127.0.0.1:9000/b/a\n"}}) {
    const ToldManifest told = own.read(text, "https://h/d/x");
    EXPECT_EQ(told.error + told.problems, "");
    EXPECT_EQ(told.files, expected);
  }
}

TEST(PackageManifest, AnAddressNamesItsToken) {
  const ToldManifest told = read_at("https://h/d/datapackage.json", R"({
      "resources": [
        {"path": "https://h/a", "fs:access": [
           {"url": "https://o/a", "token": "other"},
           {"url": "https://h/a", "token": "lab", "redirect": "presigned"}]},
        {"fs:access": [{"url": "sub/b c", "token": "lab"}]},
        {"fs:path": "c", "fs:access": [{"url": "https://h/api?x=1",
                                        "resolve": "file.url"}]}]})");
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.files,
            "a ? - - token:lab:https://h/a token:other:https://o/a\n"
            "b c ? - - token:lab:https://h/d/sub/b%20c\n"
            "c ? - - resolve:https://h/api?x=1#file.url\n");
}

TEST(PackageManifest, ATokenIsANameAndForServersAlone) {
  for (const char* access :
       {R"({"url": "https://h/a", "token": "Bearer x"})",
        R"({"url": "https://h/a", "token": ""})",
        R"({"url": "https://h/a", "token": {"name": "lab"}})",
        R"({"url": "https://h/a#x", "token": "lab"})",
        R"({"url": "file:///etc/passwd", "token": "lab"})",
        R"({"url": "sub/a", "token": "lab"})",
        R"({"url": "https://h/a", "resolve": "a..b"})",
        R"({"url": "https://h/a", "resolve": 1})"}) {
    const ToldManifest told =
        read_at("/data/my/datapackage.json",
                R"({"resources": [{"fs:path": "a", "fs:access": [)" +
                    std::string(access) + "]}]}");
    EXPECT_EQ(told.files, "") << access;
    EXPECT_TRUE(has(told.problems, "/resources/0")) << access;
  }
}

TEST(PackageManifest, BesideALocalOneAreLocalFiles) {
  const ToldManifest told =
      read_at("/data/my/datapackage.json",
              R"({"resources": [{"name": "a", "path": "sub/a.csv"}]})");
  EXPECT_EQ(told.files, "sub/a.csv ? - - /data/my/sub/a.csv\n");
}

TEST(PackageManifest, NoPathLeadsOutOfItsFolderAndNoSchemeOutOfTheWeb) {
  for (const char* path :
       {"/etc/passwd", "../x", "a/../../x", "a//b", "file:///etc/passwd",
        "ftp://h/x", "redirect:https://h/x", "", ".", "a\\u0000b"}) {
    const ToldManifest told = read_at(
        "/data/datapackage.json", R"({"resources": [{"name": "a", "path": ")" +
                                      std::string(path) + R"("}]})");
    EXPECT_EQ(told.files, "") << path;
    EXPECT_TRUE(has(told.problems, "/resources/0: ")) << path;
  }
  for (const char* path : {"/x", "../x", "a/./b", "a/\\nb/", ""}) {
    const ToldManifest told =
        read_at("https://h/datapackage.json",
                R"({"resources": [{"path": "https://h/x", "fs:path": ")" +
                    std::string(path) + R"("}]})");
    EXPECT_EQ(told.files, "") << path;
    EXPECT_TRUE(has(told.problems, "/resources/0: ")) << path;
  }
}

TEST(PackageManifest, AMistakeIsToldByItsPlaceAndTheOthersAreRead) {
  const std::pair<const char*, const char*> mistakes[] = {
      {R"({"path": "b", "bytes": -1})", "bytes"},
      {R"({"path": "b", "bytes": "12"})", "bytes"},
      {R"({"path": "b", "hash": "sha256:00"})", "hash"},
      {R"({"path": "b", "fs:mtime": "yesterday"})", "no date"},
      {R"({"path": "b", "fs:access": [{"type": "https"}]})", "url"},
      {R"({"path": "b", "data": "x"})", "only one may be"},
      {R"({"name": "b", "data": "abc", "bytes": 4})", "3 bytes"},
      {R"({"name": "b", "data": "abc",
           "hash": "00000000000000000000000000000000"})",
       "another md5"},
      {R"({"path": "b", "fs:xattr": {"omicsfs.url": "x"}})", "omicsfs"},
      {R"({"path": "b", "fs:xattr": {"x": [1]}})", "string"},
      {R"({"title": "b"})", "name"},
      {"7", "object"}};
  for (const auto& [resource, why] : mistakes) {
    const ToldManifest told = read_at(
        "https://h/p.json", R"({"resources": [{"path": "a"}, )" +
                                std::string(resource) + R"(, {"path": "c"}]})");
    EXPECT_EQ(told.files, "a ? - - https://h/a\nc ? - - https://h/c\n");
    EXPECT_TRUE(has(told.problems, "/resources/1: ")) << told.problems;
    EXPECT_TRUE(has(told.problems, why)) << told.problems;
  }
}

TEST(PackageManifest, WhatIsNoFileOfItsOwnIsLeftOut) {
  const ToldManifest told = read_at(
      "https://h/p.json",
      R"({"resources": [{"path": ["a", "b"]}, {"name": "t", "data": {}}]})");
  EXPECT_EQ(told.files + told.problems + told.error, "");
  EXPECT_TRUE(has(told.odd, "/resources/0: its path is a list"));
  EXPECT_TRUE(has(told.odd, "/resources/1: its data are no string"));
}

TEST(PackageManifest, ACutOneIsAnError) {
  EXPECT_TRUE(
      has(read_at("https://h/p", R"({"resources": [{"path": "a"})").error,
          "a Data Package"));
}

TEST(LinesManifest, AResourceALine) {
  const ToldManifest told = read_at("https://h/list.jsonl",
                                    "{\"title\": \"All\", \"version\": \"2\"}\n"
                                    "{\"path\": \"a\", \"bytes\": 1}\r\n\n"
                                    "{\"path\": 7}\n{broken\n"
                                    "{\"fs:path\": \"b/c\", \"data\": \"x\"}");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.about, "title: All\nversion: 2\n");
  EXPECT_EQ(told.files, "a 1 - - https://h/a\nb/c ? - - data:x\n");
  EXPECT_TRUE(has(told.problems, "line 4: "));
  EXPECT_TRUE(has(told.problems, "line 5: "));
}

TEST(BagManifest, FetchAndPayloadManifestsAreJoinedByPath) {
  ManifestReading reading;
  reading.documents["https://h/bag/manifest-md5.txt"] =
      std::string(kMd5) + "  data/b%0Ac\n" + kMd5 + " *data/50%25.txt\n";
  reading.documents["https://h/bag/manifest-sha256.txt"] =
      kSha256 + "  data/x y.gz\n";
  const ToldManifest told =
      reading.read("https://o/1 12 data/x y.gz\nhttps://o/2 - data/z\n",
                   "https://h/bag/fetch.txt");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.files, "data/50%.txt ? md5:" + std::string(kMd5) +
                            " - https://h/bag/data/50%25.txt\n"
                            "data/x y.gz 12 sha256:" +
                            kSha256 +
                            " - https://o/1\n"
                            "data/z ? - - https://o/2\n");
  // No name has a newline here.
  EXPECT_TRUE(has(told.problems, "manifest-md5.txt line 1: "));
}

TEST(BagManifest, MistakesAreToldByTheirLines) {
  const ToldManifest told = read_at(
      "https://h/fetch.txt",
      "https://o/1 12 data/a\nhttps://o/1 x data/b\nhttps://o/1 1 data/a\n"
      "https://o/1 1 /etc/passwd\nhttps://o/1 1 data/../x\nftp://o/1 1 "
      "data/c\n");
  EXPECT_EQ(told.files, "");
  for (const char* place :
       {"line 2: ", "line 4: ", "line 5: ", "line 6: ", "comes again"}) {
    EXPECT_TRUE(has(told.problems, place)) << told.problems;
  }
  EXPECT_TRUE(has(told.odd, "no manifest-"));
}

TEST(HubManifest, FilesAreRedirectedFromTheirRevision) {
  const ToldManifest told =
      read_at("https://hub/api/datasets/o/n/tree/main?recursive=true",
              R"([{"type": "directory", "path": "d", "size": 0, "oid": "1"},
          {"type": "file", "path": "d/a b", "size": 3, "oid": "2"},
          {"type": "file", "path": "big", "size": 9, "oid": "3",
           "lfs": {"oid": ")" +
                  kSha256 + R"(", "size": 9}},
          {"type": "file", "path": "../x", "size": 9, "oid": "3"},
          {"type": "file", "path": "y"}, 7])");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.files,
            "d/a b 3 - - redirect:https://hub/datasets/o/n/resolve/main/"
            "d/a%20b\n"
            "big 9 sha256:" +
                kSha256 +
                " - redirect:https://hub/datasets/o/n/resolve/main/big\n");
  for (const char* place : {"/3: ", "/4: ", "/5: "}) {
    EXPECT_TRUE(has(told.problems, place)) << told.problems;
  }
}

TEST(HubManifest, ModelsStandAtTheRootAndALocalListNeedsABase) {
  const std::string list = R"([{"type": "file", "path": "a", "size": 3}])";
  EXPECT_EQ(read_at("https://hub/api/models/o/n/tree/v1", list).files,
            "a 3 - - redirect:https://hub/o/n/resolve/v1/a\n");
  EXPECT_TRUE(has(read_at("/tmp/tree.json", list).error, "base_url"));
  ManifestReading reading;
  EXPECT_EQ(reading.read(list, "/tmp/tree.json", "https://hub/r/").files,
            "a 3 - - redirect:https://hub/r/a\n");
}

std::string hub_page(int names) {
  std::string list = R"([{"type": "directory", "path": "d"})";
  for (int file = 1; file < names; ++file) {
    list += R"(,{"type": "file", "path": ")";
    list += std::to_string(file) + R"(", "size": 1})";
  }
  return list + "]";
}

constexpr const char* kHubTree = "https://hub/api/datasets/o/n/tree/main";

TEST(HubManifest, APageThatIsFullMayNotBeAll) {
  for (const int names : {999, 1000, 1001}) {
    const ToldManifest told = read_at(kHubTree, hub_page(names));
    EXPECT_EQ(told.error + told.problems, "");
    EXPECT_EQ(has(told.odd, "there may be more"), names == 1000) << names;
  }
}

TEST(HubManifest, ThePagesThatFollowAreRead) {
  const auto last = [](const char* name) {
    return std::string(R"([{"type": "file", "path": ")") + name +
           R"(", "size": 7}])";
  };
  ManifestReading reading;
  reading.pages[kHubTree] = {hub_page(1000), "https://hub/2"};
  reading.pages["https://hub/2"] = {last("second"), "https://hub/3"};
  reading.pages["https://hub/3"] = {last("third"), ""};
  const ToldManifest told = reading.read(hub_page(1000), kHubTree);
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_TRUE(has(told.files, "999 1 - - redirect:https://hub/datasets/o/n"));
  EXPECT_TRUE(has(told.files, "second 7 "));
  EXPECT_TRUE(has(told.files, "third 7 "));
  reading.pages.erase("https://hub/3");
  EXPECT_TRUE(
      has(reading.read(hub_page(1000), kHubTree).error, "no https://hub/3"));
}

TEST(HubManifest, APageThatIsNotFullIsFollowedWhereItsHeaderSaysSo) {
  ManifestReading reading;
  const std::string first = R"([{"type": "file", "path": "a", "size": 1}])";
  reading.pages[kHubTree] = {first, "https://hub/2"};
  reading.pages["https://hub/2"] = {"[]", "https://hub/3"};
  reading.pages["https://hub/3"] = {
      R"([{"type": "file", "path": "b", "size": 2}])", ""};
  const ToldManifest told = reading.read(first, kHubTree);
  EXPECT_EQ(told.error + told.problems + told.odd, "");
  EXPECT_EQ(told.files,
            "a 1 - - redirect:https://hub/datasets/o/n/resolve/main/a\n"
            "b 2 - - redirect:https://hub/datasets/o/n/resolve/main/b\n");
  reading.pages["https://hub/3"].next = "https://hub/2";
  EXPECT_TRUE(has(reading.read(first, kHubTree).error, "does not end"));
}

TEST(HubManifest, FilesOfAFolderStandBelowIt) {
  EXPECT_EQ(read_at("https://hub/api/datasets/o/n/tree/main/a%20b/c?x=1",
                    R"([{"type": "file", "path": "a b/c/d/e", "size": 3}])")
                .files,
            "d/e 3 - - redirect:https://hub/datasets/o/n/resolve/main/"
            "a%20b/c/d/e\n");
}

TEST(CrateManifest, FilesAreBesideItOrWhereTheyAreToldToBe) {
  const ToldManifest told = read_at(
      "https://h/c/ro-crate-metadata.json",
      R"({"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork"},
        {"@id": "./", "@type": "Dataset", "name": "All",
         "license": {"@id": "http://l/"}},
        {"@id": "./a%20b.csv", "@type": ["File", "X"], "contentSize": "12",
         "encodingFormat": "text/csv"},
        {"@id": "https://o/x.gz", "@type": "File", "localPath": "d/y.gz",
         "contentUrl": ["https://m/x.gz"], "dateModified": "1970-01-02",
         "sha256": ")" +
          kSha256 + R"("},
        {"@id": "../../etc", "@type": "File"},
        {"@id": "#p", "@type": "Person"}]})");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.about, "name: All\nlicence: http://l/\n");
  EXPECT_EQ(told.files,
            "a b.csv 12 - - https://h/c/a%20b.csv mime_type=text/csv\n"
            "d/y.gz ? sha256:" +
                kSha256 + " 86400 https://o/x.gz https://m/x.gz\n");
  EXPECT_TRUE(has(told.problems, "/@graph/4: ")) << told.problems;
}

TEST(CroissantManifest, FileObjectsThatLieByThemselves) {
  const ToldManifest told = read_at(
      "https://h/c/metadata.json",
      R"({"@context": {}, "@type": "sc:Dataset", "name": "All", "distribution": [
        {"@type": "cr:FileObject", "name": "z", "contentUrl": "https://o/z.zip",
         "contentSize": "12 B", "sha256": ")" +
          kSha256 + R"("},
        {"@type": "cr:FileObject", "name": "i", "contentUrl": "z/i",
         "containedIn": {"@id": "z"}},
        {"@type": "cr:FileSet", "includes": "*"},
        {"@type": "cr:FileObject", "contentUrl": "d/r.csv",
         "contentSize": "1.5 MB"},
        {"@type": "cr:FileObject", "name": "n"}]})");
  EXPECT_EQ(told.error, "");
  EXPECT_EQ(told.files, "z.zip 12 sha256:" + kSha256 +
                            " - https://o/z.zip\n"
                            "d/r.csv ? - - https://h/c/d/r.csv\n");
  EXPECT_TRUE(has(told.odd, "/distribution/1: "));
  EXPECT_TRUE(has(told.odd, "/distribution/2: "));
  EXPECT_TRUE(has(told.problems, "/distribution/4: "));
}

TEST(DrsManifest, ABundleIsAskedForObjectByObject) {
  ManifestReading reading;
  const auto object = [](const std::string& id, const std::string& url) {
    return R"({"id": ")" + id + R"(", "name": "n", "size": 3,
      "created_time": "1970-01-02T00:00:00Z",
      "checksums": [{"type": "md5", "checksum": ")" +
           kMd5 + R"("}], "access_methods": [
        {"type": "ftp", "access_url": {"url": "ftp://o/x"}},
        {"type": "https", "access_id": "signed"},
        {"type": "https", "access_url": {"url": "https://o/secret",
                                         "headers": ["Authorization: x"]}},
        {"type": "s3", "access_url": {"url": ")" +
           url + R"("}}]})";
  };
  reading.web.documents["https://drs/ga4gh/drs/v1/objects/1"] =
      object("1", "s3://b/1");
  reading.web.documents["https://other/ga4gh/drs/v1/objects/2"] =
      object("2", "https://o/2");
  reading.web.documents["https://drs/ga4gh/drs/v1/objects/bundle2"] =
      R"({"id": "bundle2", "contents": [{"name": "inner",
          "drs_uri": ["drs://other/2"]}]})";
  const ToldManifest told = reading.read(
      R"({"id": "b", "name": "All", "contents": [
        {"name": "a.txt", "id": "1"},
        {"name": "more", "id": "bundle2"},
        {"name": "nested", "contents": [{"name": "c", "id": "1"}]},
        {"name": "../x", "id": "1"}, {"name": "y"}]})",
      "https://drs/ga4gh/drs/v1/objects/b");
  const std::string facts = " 3 md5:" + std::string(kMd5) + " 86400 https://";
  EXPECT_EQ(told.error, "");
  const auto signed_at = [](const std::string& where) {
    return " resolve:https://" + where + "/access/signed#url\n";
  };
  const std::string first = signed_at("drs/ga4gh/drs/v1/objects/1");
  EXPECT_EQ(told.files,
            "a.txt" + facts + "b.s3.amazonaws.com/1" + first + "more/inner" +
                facts + "o/2" + signed_at("other/ga4gh/drs/v1/objects/2") +
                "nested/c" + facts + "b.s3.amazonaws.com/1" + first);
  EXPECT_TRUE(has(told.problems, "/contents/3: ")) << told.problems;
  EXPECT_TRUE(has(told.problems, "/contents/4: ")) << told.problems;
}

TEST(DrsManifest, AnObjectThatIsOnlyTellingAnAccessIdIsAskedWhenItIsRead) {
  const std::string object =
      R"({"id": "o 1", "name": "n", "size": 3, "self_uri": "drs://own/o%201",
          "access_methods": [{"type": "s3", "access_id": "a/b c"},
                             {"type": "globus", "access_id": "g"}]})";
  const std::pair<const char*, const char*> places[] = {
      {"https://drs/ga4gh/drs/v1/objects/o%201?x=1",
       "https://drs/ga4gh/drs/v1/objects/o%201"},
      {"/data/object.json", "https://own/ga4gh/drs/v1/objects/o%25201"}};
  for (const auto& [place, address] : places) {
    const ToldManifest told = read_at(place, object);
    EXPECT_EQ(told.error + told.problems, "");
    EXPECT_EQ(told.files, "n 3 - - resolve:" + std::string(address) +
                              "/access/a%2Fb%20c#url\n");
  }
  for (
      const char* other :
      {R"({"id": "1", "access_methods": [{"type": "https", "access_id": "a"}]})",
       R"({"id": "1", "self_uri": "drs://a b/1",
            "access_methods": [{"type": "https", "access_id": "a"}]})",
       R"({"id": "1", "self_uri": "drs://own/1",
            "access_methods": [{"type": "ftp", "access_id": "a"}]})"}) {
    EXPECT_TRUE(has(read_at("/data/object.json", other).problems, "access_id"))
        << other;
  }
}

TEST(DrsManifest, ABundleThatHoldsItselfEnds) {
  ManifestReading reading;
  const std::string bundle =
      R"({"id": "b", "contents": [{"name": "again", "id": "b"}]})";
  reading.web.documents["https://drs/b"] = bundle;
  const ToldManifest told = reading.read(bundle, "https://drs/b");
  EXPECT_EQ(told.files, "");
  EXPECT_TRUE(has(told.problems, "too deep"));
  EXPECT_LT(reading.web.asked.size(), 20U);
}

std::string s3_page(const std::string& contents, const std::string& token) {
  return "<?xml version=\"1.0\"?><ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>" +
         std::string(token.empty() ? "false" : "true") + "</IsTruncated>" +
         (token.empty() ? ""
                        : "<NextContinuationToken>" + token +
                              "</NextContinuationToken>") +
         contents + "</ListBucketResult>";
}

std::string s3_object(const std::string& key, int size) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>1970-01-02T00:00:00.000Z</LastModified>"
         "<ETag>&quot;e&quot;</ETag><Size>" +
         std::to_string(size) + "</Size></Contents>";
}

TEST(S3Manifest, AllPagesBelowThePrefixThatWasAskedFor) {
  ManifestReading reading;
  const std::string place =
      "https://b.s3.amazonaws.com/?list-type=2&prefix=x%2F";
  reading.web.documents[place + "&continuation-token=t%201"] =
      s3_page(s3_object("x/d/c", 3), "");
  const ToldManifest told =
      reading.read(s3_page(s3_object("x/", 0) + s3_object("x/a b", 1) +
                               s3_object("x/d/", 0) + s3_object("x/e//f", 2),
                           "t 1"),
                   place);
  EXPECT_EQ(told.error + told.problems, "");
  EXPECT_EQ(told.files,
            "a b 1 - 86400 https://b.s3.amazonaws.com/x/a%20b\n"
            "d/c 3 - 86400 https://b.s3.amazonaws.com/x/d/c\n");
  EXPECT_TRUE(has(told.odd, "x/e//f"));
}

TEST(S3Manifest, PagesThatComeAgainEnd) {
  ManifestReading reading;
  const std::string page = s3_page(s3_object("a", 1), "t");
  reading.web.documents["https://h/?continuation-token=t"] = page;
  EXPECT_TRUE(has(reading.read(page, "https://h/").error, "come again"));
  EXPECT_TRUE(has(read_at("/tmp/x.xml", s3_page("", "")).error, "base_url"));
}

TEST(TableManifest, GdcByIdAndIgsByItsUrls) {
  EXPECT_EQ(read_at("/m.tsv",
                    "id\tfilename\tmd5\tsize\tstate\n"
                    "u-1\ta.bam\t" +
                        std::string(kMd5) + "\t12\tok\n")
                .files,
            "u-1/a.bam 12 md5:" + std::string(kMd5) +
                " - https://api.gdc.cancer.gov/data/u-1\n");
  const ToldManifest told =
      read_at("/m.tsv",
              "id\tmd5\tsize\turls\n"
              "x\t\t\tftp://o/a,https://o/a.gz,s3://b/a.gz\n"
              "y\t\t\tftp://o/a\n"
              "../z\t\t1\thttps://o/a\n");
  EXPECT_EQ(told.files,
            "x/a.gz ? - - https://o/a.gz https://b.s3.amazonaws.com/a.gz\n");
  EXPECT_TRUE(has(told.problems, "line 3: "));
  EXPECT_TRUE(has(told.problems, "line 4: "));
}

TEST(UrlsManifest, AFileIsAtItsHostAndPath) {
  const ToldManifest told =
      read_at("/urls.txt",
              "# all\nhttps://h/d/a%20b?x=1\n\n s3://b/k \nhttps://h/d/\n"
              "file:///etc/passwd\nhttps://h/../x\n");
  EXPECT_EQ(told.files,
            "h/d/a b ? - - https://h/d/a%20b?x=1\n"
            "b.s3.amazonaws.com/k ? - - https://b.s3.amazonaws.com/k\n");
  for (const char* place : {"line 5: ", "line 6: ", "line 7: "}) {
    EXPECT_TRUE(has(told.problems, place)) << told.problems;
  }
}

TEST(Manifest, IsTheSameHoweverItsBytesArrive) {
  const std::string text =
      "\xEF\xBB\xBF{\"resources\": [{\"path\": \"a\"}, {\"path\": \"b\"}]}";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    ManifestReading reading;
    EXPECT_EQ(reading.read(text, "https://h/p", "", piece).files,
              "a ? - - https://h/a\nb ? - - https://h/b\n");
  }
}

TEST(Manifest, OfNoKnownFormatIsAnErrorThatNamesThem) {
  EXPECT_TRUE(has(read_at("https://h/x", "hello\n").error, "BagIt"));
  EXPECT_TRUE(has(read_at("https://h/x", "").error, "none of the manifests"));
}

}  // namespace
}  // namespace omicsfs

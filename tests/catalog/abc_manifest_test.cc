// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_manifest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/catalog/abc_text.h"

namespace omicsfs {
namespace {

AbcManifest parsed(const std::string& text) {
  const Result<AbcManifest> manifest = parse_abc_manifest(text);
  EXPECT_TRUE(manifest) << manifest.error().message;
  return manifest ? *manifest : AbcManifest();
}

// `text` without the words before it.
std::string behind(const std::string& text, std::string_view words) {
  return text.starts_with(words) ? text.substr(words.size()) : text;
}

// Why a part of the manifest is left out, or the whole is refused; "" =
// neither.
std::string fault_of(const std::string& text) {
  const auto manifest = parse_abc_manifest(text);
  if (!manifest) {
    return behind(manifest.error().message,
                  "it has no entry that can be shown: left out: ");
  }
  return manifest->warnings.empty()
             ? ""
             : behind(manifest->warnings.front(), "left out: ");
}

// The fault of a manifest of the one dataset with `files`.
std::string fault(const std::vector<AbcFileText>& files) {
  return fault_of(abc_small_manifest("v", files));
}

std::string fault_of_path(const std::string& path) {
  return fault({{.path = path}});
}

TEST(AbcManifest, AFileHasAllItsFacts) {
  const std::string hash = abc_hash("aB");
  const AbcManifest manifest =
      parsed(abc_small_manifest("20240101", {{.path = "k/D/1/views/x.csv",
                                              .size = "50206825799",
                                              .hash = hash,
                                              .version = "20231231"}}));
  EXPECT_EQ(manifest.version, "20240101");
  EXPECT_EQ(manifest.bytes, 50206825799U);
  ASSERT_EQ(manifest.files.size(), 1U);
  const AbcFile& file = manifest.files[0];
  EXPECT_EQ(file.where, "/file_listing/D/k/tag0/files/csv");
  EXPECT_EQ(file.directory, "D");
  EXPECT_EQ(file.kind, "k");
  EXPECT_EQ(file.version, "20231231");
  EXPECT_EQ(file.path, "k/D/1/views/x.csv");
  EXPECT_EQ(file.view_path, "views/x.csv");
  EXPECT_EQ(file.url, "https://bucket/k/D/1/views/x.csv");
  EXPECT_EQ(file.digest->hex, abc_hash("ab"));
  EXPECT_TRUE(manifest.warnings.empty());
}

TEST(AbcManifest, NestedPartsAreReadAndOddSubKeysIgnored) {
  const std::string log2 = AbcFileText{.path = "k/D/1/m-log2.h5ad"}.json();
  const std::string raw = AbcFileText{.path = "k/D/1/m-raw.h5ad"}.json();
  const std::string more = AbcFileText{.path = "k/D/1/m.txt"}.json();
  const AbcManifest manifest = parsed(
      abc_manifest_text("v", abc_directory_text("D", "k", "k/D/1"),
                        R"("D":{"k":{"m":{"note":"text","count":3,"empty":{},)"
                        R"("log2":{"files":{"h5ad":)" +
                            log2 + R"(}},"anything":{"files":{"h5ad":)" + raw +
                            R"(,"txt":)" + more + "}}}}}"));
  ASSERT_EQ(manifest.files.size(), 3U) << "every entry of `files` counts";
  EXPECT_EQ(manifest.files[0].where, "/file_listing/D/k/m/log2/files/h5ad");
  EXPECT_EQ(manifest.warnings, std::vector<std::string>{
                                   "/file_listing/D/k/m/empty: has no files"});
}

TEST(AbcManifest, AFileOutsideItsDatasetIsKeptAndTold) {
  const AbcManifest manifest =
      parsed(abc_small_manifest("v", {{.path = "elsewhere/x.csv"}}));
  ASSERT_EQ(manifest.files.size(), 1U);
  EXPECT_EQ(manifest.files[0].view_path, "elsewhere/x.csv");
  ASSERT_EQ(manifest.warnings.size(), 1U);
  EXPECT_NE(manifest.warnings[0].find("/file_listing/D/k/tag0/files/csv"),
            std::string::npos);
}

TEST(AbcManifest, ABadPathIsLeftOutWithItsPlace) {
  const std::string place = "/file_listing/D/k/tag0/files/csv/relative_path: ";
  EXPECT_EQ(fault_of_path("k/../x"),
            place + "path \"k/../x\" must not contain \"..\"");
  std::string deep = "k";
  for (int depth = 0; depth < 70; ++depth) {
    deep += "/d";
  }
  const std::vector<std::string> paths = {"",
                                          "/k/x",
                                          "..",
                                          "k//x",
                                          "k/./x",
                                          "k/x/",
                                          deep,
                                          std::string("k/\0x", 4),
                                          "k/" + std::string(256, 'n'),
                                          "k/a\nb",
                                          "releases/x",
                                          "latest",
                                          "latest/x",
                                          "README.txt",
                                          "_downloaded_data.json",
                                          "k\x7F"};
  for (const std::string& path : paths) {
    EXPECT_EQ(fault_of_path(path).substr(0, place.size()), place) << path;
  }
}

TEST(AbcManifest, ABadSizeIsLeftOutWithItsPlace) {
  const std::string place = "/file_listing/D/k/tag0/files/csv/size: ";
  for (const char* size :
       {"-1", "1.5", "1e3", "\"1\"", "9223372036854775808",
        "4611686018427387905", "[]", "99999999999999999999999"}) {
    EXPECT_EQ(
        fault({{.path = "k/D/1/x", .size = size}}).substr(0, place.size()),
        place)
        << size;
  }
  EXPECT_EQ(fault({{.path = "k/D/1/x", .size = "null"}}),
            "/file_listing/D/k/tag0/files/csv: lacks the key \"size\"");
}

TEST(AbcManifest, AFileThatMakesTheSizesAddUpTooFarIsLeftOut) {
  const std::string most = "4611686018427387904";
  EXPECT_EQ(fault({{.path = "k/D/1/a", .size = most},
                   {.path = "k/D/1/b", .size = "4611686018427387903"}}),
            "");
  EXPECT_EQ(fault({{.path = "k/D/1/a", .size = most},
                   {.path = "k/D/1/b", .size = most}}),
            "/file_listing/D/k/tag1/files/csv: the sizes add up to over "
            "2^63-1");
}

TEST(AbcManifest, ABadDigestIsLeftOutWithItsPlace) {
  const std::string place = "/file_listing/D/k/tag0/files/csv/file_hash: ";
  for (const std::string& hash :
       {std::string("abc"), std::string(64, 'a'), std::string(32, 'g')}) {
    EXPECT_EQ(
        fault({{.path = "k/D/1/x", .hash = hash}}).substr(0, place.size()),
        place)
        << hash;
  }
}

TEST(AbcManifest, AUrlOfAnotherSchemeIsLeftOut) {
  for (const char* url : {"ftp://h/x", "file:///etc/passwd", "h/x",
                          "https://h/a\\nb", "HTTPS://h/x"}) {
    const std::string file = std::string(R"("D":{"k":{"t":{"files":{"c":{)") +
                             R"("relative_path":"k/D/1/x","size":1,"url":")" +
                             url + R"("}}}}})";
    const std::string message = fault_of(abc_manifest_text("v", "", file));
    EXPECT_TRUE(message.starts_with("/file_listing/D/k/t/files/c/url: "))
        << message;
  }
}

TEST(AbcManifest, AUrlIsEncodedWhereItMustBe) {
  const AbcManifest manifest =
      parsed(abc_small_manifest("v", {{.path = "k/D/1/a b%20\xC3\xA9+.csv"}}));
  EXPECT_EQ(manifest.files[0].url, "https://bucket/k/D/1/a%20b%20%C3%A9+.csv");
}

TEST(AbcManifest, OnePathWithOtherFactsIsLeftOut) {
  const std::string place = "/file_listing/D/k/tag1/files/csv/relative_path: ";
  EXPECT_EQ(fault({{.path = "k/D/1/x", .size = "1"},
                   {.path = "k/D/1/x", .size = "2"}})
                .substr(0, place.size()),
            place);
  EXPECT_EQ(fault({{.path = "k/D/1/x", .hash = abc_hash("a")},
                   {.path = "k/D/1/x", .hash = abc_hash("b")}})
                .substr(0, place.size()),
            place);
}

TEST(AbcManifest, OnePathListedTwiceAlikeIsOneFile) {
  const AbcManifest manifest = parsed(abc_small_manifest(
      "v", {{.path = "k/D/1/x", .size = "5"},
            {.path = "k/D/1/x", .size = "5", .hash = abc_hash("a")}}));
  ASSERT_EQ(manifest.files.size(), 1U);
  EXPECT_EQ(manifest.bytes, 5U);
  EXPECT_TRUE(manifest.files[0].digest.has_value());
}

TEST(AbcManifest, AFileThatOthersNeedAsADirectoryIsLeftOutInAnyOrder) {
  for (const bool file_first : {true, false}) {
    const AbcFileText file{.path = "k/D/1/x", .size = "7"};
    const AbcFileText below{.path = "k/D/1/x/y", .size = "1"};
    const std::string text = abc_small_manifest(
        "v", file_first ? std::vector{file, below} : std::vector{below, file});
    const AbcManifest manifest = parsed(text);
    ASSERT_EQ(manifest.files.size(), 1U);
    EXPECT_EQ(manifest.files[0].path, "k/D/1/x/y");
    EXPECT_EQ(manifest.bytes, 1U);
    const std::string message = fault_of(text);
    EXPECT_NE(message.find("is a directory at"), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with("/file_listing/D/k/tag")) << message;
  }
}

TEST(AbcManifest, OneBadFileOfSeveralIsLeftOutAlone) {
  const AbcManifest manifest =
      parsed(abc_small_manifest("v", {{.path = "k/D/1/a", .size = "1"},
                                      {.path = "k/../x", .size = "2"},
                                      {.path = "k/D/1/b", .size = "\"3\""},
                                      {.path = "k/D/1/c", .size = "4"}}));
  ASSERT_EQ(manifest.files.size(), 2U);
  EXPECT_EQ(manifest.files[0].path, "k/D/1/a");
  EXPECT_EQ(manifest.files[1].path, "k/D/1/c");
  EXPECT_EQ(manifest.bytes, 5U);
  EXPECT_EQ(manifest.warnings.size(), 2U);
}

TEST(AbcManifest, OnePathWithAnotherUrlIsLeftOut) {
  const auto file = [](const char* name, const char* url) {
    return std::string("\"") + name +
           R"(":{"relative_path":"k/D/1/x","size":1,"url":"https://h/)" + url +
           "\"}";
  };
  const auto text = [&](const char* second) {
    return abc_manifest_text("v", abc_directory_text("D", "k", "k/D/1"),
                             R"("D":{"k":{"t":{"files":{)" + file("a", "x") +
                                 "," + file("b", second) + "}}}}");
  };
  EXPECT_EQ(fault_of(text("x")), "");
  const std::string message = fault_of(text("other"));
  EXPECT_NE(message.find("/files/b/relative_path: "), std::string::npos)
      << message;
  EXPECT_NE(message.find("has other facts"), std::string::npos) << message;
  EXPECT_EQ(parsed(text("other")).files.front().url, "https://h/x");
}

TEST(AbcManifest, AFileWithoutAUrlIsLeftOutWhereOneIsNeeded) {
  const std::string text = abc_manifest_text(
      "v", "",
      R"("D":{"k":{"t":{"files":{"a":{"relative_path":"k/D/1/x","size":1},)"
      R"("b":{"relative_path":"k/D/1/y","size":1,"url":"https://h/y"}}}}})");
  EXPECT_EQ(parse_abc_manifest(text, AbcUrls::kUnused)->files.size(), 2U);
  const auto needed = parse_abc_manifest(text, AbcUrls::kNeeded);
  ASSERT_EQ(needed->files.size(), 1U);
  EXPECT_EQ(needed->files.front().path, "k/D/1/y");
}

struct BadDocument {
  std::string text;
  std::string message;
};

TEST(AbcManifest, PartsOfAnotherShapeAreToldWithTheirPlace) {
  const std::vector<BadDocument> documents = {
      {"[]", "(root): expected an object, found an array"},
      {"{}", "(root): lacks the key \"version\""},
      {R"({"version":1})", "/version: expected a string, found a number"},
      {R"({"version":"v"})", "(root): lacks the key \"directory_listing\""},
      {R"({"version":"v","directory_listing":[]})",
       "/directory_listing: expected an object, found an array"},
      {R"({"version":"v","directory_listing":{}})",
       "(root): lacks the key \"file_listing\""},
      {R"({"version":"v","directory_listing":{"D":1},"file_listing":{}})",
       "/directory_listing/D: expected an object, found a number"},
      {R"({"version":"v","directory_listing":{"D":{}},"file_listing":{}})",
       "/directory_listing/D: lacks the key \"directories\""},
      {abc_manifest_text("v", abc_directory_text("D", "k", "../x"), ""),
       "/directory_listing/D/directories/k/relative_path: path \"../x\" must "
       "not contain \"..\""},
      {abc_manifest_text("v", abc_directory_text("D/E", "k", "x"), ""),
       "/directory_listing/D~1E: name \"D/E\" must not contain \"/\""},
      {abc_manifest_text("v", abc_directory_text("..", "k", "x"), ""),
       "/directory_listing/..: name \"..\" must not be \"..\""},
      {abc_manifest_text("v", "", R"("manifest.json":{})"),
       "/file_listing/manifest.json: name \"manifest.json\" is one that this "
       "tree has of its own"},
      {abc_manifest_text("v", "", R"("D":{"README.txt":{}})"),
       "/file_listing/D/README.txt: name \"README.txt\" is one that this tree "
       "has of its own"},
      {abc_manifest_text("v", "", R"("D":{"k":{"t":7}})"),
       "/file_listing/D/k/t: expected an object, found a number"},
      {abc_manifest_text("v", "", R"("D":{"k":{"t":{"files":[]}}})"),
       "/file_listing/D/k/t/files: expected an object, found an array"},
      {abc_manifest_text("v", "", R"("D":{"k":{"t":{"files":{"c":""}}}})"),
       "/file_listing/D/k/t/files/c: expected an object, found a string"},
  };
  for (const BadDocument& document : documents) {
    EXPECT_EQ(fault_of(document.text), document.message);
  }
}

TEST(AbcManifest, EveryPrefixIsRefused) {
  const std::string whole = abc_small_manifest(
      "20240101", {{.path = "k/D/1/x", .hash = abc_hash("a")}});
  ASSERT_TRUE(parse_abc_manifest(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_abc_manifest(whole.substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace omicsfs

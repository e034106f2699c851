// SPDX-License-Identifier: MIT
#include "catalog/file_listing.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "catalog/s3_listing.h"
#include "tests/catalog/fake_web.h"
#include "tests/catalog/text_pieces.h"

namespace omicsfs {
namespace {

constexpr char kListBase[] = "https://h/data/";
constexpr char kObjects[] =
    "<?xml version=\"1.0\"?>\n<ListBucketResult>"
    "<IsTruncated>false</IsTruncated><Contents><Key>a b.cfg</Key>"
    "<LastModified>1970-01-01T00:01:00.000Z</LastModified>"
    "<ETag>&quot;e&quot;</ETag><Size>14</Size></Contents>"
    "<Contents><Key>folder/</Key><Size>0</Size></Contents>"
    "</ListBucketResult>";

constexpr char kListedTree[] = R"([{"type": "directory", "path": "d"},
  {"type": "file", "path": "a b", "size": 7, "lfs": {"oid":
   "ab8b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9"}}])";

// The page of one object, and what is behind it.
std::string page_of(const std::string& key, const std::string& token) {
  std::string text = "<ListBucketResult><Contents><Key>";
  text += key + "</Key><Size>1</Size></Contents><IsTruncated>";
  text += token.empty() ? "false" : "true";
  text += "</IsTruncated>";
  if (!token.empty()) {
    text += "<NextContinuationToken>" + token + "</NextContinuationToken>";
  }
  return text + "</ListBucketResult>";
}

// One line a file.
std::string text_of_files(const Result<std::vector<ListedFile>>& files) {
  if (!files) {
    return files.error().message;
  }
  std::string text;
  for (const ListedFile& file : *files) {
    text += file.path + " " + file.url;
    text += file.size ? " " + std::to_string(*file.size) : " ?";
    text += file.validator.empty() ? "" : " " + file.validator;
    text += file.modified ? " @" + std::to_string(*file.modified) : "";
    text += file.digest ? " " + to_string(*file.digest).substr(0, 9) : "";
    text += "\n";
  }
  return text;
}

std::string listed_in(std::string_view text) {
  auto page = parse_listing_page(text, kListBase);
  return text_of_files(page ? std::move(page->files)
                            : Result<std::vector<ListedFile>>(page.error()));
}

TEST(FileListing, ItsContentTellsWhatItIs) {
  EXPECT_EQ(listed_in(kObjects),
            "a b.cfg https://h/data/a%20b.cfg 14 \"e\" @60\n");
  EXPECT_EQ(listed_in("\xEF\xBB\xBF \n" + std::string(kObjects).substr(21)),
            "a b.cfg https://h/data/a%20b.cfg 14 \"e\" @60\n");
  EXPECT_EQ(listed_in("<html><a href=\"sub/\">sub</a><a href=\"x.2bit\">x</a> "
                      "01-Jan-1970 00:01  9\n"),
            "x.2bit https://h/data/x.2bit 9 @60\n");
  EXPECT_EQ(listed_in("<?xml version=\"1.0\"?><!DOCTYPE html><html>"
                      "<a href=\"x\">x</a>"),
            "x https://h/data/x ?\n");
  EXPECT_EQ(listed_in(kListedTree),
            "a b redirect:https://h/data/a%20b 7 sha256:ab\n");
  EXPECT_EQ(listed_in("x.2bit 9\n"), "x.2bit https://h/data/x.2bit 9\n");
  EXPECT_EQ(listed_in(""), "");
}

TEST(FileListing, LinesOfNamesUrlsAndSizes) {
  EXPECT_EQ(listed_in("# a comment\n\nname\r\nname2   12\r\nwith blanks\t13\n"
                      "more blanks\t\r\n\t\r\n"
                      "12\nhttps://o/x/a%20b.cfg?q=1\nhttp://o/c 0\n"
                      "rn8.2bit\thttps://o/GCF.2bit\t77\nrn7.2bit https://o/n"),
            "name https://h/data/name ?\n"
            "name2 https://h/data/name2 12\n"
            "with blanks https://h/data/with%20blanks 13\n"
            "more blanks https://h/data/more%20blanks ?\n"
            "12 https://h/data/12 ?\n"
            "a b.cfg https://o/x/a%20b.cfg?q=1 ?\n"
            "c http://o/c 0\n"
            "rn8.2bit https://o/GCF.2bit 77\n"
            "rn7.2bit https://o/n ?\n");
}

TEST(FileListing, LeavesOutWhatNoTreeCanHold) {
  for (const char* text :
       {"../x", "/etc/passwd", "a//b", "a/../b", "a/\x01", "file:///etc/passwd",
        "https://o/", "https://o/%2e%2e", "https://o/a%2Fb%2F", "a b c",
        "a https://o/x y", "https://o/x name", "name -5", "name 5 6",
        "name 99999999999999999999"}) {
    const auto page =
        parse_listing_page(std::string(text) + "\ngood", kListBase);
    ASSERT_TRUE(page) << text;
    ASSERT_EQ(page->files.size(), 1U) << text;
    EXPECT_EQ(page->files[0].path, "good");
    ASSERT_EQ(page->faults.size(), 1U) << text;
    EXPECT_EQ(page->faults[0].place, "line 1");
  }
  EXPECT_EQ(parse_listing_page(
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
                "<Key>../x</Key><Size>1</Size></Contents></ListBucketResult>",
                kListBase)
                ->faults.size(),
            1U);
  EXPECT_FALSE(parse_listing_page("<html>nothing", kListBase));
}

TEST(FileListing, OfABucketNamesThePageThatFollows) {
  EXPECT_EQ(parse_listing_page(page_of("a", "t"), kListBase)->next_token, "t");
  EXPECT_EQ(parse_listing_page(page_of("a", ""), kListBase)->next_token, "");
  EXPECT_NE(
      listed_in("<Error><Code>AccessDenied</Code></Error>").find("S3 says"),
      std::string::npos);
}

TEST(FileListing, AnEntryOfTheHubThatIsBadIsLeftOutAlone) {
  const auto page = parse_listing_page(
      R"([{"type": "file", "path": "../x", "size": 1}, 7,
          {"type": "file", "path": "a", "size": "1"},
          {"type": "file", "path": "good", "size": 1}])",
      kListBase);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->files.size(), 1U);
  EXPECT_EQ(page->files[0].path, "good");
  EXPECT_EQ(page->faults.size(), 3U);
}

class ListFiles : public ::testing::Test {
 protected:
  std::string list(const std::string& base_url, const std::string& listing) {
    SourceSettings settings{base_url, {}};
    settings.listing = listing;
    const Download download = web_.download();
    std::vector<std::unique_ptr<TextPieces>> opened;
    const OpenDocument open =
        [&](const std::string& place) -> Result<ReadPiece> {
      const auto found = web_.documents.find(place);
      if (found == web_.documents.end()) {
        return Error{ErrorCode::kNotFound, "no " + place};
      }
      opened.push_back(std::make_unique<TextPieces>(found->second));
      return opened.back()->reader();
    };
    const ReadLinked linked =
        [&](const std::string& url,
            std::uint64_t max_bytes) -> Result<LinkedDocument> {
      auto text = download(url, max_bytes);
      return text ? LinkedDocument{*std::move(text), links_[url]}
                  : Result<LinkedDocument>(text.error());
    };
    warnings_.clear();
    const SourceInput input{settings,
                            download,
                            {},
                            [this](std::string text) { warnings_.push_back(std::move(text)); },
                            0,
                            nullptr,
                            &open,
                            {},
                            {},
                            &linked};
    return text_of_files(list_files(input, default_url_));
  }
  std::string default_url_ = "https://default/";
  std::map<std::string, std::string> links_;
  std::vector<std::string> warnings_;
  FakeWeb web_;
};

TEST_F(ListFiles, OfTheBucketWhereNoneIsNamed) {
  web_.documents[s3_page_url("https://default/", "", "")] = kObjects;
  web_.documents[s3_page_url("https://mine/", "", "")] = kObjects;
  EXPECT_EQ(list("", ""), "a b.cfg https://default/a%20b.cfg 14 \"e\" @60\n");
  EXPECT_EQ(list("https://mine", ""),
            "a b.cfg https://mine/a%20b.cfg 14 \"e\" @60\n");
}

TEST_F(ListFiles, OfADirectoryIndexAreBelowIt) {
  for (const char* place : {"https://o/d/?C=N", "https://o", "/index.html"}) {
    web_.documents[place] = "<a href=\"x\">x</a>";
  }
  EXPECT_EQ(list("", "https://o/d/?C=N"), "x https://o/d/x ?\n");
  EXPECT_EQ(list("", "https://o"), "x https://o/x ?\n");
  EXPECT_EQ(list("https://mine/", "https://o/d/?C=N"), "x https://mine/x ?\n");
  EXPECT_EQ(list("", "/index.html"), "x https://default/x ?\n");
}

TEST_F(ListFiles, OfADocumentAreBelowTheBaseUrl) {
  web_.documents["https://o/names.txt"] = "x\n";
  EXPECT_EQ(list("", "https://o/names.txt"), "x https://default/x ?\n");
  EXPECT_EQ(list("", "/none"), "no /none");
}

TEST_F(ListFiles, OfTheHubAreWhereItsRevisionHasThem) {
  const std::string tree = "https://hub/api/datasets/o/n/tree/v1";
  web_.documents[tree] = kListedTree;
  web_.documents["/tree.json"] = kListedTree;
  EXPECT_EQ(list("", tree),
            "a b redirect:https://hub/datasets/o/n/resolve/v1/a%20b 7 "
            "sha256:ab\n");
  EXPECT_EQ(list("https://mine", tree),
            "a b redirect:https://mine/a%20b 7 sha256:ab\n");
  EXPECT_EQ(list("", "/tree.json"),
            "a b redirect:https://default/a%20b 7 sha256:ab\n");
}

TEST_F(ListFiles, GoOnWhereTheHubSays) {
  const std::string tree = "https://hub/api/models/o/n/tree/v1";
  const auto page = [](const std::string& name) {
    return R"([{"type": "file", "size": 1, "path": ")" + name + "\"}]";
  };
  web_.documents = {{tree, page("a")},
                    {"https://hub/2", page("b")},
                    {"https://hub/3", page("c")}};
  links_ = {{tree, "https://hub/2"}, {"https://hub/2", "https://hub/3"}};
  const std::string files = "redirect:https://hub/o/n/resolve/v1/";
  EXPECT_EQ(list("", tree),
            "a " + files + "a 1\nb " + files + "b 1\nc " + files + "c 1\n");
}

TEST_F(ListFiles, APageOfAnotherFormIsNoPageOfTheListing) {
  const std::string tree = "https://hub/api/models/o/n/tree/v1";
  links_ = {{tree, "https://hub/2"}};
  for (const char* text : {"<html><a href=\"x\">x</a></html>", "", "b 1\n",
                           "{\"error\": \"busy\"}"}) {
    web_.documents = {{tree, R"([{"type": "file", "size": 1, "path": "a"}])"},
                      {"https://hub/2", text}};
    EXPECT_EQ(list("", tree),
              "https://hub/2: this page of the listing is of another form than "
              "the first one")
        << text;
  }
}

TEST_F(ListFiles, GoOnBehindATokenOfS3) {
  web_.documents = {
      {"https://b/?p=1", page_of("a", "t/1")},
      {"https://b/?p=1&continuation-token=t%2F1", page_of("b", "")},
      {"/page.xml", page_of("a", "t/1")}};
  default_url_ = "";
  EXPECT_EQ(list("", "https://b/?p=1"), "a https://b/a 1\nb https://b/b 1\n");
  EXPECT_NE(list("https://b/", "/page.xml").find("goes on"), std::string::npos);
}

TEST_F(ListFiles, ThatDoNotEndAreRefusedWithoutTellingSecrets) {
  web_.documents = {{"https://h/a?secret", "a 1\n"}, {"https://h/b", "b 1\n"}};
  links_ = {{"https://h/a?secret", "https://h/b"},
            {"https://h/b", "https://h/a?secret"}};
  EXPECT_EQ(list("", "https://h/a?secret"),
            "https://h/a: the listing does not end");
  links_ = {{"https://h/a?secret", "https://h/gone"}};
  EXPECT_EQ(list("", "https://h/a?secret"), "https://h/gone: 404");
}

TEST_F(ListFiles, OfASourceWithoutAPlaceAreWhereTheListingIs) {
  default_url_ = "";
  web_.documents = {
      {"https://h/d/names.txt?v=/1", "x\n"},
      {"https://s3.org/b?list-type=2&prefix=a/", page_of("a/x", "")},
      {"https://h/tree.json", kListedTree},
      {"/names", "x\n"},
      {"/urls", "x https://o/x\n"}};
  EXPECT_EQ(list("", "https://h/d/names.txt?v=/1"), "x https://h/d/x ?\n");
  EXPECT_EQ(list("", "https://s3.org/b?list-type=2&prefix=a/"),
            "a/x https://s3.org/b/a/x 1\n");
  EXPECT_EQ(list("", "/urls"), "x https://o/x ?\n");
  for (const char* place : {"/names", "https://h/tree.json"}) {
    EXPECT_NE(list("", place).find("set base_url"), std::string::npos) << place;
  }
}

TEST_F(ListFiles, ANameThatIsThereTwiceStandsForTheFirst) {
  web_.documents["/names"] = "x\n../z\ny\nhttps://o/x\n";
  EXPECT_EQ(list("", "/names"),
            "x https://default/x ?\ny https://default/y ?\n");
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[0].find("line 2: left out"), std::string::npos);
  EXPECT_NE(warnings_[1].find("\"x\": left out"), std::string::npos);
}

TEST_F(ListFiles, AListOfBadEntriesAloneIsRefused) {
  web_.documents["/names"] = "../x\n/etc/passwd\n";
  EXPECT_NE(list("", "/names").find("line 2: "), std::string::npos);
}

TEST_F(ListFiles, ADocumentThatIsTooLargeIsRefused) {
  web_.documents["/names"] = std::string(kMaxListingBytes + 1, '\n');
  EXPECT_NE(list("", "/names").find("has over"), std::string::npos);
}

TEST_F(ListFiles, PagesThatAreTooLargeTogetherAreRefused) {
  const std::string half(kMaxListingBytes / 2 + 1, '\n');
  web_.documents = {{"https://h/a", half}, {"https://h/b", half}};
  links_ = {{"https://h/a", "https://h/b"}};
  EXPECT_NE(list("", "https://h/a").find("are no listing"), std::string::npos);
}

// What a server says of each url; 404 of all others.
class FindSizes : public ::testing::Test {
 protected:
  Result<void> find(std::vector<ListedFile>& files) {
    const SourceSettings settings;
    const Download download = FakeWeb().download();
    ArchiveAccess access;
    access.locate = [this](const std::string& url) -> Result<RemoteFile> {
      const auto found = sizes_.find(url);
      if (found == sizes_.end()) {
        return Error{error_, url + ": no"};
      }
      RemoteFile file;
      file.size = found->second;
      file.validator = "\"v\"";
      return file;
    };
    const SourceInput input{settings,
                            download,
                            {},
                            [this](std::string text) { warnings_.push_back(std::move(text)); },
                            0,
                            &access};
    return find_sizes(input, files);
  }
  std::map<std::string, std::uint64_t> sizes_;
  std::vector<std::string> warnings_;
  ErrorCode error_ = ErrorCode::kNotFound;
};

TEST_F(FindSizes, AsksOnlyForThoseThatAreNotTold) {
  sizes_ = {{"https://h/a", 5}, {"https://h/b", 6}};
  std::vector<ListedFile> files = {
      {"a", "https://h/a"}, {"b", "https://h/b", 7}, {"c", "https://h/c"}};
  ASSERT_TRUE(find(files));
  EXPECT_EQ(text_of_files(files), "a https://h/a 5 \"v\"\nb https://h/b 7\n");
  EXPECT_EQ(warnings_,
            std::vector<std::string>{"c is left out: https://h/c: no"});
}

TEST_F(FindSizes, AServerThatFailsEndsIt) {
  error_ = ErrorCode::kUnavailable;
  std::vector<ListedFile> files = {{"a", "https://h/a"}};
  const auto found = find(files);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

TEST_F(FindSizes, ASumThatCannotBeIsRefused) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 62;
  std::vector<ListedFile> files = {{"a", "https://h/a", kHalf},
                                   {"b", "https://h/b", kHalf - 1}};
  EXPECT_TRUE(find(files));
  files[1].size = kHalf;
  EXPECT_FALSE(find(files));
}

}  // namespace
}  // namespace omicsfs

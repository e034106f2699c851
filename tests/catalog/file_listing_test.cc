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

constexpr char kBase[] = "https://h/data/";
constexpr char kObjects[] =
    "<?xml version=\"1.0\"?>\n<ListBucketResult>"
    "<IsTruncated>false</IsTruncated><Contents><Key>a b.cfg</Key>"
    "<LastModified>1970-01-01T00:01:00.000Z</LastModified>"
    "<ETag>&quot;e&quot;</ETag><Size>14</Size></Contents>"
    "<Contents><Key>folder/</Key><Size>0</Size></Contents>"
    "</ListBucketResult>";

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
    text += "\n";
  }
  return text;
}

std::string parsed(std::string_view text) {
  return text_of_files(parse_file_listing(text, kBase));
}

TEST(FileListing, ItsContentTellsWhatItIs) {
  EXPECT_EQ(parsed(kObjects),
            "a b.cfg https://h/data/a%20b.cfg 14 \"e\" @60\n");
  EXPECT_EQ(parsed("\xEF\xBB\xBF \n" + std::string(kObjects).substr(21)),
            "a b.cfg https://h/data/a%20b.cfg 14 \"e\" @60\n");
  EXPECT_EQ(parsed("<html><a href=\"sub/\">sub</a><a href=\"x.2bit\">x</a> "
                   "01-Jan-1970 00:01  9\n"),
            "x.2bit https://h/data/x.2bit 9 @60\n");
  EXPECT_EQ(parsed("<?xml version=\"1.0\"?><!DOCTYPE html><html>"
                   "<a href=\"x\">x</a>"),
            "x https://h/data/x ?\n");
  EXPECT_EQ(parsed("x.2bit 9\n"), "x.2bit https://h/data/x.2bit 9\n");
  EXPECT_EQ(parsed(""), "");
}

TEST(FileListing, LinesOfNamesUrlsAndSizes) {
  EXPECT_EQ(parsed("# a comment\n\nname\r\nname2   12\r\nwith blanks\t13\n"
                   "12\nhttps://o/x/a%20b.cfg?q=1\nhttp://o/c 0\n"
                   "rn8.2bit\thttps://o/GCF.2bit\t77\nrn7.2bit https://o/n"),
            "name https://h/data/name ?\n"
            "name2 https://h/data/name2 12\n"
            "with blanks https://h/data/with%20blanks 13\n"
            "12 https://h/data/12 ?\n"
            "a b.cfg https://o/x/a%20b.cfg?q=1 ?\n"
            "c http://o/c 0\n"
            "rn8.2bit https://o/GCF.2bit 77\n"
            "rn7.2bit https://o/n ?\n");
}

TEST(FileListing, RefusesWhatNoTreeCanHold) {
  for (const char* text :
       {"../x", "/etc/passwd", "a//b", "a/../b", "a/\x01", "file:///etc/passwd",
        "https://o/", "https://o/%2e%2e", "https://o/a%2Fb%2F", "a b c",
        "a https://o/x y", "https://o/x name", "name -5", "name 5 6",
        "name 99999999999999999999"}) {
    const auto files = parse_file_listing(text, kBase);
    ASSERT_FALSE(files) << text;
    EXPECT_EQ(files.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(files.error().message.starts_with("line 1: "))
        << files.error().message;
  }
  EXPECT_FALSE(parse_file_listing(
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
      "<Key>../x</Key><Size>1</Size></Contents></ListBucketResult>",
      kBase));
  EXPECT_FALSE(parse_file_listing("<html>nothing", kBase));
}

TEST(FileListing, RefusesAPageThatIsNotTheLast) {
  EXPECT_NE(parsed("<ListBucketResult><IsTruncated>true</IsTruncated>"
                   "<NextContinuationToken>t</NextContinuationToken>"
                   "</ListBucketResult>")
                .find("goes on"),
            std::string::npos);
  EXPECT_NE(parsed("<Error><Code>AccessDenied</Code></Error>").find("S3 says"),
            std::string::npos);
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
    const SourceInput input{settings, download, {}, {}, 0, nullptr, &open};
    return text_of_files(list_files(input, "https://default/"));
  }
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

TEST_F(ListFiles, ANameThatIsThereTwiceIsRefused) {
  web_.documents["/names"] = "x\ny\nhttps://o/x\n";
  EXPECT_EQ(list("", "/names"), "the listing has \"x\" twice");
}

TEST_F(ListFiles, ADocumentThatIsTooLargeIsRefused) {
  web_.documents["/names"] = std::string(kMaxListingBytes + 1, '\n');
  EXPECT_NE(list("", "/names").find("are no listing"), std::string::npos);
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

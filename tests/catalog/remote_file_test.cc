// SPDX-License-Identifier: MIT
#include "catalog/remote_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace omicsfs {
namespace {

RemoteFile remote_at(const std::string& url) {
  RemoteFile file;
  file.urls = {url};
  file.size = 10;
  return file;
}

RemoteFile digested(std::vector<std::string> urls) {
  RemoteFile file = remote_at("");
  file.urls = std::move(urls);
  file.digest = digest_of(DigestKind::kMd5, {});
  return file;
}

TEST(ContentKey, TwoUrlsOfOneServerAndDigestAreOneContent) {
  RemoteFile one = digested({"https://a/x"});
  RemoteFile other = digested({"https://user@A:443/y?q=1"});
  EXPECT_EQ(content_key(one), content_key(other));
  EXPECT_TRUE(
      content_key(one).starts_with("md5-d41d8cd98f00b204e9800998ecf8427e-10-"));
  EXPECT_EQ(verified_key(one), "md5-d41d8cd98f00b204e9800998ecf8427e-10");
  other.size = 11;
  EXPECT_NE(content_key(one), content_key(other));
}

TEST(ContentKey, AnotherServerMayNotFillAFileByItsDigest) {
  const std::vector<RemoteFile> files{
      digested({"https://a/x"}),
      digested({"https://b/x"}),
      digested({"http://a/x"}),
      digested({"https://a:8443/x"}),
      digested({"https://a/x", "https://b/x"}),
      digested({"https://s3.amazonaws.com/good/x"}),
      digested({"https://s3.amazonaws.com/evil/x"}),
      digested({"https://storage.googleapis.com/good/x"}),
      digested({"https://storage.googleapis.com/evil/x"}),
      digested({"https://huggingface.co/datasets/good/d/resolve/main/x"}),
      digested({"https://huggingface.co/datasets/evil/d/resolve/main/x"})};
  std::set<std::string> keys;
  for (const RemoteFile& file : files) {
    keys.insert(content_key(file));
    EXPECT_EQ(verified_key(file), verified_key(files.front()));
  }
  EXPECT_EQ(keys.size(), files.size());
}

TEST(ContentKey, MirrorsBelongToTheFileInAnyOrder) {
  EXPECT_EQ(
      content_key(digested({"https://a/x", "https://b/x"})),
      content_key(digested({"https://b/y", "https://a/x", "https://b/z"})));
}

TEST(ContentKey, WithoutADigestAMirrorMakesItAnotherFile) {
  RemoteFile one = remote_at("https://a/x");
  RemoteFile mirrored = one;
  mirrored.urls.push_back("https://evil/x");
  EXPECT_NE(content_key(one), content_key(mirrored));
}

TEST(ContentKey, ALocalFileOfADigestIsNoRemoteOne) {
  RemoteFile remote = digested({"https://a/x"});
  RemoteFile local = remote;
  local.urls.clear();
  local.local_path = "/x";
  EXPECT_TRUE(content_key(local).starts_with("local-"));
  EXPECT_EQ(verified_key(local), "");
}

// The keys of earlier versions: their caches stay in use.
TEST(ContentKey, AUrlThatIsNotSignedHasTheKeyThatItAlwaysHad) {
  EXPECT_EQ(
      content_key(remote_at("https://a/x?b=1&c")),
      "url-452b5cd55a66c1ed62a942b9c4cef8b041085b4230226f29cbd1d370e8d07ba8");
}

TEST(ContentKey, ANewSignatureIsNoOtherFile) {
  const std::string plain = content_key(remote_at("https://a/x?versionId=7"));
  for (const std::string signature :
       {"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k&X-Amz-Date=1&"
        "X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=s",
        "AWSAccessKeyId=k&Signature=s&Expires=1",
        "X-Goog-Algorithm=a&X-Goog-Credential=k&X-Goog-Signature=s",
        "GoogleAccessId=k&Expires=1&Signature=s",
        "sv=2024-01-01&sr=b&se=2026-01-01&sp=r&sig=s",
        "Expires=1&Signature=s&Key-Pair-Id=k"}) {
    RemoteFile file = remote_at("https://a/x?versionId=7&" + signature);
    EXPECT_EQ(content_key(file), plain) << signature;
    file.urls = {"https://a/x?" + signature + "&versionId=7"};
    EXPECT_EQ(content_key(file), plain) << signature;
    file.urls = {"https://a/x?" + signature + "&versionId=8"};
    EXPECT_NE(content_key(file), plain) << signature;
  }
}

TEST(ContentKey, WithoutADigestTellsUrlValidatorAndSizeApart) {
  const RemoteFile base = remote_at("https://a/x");
  RemoteFile other_url = remote_at("https://a/y");
  RemoteFile other_version = base;
  other_version.validator = "\"e\"";
  RemoteFile other_size = base;
  other_size.size = 11;
  // The same letters, divided otherwise.
  RemoteFile divided = remote_at("https://a/");
  divided.validator = "x";
  const std::set<std::string> keys = {
      content_key(base), content_key(other_url), content_key(other_version),
      content_key(other_size), content_key(divided)};
  EXPECT_EQ(keys.size(), 5U);
}

TEST(ContentKey, OfACrcIsNotThatOfAnotherUrl) {
  RemoteFile one = remote_at("https://a/x");
  one.digest = crc32_digest(0x1234);
  RemoteFile other = remote_at("https://b/y");
  other.digest = one.digest;
  EXPECT_TRUE(content_key(one).starts_with("url-"));
  EXPECT_NE(content_key(one), content_key(other));
  RemoteFile later = one;
  later.digest = crc32_digest(0x1235);
  EXPECT_NE(content_key(one), content_key(later));
}

RemoteFile member_at(const RemoteFile& archive, std::uint64_t offset) {
  RemoteFile member;
  member.size = 10;
  member.digest = crc32_digest(0x1234);
  member.member = MemberPlace{std::make_shared<const RemoteFile>(archive),
                              offset, 5, MemberMethod::kDeflated};
  return member;
}

TEST(ContentKey, OfAMemberIsThatOfItsPlaceInItsArchive) {
  const RemoteFile archive = remote_at("https://a/x.zip");
  const RemoteFile member = member_at(archive, 100);
  RemoteFile other_crc = member;
  other_crc.digest = crc32_digest(0x1235);
  RemoteFile other_size = member;
  other_size.size = 11;
  RemoteFile stored = member;
  stored.member->method = MemberMethod::kStored;
  const std::set<std::string> keys = {
      content_key(member),
      content_key(member_at(archive, 101)),
      content_key(member_at(remote_at("https://a/y.zip"), 100)),
      content_key(other_crc),
      content_key(other_size),
      content_key(stored)};
  EXPECT_EQ(keys.size(), 6U);
  EXPECT_TRUE(content_key(member).starts_with("member-"));
  EXPECT_EQ(content_key(member), content_key(member_at(archive, 100)));
}

TEST(ContentKey, OfALocalFileIsThatOfItsPathAndVersion) {
  RemoteFile file;
  file.local_path = "/a.zip";
  file.validator = "1";
  file.size = 10;
  RemoteFile later = file;
  later.validator = "2";
  EXPECT_TRUE(content_key(file).starts_with("local-"));
  EXPECT_NE(content_key(file), content_key(later));
}

TEST(ContentKey, IsFitForAFileName) {
  RemoteFile file = remote_at("https://a/../\n?x=/");
  for (const std::string& key : {content_key(file), [&file] {
                                   file.digest =
                                       digest_of(DigestKind::kSha256, {});
                                   return content_key(file);
                                 }()}) {
    EXPECT_TRUE(std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    })) << key;
  }
}

}  // namespace
}  // namespace omicsfs

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

TEST(ContentKey, WithADigestSaysNothingOfTheUrl) {
  RemoteFile one = remote_at("https://a/x");
  one.digest = digest_of(DigestKind::kMd5, {});
  RemoteFile other = remote_at("https://b/y");
  other.digest = one.digest;
  EXPECT_EQ(content_key(one), content_key(other));
  EXPECT_EQ(content_key(one), "md5-d41d8cd98f00b204e9800998ecf8427e-10");
  other.size = 11;
  EXPECT_NE(content_key(one), content_key(other));
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

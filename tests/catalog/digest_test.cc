// SPDX-License-Identifier: MIT
#include "catalog/digest.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace omicsfs {
namespace {

std::string hex_of(DigestKind kind, std::string_view text) {
  return digest_of(kind, std::as_bytes(std::span(text))).hex;
}

// RFC 1321 A.5; FIPS 180-4 examples.
TEST(Digest, AgreesWithThePublishedVectors) {
  EXPECT_EQ(hex_of(DigestKind::kMd5, ""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex_of(DigestKind::kMd5, "abc"),
            "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex_of(DigestKind::kSha1, "abc"),
            "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex_of(DigestKind::kSha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, IsTheSameHoweverTheBytesArrive) {
  const std::string text = "the quick brown fox";
  const std::string whole = hex_of(DigestKind::kSha256, text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    DigestHasher hasher(DigestKind::kSha256);
    const auto bytes = std::as_bytes(std::span(text));
    hasher.update(bytes.first(cut));
    hasher.update(bytes.subspan(cut));
    EXPECT_EQ(hasher.finish().hex, whole) << cut;
  }
}

TEST(Digest, TextFormGoesThereAndBack) {
  for (const DigestKind kind :
       {DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256,
        DigestKind::kCrc32, DigestKind::kSha512, DigestKind::kCrc32c}) {
    const Digest digest = digest_of(kind, {});
    const auto parsed = parse_digest_text(to_string(digest));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, digest);
  }
}

TEST(Digest, UpperCaseHexIsLowered) {
  const auto digest =
      parse_digest(DigestKind::kMd5, "D41D8CD98F00B204E9800998ECF8427E");
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->hex, "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Digest, WrongLengthOrCharacterIsRefused) {
  const std::string valid(32, 'a');
  EXPECT_TRUE(parse_digest(DigestKind::kMd5, valid));
  EXPECT_FALSE(parse_digest(DigestKind::kMd5, valid + "a"));
  EXPECT_FALSE(parse_digest(DigestKind::kMd5, valid.substr(1)));
  EXPECT_FALSE(parse_digest(DigestKind::kMd5, "g" + valid.substr(1)));
  EXPECT_FALSE(parse_digest(DigestKind::kSha1, valid));
  EXPECT_FALSE(parse_digest_text(valid));
  EXPECT_FALSE(parse_digest_text("crc:" + valid));
}

TEST(Digest, TheCrcOfZipAndGzip) {
  const std::string text = "123456789";  // the check value of CRC-32
  const Digest digest =
      digest_of(DigestKind::kCrc32, std::as_bytes(std::span(text)));
  EXPECT_EQ(to_string(digest), "crc32:cbf43926");
  EXPECT_EQ(digest, crc32_digest(0xcbf43926));
  EXPECT_EQ(*parse_digest_text("crc32:CBF43926"), digest);
  EXPECT_EQ(to_string(digest_of(DigestKind::kCrc32, {})), "crc32:00000000");
  DigestHasher hasher(DigestKind::kCrc32);
  hasher.update(std::as_bytes(std::span(text)).first(4));
  hasher.update({});
  hasher.update(std::as_bytes(std::span(text)).subspan(4));
  EXPECT_EQ(hasher.finish(), digest);
}

// The check value of CRC-32C; FIPS 180-4.
TEST(Digest, TheCrcOfCloudStoresAndTheLongSha) {
  const std::string text = "123456789";
  const auto bytes = std::as_bytes(std::span(text));
  const Digest digest = digest_of(DigestKind::kCrc32c, bytes);
  EXPECT_EQ(to_string(digest), "crc32c:e3069283");
  EXPECT_EQ(*parse_digest_text("crc32c:E3069283"), digest);
  DigestHasher hasher(DigestKind::kCrc32c);
  hasher.update(bytes.first(4));
  hasher.update({});
  hasher.update(bytes.subspan(4));
  EXPECT_EQ(hasher.finish(), digest);
  EXPECT_EQ(hex_of(DigestKind::kSha512, "abc").substr(0, 16),
            "ddaf35a193617aba");
  EXPECT_EQ(hex_of(DigestKind::kSha512, "abc").size(), 128U);
  EXPECT_TRUE(names_content(DigestKind::kSha512));
  EXPECT_FALSE(names_content(DigestKind::kCrc32c));
  EXPECT_FALSE(names_content(DigestKind::kCrc32));
}

// The digest that the words state; "none" of an unknown kind, "" of no digest.
std::string stated(std::string_view kind, std::string_view text) {
  const auto digest = stated_digest(kind, text);
  if (!digest) {
    return "";
  }
  return *digest ? to_string(**digest) : "none";
}

TEST(StatedDigest, IsHexOrBase64) {
  const std::string empty = "md5:d41d8cd98f00b204e9800998ecf8427e";
  EXPECT_EQ(stated("md5", "d41d8cd98f00b204e9800998ecf8427e"), empty);
  EXPECT_EQ(stated("MD5", "D41D8CD98F00B204E9800998ECF8427E"), empty);
  EXPECT_EQ(stated("md5", "1B2M2Y8AsgTpgAmY7PhCfg=="), empty);
  EXPECT_EQ(stated("md5", "1B2M2Y8AsgTpgAmY7PhCfg"), empty);
  const std::string crc = "crc32c:e3069283";
  for (const char* text : {"e3069283", "4waSgw==", "4waSgw"}) {
    EXPECT_EQ(stated("crc32c", text), crc) << text;
  }
  // Of every kind, both forms of the same bytes.
  EXPECT_EQ(stated("sha-1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
            "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(stated("SHA_256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            to_string(digest_of(DigestKind::kSha256, {})));
}

TEST(StatedDigest, OfAnUnknownKindIsNoneAndOfAWrongFormAnError) {
  EXPECT_EQ(stated("blake3", "whatever"), "none");
  EXPECT_EQ(stated("", ""), "none");
  for (const char* text :
       {"", "=", "==", "d41d8cd98f00b204e9800998ecf8427",
        "d41d8cd98f00b204e9800998ecf8427ez",
        "1B2M2Y8AsgTpgAmY7PhCfg=", "1B2M2Y8AsgTpgAmY7PhCfg===",
        "1B2M2Y8AsgTpgAmY7PhCfh==", "1B2M2Y8AsgTpgAmY7PhC_g=="}) {
    EXPECT_EQ(stated("md5", text), "") << text;
  }
  EXPECT_EQ(stated("sha256", std::string(63, 'a')), "");
}

}  // namespace
}  // namespace omicsfs

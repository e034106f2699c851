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
       {DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256}) {
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

}  // namespace
}  // namespace omicsfs

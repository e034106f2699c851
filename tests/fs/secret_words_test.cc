// SPDX-License-Identifier: MIT
#include "fs/secret_words.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace omicsfs {
namespace {

std::string hidden(std::string word) {
  hide_secrets(word);
  return word;
}

TEST(HideSecrets, LeavesWordsWithoutSecretsAsTheyAre) {
  for (const char* word :
       {"", "mount", "-f", "/data/a?b", "who@host", "abc-atlas", "s3://b/k",
        "https://example.org/a/b.zip", "https://example.org/a@b"}) {
    EXPECT_EQ(hidden(word), word);
  }
}

TEST(HideSecrets, HidesTheQueryAndTheUserOfAUrl) {
  EXPECT_EQ(hidden("http://h/z.zip?X-Amz-Signature=S"),
            "http://h/z.zip?*****************");
  EXPECT_EQ(hidden("https://me:pass@h/a"), "https://*******@h/a");
  EXPECT_EQ(hidden("https://me@h?a"), "https://**@h?*");
  EXPECT_EQ(hidden("HTTP://p@q@h/a"), "HTTP://***@h/a");
  EXPECT_EQ(hidden("s3://k:s@bucket/key?v=1"), "s3://***@bucket/key?***");
  EXPECT_EQ(hidden("http://h/a#token"), "http://h/a#*****");
  EXPECT_EQ(hidden("--url=http://u@h/"), "--url=http://*@h/");
}

TEST(HideSecrets, HidesTheSecretsOfEachUrlOfAWord) {
  EXPECT_EQ(hidden("http://a/x,http://u:p@b/"), "http://a/x,http://***@b/");
  const std::string two = hidden("http://a/?q=1,http://u:p@b/");
  EXPECT_EQ(two.find("u:p"), std::string::npos) << two;
}

TEST(HideTokens, HidesTheValuesOfTokensAlone) {
  std::string lab = "OMICSFS_TOKEN_LAB=secret";
  std::string api = "OMICSFS_REFINE_BIO_TOKEN=secret";
  std::string cache = "OMICSFS_CACHE_DIR=/secret";
  std::string other = "MY_TOKEN=secret";
  std::string odd = "OMICSFS_TOKEN_";
  std::array<char*, 6> variables = {lab.data(),   api.data(), cache.data(),
                                    other.data(), odd.data(), nullptr};
  hide_tokens(variables.data());
  EXPECT_EQ(lab, "OMICSFS_TOKEN_LAB=******");
  EXPECT_EQ(api, "OMICSFS_REFINE_BIO_TOKEN=******");
  EXPECT_EQ(cache, "OMICSFS_CACHE_DIR=/secret");
  EXPECT_EQ(other, "MY_TOKEN=secret");
  EXPECT_EQ(odd, "OMICSFS_TOKEN_");
}

}  // namespace
}  // namespace omicsfs

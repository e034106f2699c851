// SPDX-License-Identifier: MIT
#include "fs/mount_words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omicsfs {
namespace {

std::string refusal(const char* text) {
  const auto words = parse_mount_words(text);
  EXPECT_FALSE(words) << text;
  return words ? "" : words.error().message;
}

TEST(MountWords, DropTheWordsThatAreMeantForOthers) {
  const auto words = parse_mount_words(
      "ro,noauto,auto,defaults,_netdev,nofail,user,users,x-systemd.automount,"
      "x-gvfs-show,relatime,comment=hello,,");
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_FALSE(words->allow_other);
  EXPECT_TRUE(words->kernel_options.empty());
  EXPECT_TRUE(words->assignments.empty());
}

TEST(MountWords, KeepWhatTheKernelIsToObey) {
  const auto words = parse_mount_words("nosuid,nodev,noexec,noatime");
  ASSERT_TRUE(words);
  EXPECT_EQ(words->kernel_options,
            (std::vector<std::string>{"nosuid", "nodev", "noexec", "noatime"}));
}

TEST(MountWords, MaySetSettings) {
  const auto words = parse_mount_words(
      "allow_other,cache.limit=10G,state_dir=/s,"
      "sources.abc-atlas.base_url=http://h/?a=b");
  ASSERT_TRUE(words);
  EXPECT_TRUE(words->allow_other);
  EXPECT_EQ(
      words->assignments,
      (std::vector<Assignment>{{"cache.limit", "10G", "-o cache.limit"},
                               {"state_dir", "/s", "-o state_dir"},
                               {"sources.abc-atlas.base_url", "http://h/?a=b",
                                "-o sources.abc-atlas.base_url"}}));
}

TEST(MountWords, NameTheWordThatMeansNothing) {
  for (const char* word : {"alow_other", "ro=1", "limit=5G", "suid", "RO",
                           "allow_other=1", "x", "cache.limit"}) {
    EXPECT_NE(refusal(word).find("\"" + std::string(word) + "\""),
              std::string::npos)
        << refusal(word);
  }
}

TEST(MountWords, RefuseWriting) {
  EXPECT_NE(refusal("noauto,rw").find("omicsfs is read-only"),
            std::string::npos);
}

}  // namespace
}  // namespace omicsfs

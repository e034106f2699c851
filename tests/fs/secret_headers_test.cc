// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "catalog/marked_url.h"
#include "fs/tokens.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

// The token of refine.bio's API is for that server, not for one whose name
// begins like its name.
TEST(SecretHeaders, TheTokenOfTheApiIsForItsServerAlone) {
  const TemporaryDirectory dir;
  Settings settings;
  settings.state_dir = dir.path();
  SourceSettings& source = settings.sources["refine-bio"];
  source.base_url = "https://api.example/";
  source.archives = {
      {resolve_url("https://api.example/v1/dataset/7/", "download_url"),
       {},
       "",
       0}};
  ASSERT_TRUE(save_token(settings.state_dir, "refine-bio", "s3cret"));
  const auto header_for = secret_headers(settings);
  ASSERT_TRUE(header_for) << header_for.error().message;
  const auto header_of = [&](const char* url) {
    const auto header =
        (*header_for)(*parse_marked_url(resolve_url(url, "download_url")));
    return header ? *header : std::string();
  };
  EXPECT_NE(header_of("https://api.example/v1/dataset/8/").find("s3cret"),
            std::string::npos);
  for (const char* url :
       {"https://api.example.evil/v1/", "https://api.example:444/v1/",
        "http://api.example/v1/", "https://api.example@evil/v1/",
        "https://evil?@api.example/", "https://api.examples/"}) {
    EXPECT_EQ(header_of(url), "") << url;
  }
}

}  // namespace
}  // namespace omicsfs

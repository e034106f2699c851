// SPDX-License-Identifier: MIT
#include "fs/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "catalog/json_fields.h"
#include "fs/token_rule.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

bool is_taken(const std::string& server) {
  const auto rule = JsonValue::parse(R"({"server": ")" + server + R"("})");
  return rule && parse_token_rule("lab", *rule);
}

TEST(TokenRule, ASecretGoesByHttpsOrWithinThisMachineAlone) {
  for (const char* server :
       {"https://example.org", "https://example.org:8443", "http://localhost",
        "http://localhost:8080", "http://127.0.0.1:80", "http://[::1]:8080"}) {
    EXPECT_TRUE(is_taken(server)) << server;
  }
  for (const char* server :
       {"http://example.org", "http://localhost.evil.org",
        "http://localhost-evil.org", "http://127.0.0.1.evil.org",
        "http://127.0.0.10", "http://[::1].evil.org", "http://[::12]",
        "http://xlocalhost", "http://localhost@evil.org", "ftp://localhost",
        "localhost", ""}) {
    EXPECT_FALSE(is_taken(server)) << server;
  }
}

TEST(NamedToken, AFileThatOthersMayUseInAnyWayIsRefused) {
  const TemporaryDirectory state;
  const auto path = state.path() / "tokens" / "lab";
  std::filesystem::create_directory(path.parent_path());
  std::ofstream(path) << "secret\n";
  for (const mode_t mode : {0600, 0400}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto token = named_token(state.path(), "lab");
    ASSERT_TRUE(token) << std::oct << mode;
    EXPECT_EQ(*token, "secret");
  }
  for (const mode_t mode : {0640, 0604, 0644, 0620, 0602, 0610, 0601, 0660}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto token = named_token(state.path(), "lab");
    ASSERT_FALSE(token) << std::oct << mode;
    EXPECT_NE(token.error().message.find("chmod 600"), std::string::npos);
  }
}

}  // namespace
}  // namespace omicsfs

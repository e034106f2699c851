// SPDX-License-Identifier: MIT
#include "fetch/private_hosts.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

TEST(PrivateHost, IsANameOrAnAddressWithOrWithoutAPort) {
  for (const auto& [text, rule] :
       {std::pair{"Data.Lab.Example", "data.lab.example"},
        {"nas:8080", "nas:8080"},
        {"10.0.0.5", "10.0.0.5"},
        {"127.0.0.1:9000", "127.0.0.1:9000"},
        {"fd00::1", "[fd00::1]"},
        {"[FD00:0::1]:80", "[fd00::1]:80"},
        {"::1", "[::1]"}}) {
    const auto parsed = parse_private_host(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, rule);
  }
  for (const char* text :
       {"", "http://nas", "nas/", "nas:", "nas:0", "nas:65536", "nas:x", "na s",
        "[::1", "[::1]:", "user@nas", "*", "10.0.0.0/8", ":80"}) {
    EXPECT_FALSE(parse_private_host(text)) << text;
  }
}

TEST(PrivateHost, NamesItsServerAndNoOther) {
  const std::vector<std::string> host = {"nas"};
  EXPECT_TRUE(names_server(host, "http://nas"));
  EXPECT_TRUE(names_server(host, "https://nas:8080"));
  EXPECT_FALSE(names_server(host, "http://nas.evil"));
  EXPECT_FALSE(names_server(host, "http://xnas"));
  EXPECT_FALSE(names_server({}, "http://nas"));
  const std::vector<std::string> port = {"nas:80"};
  EXPECT_TRUE(names_server(port, "http://nas"));
  EXPECT_TRUE(names_server(port, "http://nas:80"));
  EXPECT_FALSE(names_server(port, "https://nas"));
  EXPECT_FALSE(names_server(port, "http://nas:8080"));
  EXPECT_TRUE(names_server({"nas:443"}, "https://nas"));
  EXPECT_TRUE(names_server({"[fd00::1]"}, "http://[fd00:0:0::1]:81"));
  EXPECT_FALSE(names_server({"[fd00::1]:80"}, "http://[fd00::1]:81"));
}

TEST(PrivateHost, TheRuleOfAServerNamesIt) {
  EXPECT_EQ(rule_of("http://10.0.0.5"), "10.0.0.5:80");
  EXPECT_EQ(rule_of("https://nas:8443"), "nas:8443");
  EXPECT_EQ(rule_of("http://[::1]:9"), "[::1]:9");
  for (const char* server :
       {"http://10.0.0.5", "https://nas:8443", "http://[::1]:9"}) {
    EXPECT_TRUE(names_server({*parse_private_host(rule_of(server))}, server));
  }
}

TEST(PrivateHost, ShowsByItsNameWhetherItIsPrivate) {
  for (const char* server :
       {"http://10.0.0.5", "http://127.0.0.1:8080", "http://127.1",
        "http://0x7f.1", "http://2130706433", "https://192.168.1.1",
        "http://169.254.169.254", "http://localhost", "http://localhost.:80",
        "http://a.localhost", "http://[::1]", "http://[fe80::1%25eth0]:80",
        "http://[fd00::1]", "http://[::ffff:10.0.0.1]"}) {
    EXPECT_TRUE(is_at_private_address(server)) << server;
  }
  for (const char* server :
       {"http://example.org", "https://8.8.8.8", "http://[2001:4860::8]",
        "http://localhost.evil.org", "http://10.example.org",
        "http://notlocalhost"}) {
    EXPECT_FALSE(is_at_private_address(server)) << server;
  }
}

}  // namespace
}  // namespace omicsfs

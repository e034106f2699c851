// SPDX-License-Identifier: MIT
#include "catalog/marked_url.h"

#include <gtest/gtest.h>

#include "catalog/token_servers.h"

namespace omicsfs {
namespace {

TEST(MarkedUrl, IsADocumentAndAFieldInIt) {
  const auto url = parse_marked_url("resolve:https://h/v1/7/#file.url");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->kind, MarkedUrl::Kind::kResolve);
  EXPECT_EQ(url->url, "https://h/v1/7/");
  EXPECT_EQ(url->field, (std::vector<std::string>{"file", "url"}));
  EXPECT_EQ(resolve_url("https://h/v1/7/", "file.url"),
            "resolve:https://h/v1/7/#file.url");
  for (const char* text :
       {"https://h/#x", "resolve:https://h/", "resolve:https://h/#",
        "resolve:https://h/#a..b", "resolve:https://h/#a.",
        "resolve:file:///x#a", "resolve:resolve:https://h/#a", ""}) {
    EXPECT_FALSE(parse_marked_url(text)) << text;
  }
}

TEST(MarkedUrl, OrAUrlThatRedirects) {
  const auto url = parse_marked_url("redirect:https://h/files/a?b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->kind, MarkedUrl::Kind::kRedirect);
  EXPECT_EQ(url->url, "https://h/files/a?b");
  EXPECT_EQ(redirect_url("https://h/files/a?b"),
            "redirect:https://h/files/a?b");
  for (const char* text :
       {"redirect:", "redirect:https://h/#x", "redirect:file:///x",
        "redirect:redirect:https://h/", "Redirect:https://h/"}) {
    EXPECT_FALSE(parse_marked_url(text)) << text;
  }
}

TEST(MarkedUrl, OrOneWhoseServerIsShownAToken) {
  const auto url = parse_marked_url("token:lab-2:https://h:8/files/a?b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->kind, MarkedUrl::Kind::kToken);
  EXPECT_EQ(url->url, "https://h:8/files/a?b");
  EXPECT_EQ(url->token, "lab-2");
  EXPECT_EQ(token_url("lab-2", "https://h:8/files/a?b"),
            "token:lab-2:https://h:8/files/a?b");
  for (const char* text :
       {"token:", "token:lab", "token:lab:", "token::https://h/",
        "token:https://h/", "token:lab:https://h/#x", "token:Lab:https://h/",
        "token:a_b:https://h/", "token:a b:https://h/", "token:1:https://h/",
        "token:lab:file:///x", "token:lab:redirect:https://h/",
        "token:lab:token:lab:https://h/"}) {
    EXPECT_FALSE(parse_marked_url(text)) << text;
  }
  EXPECT_TRUE(is_token_name(std::string(64, 'a')));
  EXPECT_FALSE(is_token_name(std::string(65, 'a')));
}

TEST(MarkedUrl, ThePlainUrlIsWithoutTheMark) {
  const std::pair<const char*, const char*> urls[] = {
      {"resolve:https://h/a?b#c.d", "https://h/a?b"},
      {"redirect:https://h/a?b", "https://h/a?b"},
      {"token:lab:https://h/a?b", "https://h/a?b"},
      {"https://h/a?b#c", "https://h/a?b#c"},
      {"redirect:file:///x", "redirect:file:///x"},
      {"", ""}};
  for (const auto& [url, plain] : urls) {
    EXPECT_EQ(plain_url(url), plain);
  }
}

TEST(TokenServers, OnlyTheServerOfTheSettingsIsShownAToken) {
  const TokenServers servers = {{"lab", "https://h"}};
  for (const char* url :
       {"https://h/a", "token:lab:https://h/a", "token:lab:https://H:443/a",
        "token:lab:https://user@h/a?b", "redirect:https://other/a", "/local"}) {
    EXPECT_TRUE(check_tokens({url}, servers)) << url;
  }
  for (const char* url :
       {"token:other:https://h/a", "token:lab:https://g/a",
        "token:lab:http://h/a", "token:lab:https://h:8443/a",
        "token:lab:https://h.g/a", "token:lab:https://h@g/a"}) {
    const auto checked = check_tokens({"https://h/a", url}, servers);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid);
  }
  EXPECT_NE(check_tokens({"token:other:https://h/a"}, servers)
                .error()
                .message.find("tokens.other.server"),
            std::string::npos);
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fs/private_servers.h"

namespace omicsfs {
namespace {

const Environment kHome = {{"HOME", "/home/ada"}};

MergedSettings merged(const SettingsInput& input) {
  const auto result = merge_settings(input);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? *result : MergedSettings{};
}

Settings from_file(const std::string& text) {
  return merged({{{"config.json", text}}, kHome, {}}).settings;
}

std::string refusal(const SettingsInput& input) {
  const auto result = merge_settings(input);
  EXPECT_FALSE(result);
  if (result) {
    return "";
  }
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  return result.error().message;
}

std::string refusal_of_file(const std::string& text) {
  return refusal({{{"my.json", text}}, kHome, {}});
}

bool has_part(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(MergeSettings, GivesDefaultsBelowTheHomeDirectory) {
  const Settings settings = merged({{}, kHome, {}}).settings;
  EXPECT_EQ(settings.state_dir, "/home/ada/.local/state/omicsfs");
  EXPECT_EQ(settings.cache.dir, "/home/ada/.cache/omicsfs");
  EXPECT_EQ(settings.cache.limit, 20'000'000'000U);
  EXPECT_EQ(settings.cache.keep_free, 2'000'000'000U);
  EXPECT_EQ(settings.network.connections_per_host, 24);
  EXPECT_EQ(settings.network.timeout, std::chrono::seconds(60));
  EXPECT_EQ(settings.network.first_byte, std::chrono::seconds(60));
  EXPECT_EQ(settings.network.stall, std::chrono::seconds(15));
  EXPECT_EQ(settings.network.retries, 5);
  EXPECT_TRUE(settings.passthrough);
  EXPECT_TRUE(settings.mirrors.empty());
  EXPECT_EQ(settings.source("abc-atlas").base_url, "");
}

TEST(MergeSettings, PutsASystemServicesFilesBelowVar) {
  const Settings settings = merged({{}, {}, {}}).settings;
  EXPECT_EQ(settings.state_dir, "/var/lib/omicsfs");
  EXPECT_EQ(settings.cache.dir, "/var/cache/omicsfs");
}

TEST(MergeSettings, FollowsTheXdgVariablesUnlessTheyAreRelative) {
  Environment environment = kHome;
  environment["XDG_STATE_HOME"] = "/xdg/state";
  environment["XDG_CACHE_HOME"] = "relative";
  const Settings settings = merged({{}, environment, {}}).settings;
  EXPECT_EQ(settings.state_dir, "/xdg/state/omicsfs");
  EXPECT_EQ(settings.cache.dir, "/home/ada/.cache/omicsfs");
}

TEST(MergeSettings, ReadsEveryKeyOfAFile) {
  const Settings settings = from_file(R"({
    "state_dir": "/s",
    "passthrough": false,
    "members": "*.h5z:none.zip",
    "cache": {"dir": "~/c", "limit": "1.5T", "keep_free": 500000000},
    "network": {"connections_per_host": 4, "timeout_s": 90, "stall_s": 20,
                "first_byte_s": 30, "retries": 0},
    "endpoints": {"s3": "http://localhost:9000", "hf": "https://hub.org/"},
    "tokens": {"lab": {"server": "https://Lab.org:443/"},
               "own": {"server": "http://127.0.0.1:8080", "header": "X-Key",
                       "scheme": ""}},
    "mirrors": {"https://a.org/": ["https://b.org/x", "http://c.org/"]},
    "sources": {"abc-atlas": {"base_url": "http://localhost:8080/bucket",
                              "releases": ["20231215", "20250531"]}}})");
  EXPECT_EQ(settings.state_dir, "/s");
  EXPECT_EQ(settings.cache.dir, "/home/ada/c");
  EXPECT_EQ(settings.cache.limit, 1'500'000'000'000U);
  EXPECT_EQ(settings.cache.keep_free, 500'000'000U);
  EXPECT_EQ(settings.network.connections_per_host, 4);
  EXPECT_EQ(settings.network.timeout, std::chrono::seconds(90));
  EXPECT_EQ(settings.network.first_byte, std::chrono::seconds(30));
  EXPECT_EQ(settings.network.stall, std::chrono::seconds(20));
  EXPECT_EQ(settings.network.retries, 0);
  EXPECT_FALSE(settings.passthrough);
  EXPECT_EQ(settings.source("abc-atlas").members.text(), "*.h5z:none.zip");
  ASSERT_EQ(settings.mirrors.size(), 1U);
  EXPECT_EQ(settings.mirrors[0].first, "https://a.org/");
  EXPECT_EQ(settings.mirrors[0].second,
            (std::vector<std::string>{"https://b.org/x", "http://c.org/"}));
  EXPECT_EQ(settings.source("manifest").endpoints.s3, "http://localhost:9000/");
  EXPECT_EQ(settings.source("manifest").endpoints.hub, "https://hub.org/");
  EXPECT_EQ(settings.tokens,
            (TokenRules{{"lab", {"https://lab.org", "Authorization", "Bearer"}},
                        {"own", {"http://127.0.0.1:8080", "X-Key", ""}}}));
  EXPECT_EQ(settings.source("manifest").token_servers,
            (TokenServers{{"lab", "https://lab.org"},
                          {"own", "http://127.0.0.1:8080"}}));
  EXPECT_EQ(token_header(settings.tokens.at("lab"), "s"),
            "Authorization: Bearer s");
  EXPECT_EQ(token_header(settings.tokens.at("own"), "s"), "X-Key: s");
  const SourceSettings abc = settings.source("abc-atlas");
  EXPECT_EQ(abc.base_url, "http://localhost:8080/bucket/");
  EXPECT_EQ(abc.releases, (std::vector<std::string>{"20231215", "20250531"}));
}

TEST(MergeSettings, LimitsOfServersAddToThoseThatAreKnown) {
  using Rates = std::map<std::string, int, std::less<>>;
  EXPECT_EQ(merged({{}, kHome, {}}).settings.network.requests_per_s,
            (Rates{{"encodeproject.org", 10}}));
  const Settings settings = merged({{{"/etc", R"({"network": {"requests_per_s":
                  {"a.org": 1, "Localhost:8080": 2, "[::1]:80": 3}}})"},
                                     {"~", R"({"network": {"requests_per_s":
                  {"www.encodeproject.org": 5, "WWW.A.org": 0}}})"}},
                                    kHome,
                                    {}})
                                .settings;
  EXPECT_EQ(settings.network.requests_per_s, (Rates{{"a.org", 0},
                                                    {"encodeproject.org", 5},
                                                    {"localhost:8080", 2},
                                                    {"[::1]:80", 3}}));
}

TEST(MergeSettings, ReadsTheHostsThatMayBePrivate) {
  EXPECT_EQ(
      from_file(R"({"network": {"private_hosts":
                ["NAS.lab", "10.0.0.5:9000", "fd00::1"]}})")
          .network.private_hosts,
      (std::vector<std::string>{"nas.lab", "10.0.0.5:9000", "[fd00::1]"}));
  for (const char* hosts :
       {R"("nas")", R"([1])", R"(["http://nas"])", R"(["nas:"])"}) {
    const std::string text =
        std::string(R"({"network": {"private_hosts": )") + hosts + "}}";
    EXPECT_FALSE(merge_settings({{{"f", text}}, kHome, {}})) << hosts;
  }
}

TEST(PrivateServers, AreWarnedOfUnlessASettingNamesThem) {
  Settings settings;
  const std::vector<std::string> servers = {
      "http://10.0.0.5", "https://example.org", "http://localhost:8080"};
  const auto all = private_server_warnings(servers, settings);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].find(R"("10.0.0.5:80" to network.private_hosts)"),
            std::string::npos);
  settings.network.private_hosts = {"localhost"};
  EXPECT_EQ(private_server_warnings(servers, settings).size(), 1U);
  settings.mirrors = {{"https://example.org/", {"http://10.0.0.5/"}}};
  EXPECT_TRUE(private_server_warnings(servers, settings).empty());
}

TEST(MergeSettings, RefusesALimitOfNoServerOrOfNoNumber) {
  for (const char* rate :
       {R"({"": 1})", R"({"https://a.org": 1})", R"({"a.org/x": 1})",
        R"({"a b": 1})", R"({"u@a.org": 1})", R"({":80": 1})",
        R"({"a.org": -1})", R"({"a.org": 1.5})", R"({"a.org": 1001})",
        R"({"a.org": "1"})", R"(["a.org"])", "7"}) {
    const std::string message = refusal_of_file(
        std::string(R"({"network": {"requests_per_s": )") + rate + "}}");
    EXPECT_TRUE(has_part(message, "my.json: /network/requests_per_s"))
        << rate << ": " << message;
  }
}

TEST(MergeSettings, TakesTheStrongestPlaceKeyByKey) {
  const SettingsInput input = {{{"/etc", R"({"state_dir": "/etc-state",
                    "cache": {"limit": "1G", "keep_free": "1G"},
                    "network": {"retries": 1, "stall_s": 1}})"},
                                {"~", R"({"cache": {"limit": "2G"},
                 "network": {"retries": 2, "timeout_s": 2}})"}},
                               {{"HOME", "/home/ada"},
                                {"OMICSFS_NETWORK_RETRIES", "3"},
                                {"OMICSFS_CACHE_LIMIT", "3G"}},
                               {{"cache.limit", "4G", "--cache-limit"}}};
  const Settings settings = merged(input).settings;
  EXPECT_EQ(settings.cache.limit, 4'000'000'000U) << "a flag";
  EXPECT_EQ(settings.network.retries, 3) << "a variable";
  EXPECT_EQ(settings.network.timeout.count(), 2) << "the user's file";
  EXPECT_EQ(settings.network.stall.count(), 1) << "the system's file";
  EXPECT_EQ(settings.cache.keep_free, 1'000'000'000U) << "the system's file";
  EXPECT_EQ(settings.state_dir, "/etc-state") << "the system's file";
}

TEST(MergeSettings, MergesMirrorsAndSourcesKeyByKey) {
  const SettingsInput input = {
      {{"1", R"({"mirrors": {"http://a/": ["http://a1/"],
                             "http://b/": ["http://b1/"]},
                 "sources": {"abc-atlas": {"base_url": "http://one",
                                           "releases": ["1"]}}})"},
       {"2", R"({"mirrors": {"http://b/": ["http://b2/", "http://b3/"]},
                 "sources": {"abc-atlas": {"releases": []}}})"}},
      kHome,
      {}};
  const Settings settings = merged(input).settings;
  ASSERT_EQ(settings.mirrors.size(), 2U);
  EXPECT_EQ(settings.mirrors[0].second, std::vector<std::string>{"http://a1/"});
  EXPECT_EQ(settings.mirrors[1].second,
            (std::vector<std::string>{"http://b2/", "http://b3/"}));
  EXPECT_EQ(settings.source("abc-atlas").base_url, "http://one/");
  EXPECT_TRUE(settings.source("abc-atlas").releases.empty());
}

TEST(MergeSettings, ReadsEveryVariable) {
  const Environment environment = {
      {"HOME", "/home/ada"},
      {"OMICSFS_STATE_DIR", "~/state"},
      {"OMICSFS_CACHE_DIR", "/c"},
      {"OMICSFS_CACHE_LIMIT", "3G"},
      {"OMICSFS_CACHE_KEEP_FREE", "4G"},
      {"OMICSFS_NETWORK_CONNECTIONS_PER_HOST", "5"},
      {"OMICSFS_NETWORK_TIMEOUT_S", "6"},
      {"OMICSFS_NETWORK_STALL_S", "7"},
      {"OMICSFS_NETWORK_FIRST_BYTE_S", "9"},
      {"OMICSFS_NETWORK_RETRIES", "8"},
      {"OMICSFS_PASSTHROUGH", "false"},
      {"OMICSFS_SOURCES_ABC_ATLAS_BASE_URL", "https://here"}};
  const auto [settings, warnings] = merged({{}, environment, {}});
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(settings.state_dir, "/home/ada/state");
  EXPECT_EQ(settings.cache.dir, "/c");
  EXPECT_EQ(settings.cache.limit, 3'000'000'000U);
  EXPECT_EQ(settings.cache.keep_free, 4'000'000'000U);
  EXPECT_EQ(settings.network.connections_per_host, 5);
  EXPECT_EQ(settings.network.timeout.count(), 6);
  EXPECT_EQ(settings.network.first_byte.count(), 9);
  EXPECT_EQ(settings.network.stall.count(), 7);
  EXPECT_EQ(settings.network.retries, 8);
  EXPECT_FALSE(settings.passthrough);
  EXPECT_EQ(settings.source("abc-atlas").base_url, "https://here/");
}

TEST(MergeSettings, TakesAnEmptyVariableForUnset) {
  const auto result =
      merged({{}, {{"HOME", "/home/ada"}, {"OMICSFS_CACHE_LIMIT", ""}}, {}});
  EXPECT_EQ(result.settings.cache.limit, CacheSettings{}.limit);
  EXPECT_TRUE(result.warnings.empty());
}

TEST(MergeSettings, WarnsOfVariablesThatMeanNothing) {
  const Environment environment = {{"OMICSFS_CACHE_LIMITS", "1G"},
                                   {"OMICSFS_CONFIG", "/x"},
                                   {"OMICSFS_LOG", "/y"},
                                   {"OMICSFS_TOKEN_LAB", "secret"},
                                   {"OMICSFS_TOKEN_LAB_2", "secret"},
                                   {"OTHER_CACHE", "z"}};
  const auto warnings =
      merged({{{"/etc", R"({"tokens": {"lab-2": {"server": "https://h"}}})"}},
              environment,
              {}})
          .warnings;
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_TRUE(has_part(warnings[1], "OMICSFS_TOKEN_LAB "));
  EXPECT_FALSE(has_part(warnings[1], "secret"));
  EXPECT_TRUE(has_part(warnings[0], "OMICSFS_CACHE_LIMITS"));
}

TEST(MergeSettings, NamesTheFileAndThePlaceOfAMistake) {
  struct Case {
    const char* text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"{", {}},
      {"[]", {}},
      {R"({"cach": {}})", {"/cach", "unknown key", "state_dir"}},
      {R"({"cache": {"limits": 1}})",
       {"/cache/limits", "unknown key", "dir, limit, keep_free"}},
      {R"({"cache": 5})", {"/cache"}},
      {R"({"cache": {"limit": "lots"}})", {"/cache/limit", "lots"}},
      {R"({"cache": {"limit": "5k"}})", {"/cache/limit", "too small"}},
      {R"({"cache": {"limit": -1}})", {"/cache/limit"}},
      {R"({"cache": {"limit": true}})", {"/cache/limit"}},
      {R"({"cache": {"dir": "relative"}})", {"/cache/dir", "absolute"}},
      {R"({"state_dir": ""})", {"/state_dir", "absolute"}},
      {R"({"state_dir": 5})", {"/state_dir"}},
      {R"({"network": {"retries": "5"}})", {"/network/retries"}},
      {R"({"passthrough": "yes"})", {"/passthrough"}},
      {R"({"passthrough": 1})", {"/passthrough"}},
      {R"({"members": "*.zip:"})", {"/members", "none"}},
      {R"({"cache.limit": "5G"})", {"/cache.limit", "unknown key"}},
      {R"({"network": {"retries": 101}})", {"/network/retries", "0 to 100"}},
      {R"({"network": {"timeout_s": 0}})", {"/network/timeout_s", "1 to"}},
      {R"({"network": {"stall_s": 1.5}})", {"/network/stall_s"}},
      {R"({"network": {"connections_per_host": 257}})",
       {"/network/connections_per_host", "1 to 256"}},
      {R"({"network": {"proxy": "x"}})", {"/network/proxy", "retries"}},
      {R"({"endpoints": {"s3": "s3://x"}})", {"/endpoints/s3", "s3://x"}},
      {R"({"endpoints": {"gs": "http://x"}})", {"/endpoints/gs", "s3, hf"}},
      {R"({"tokens": {"lab": {}}})", {"/tokens/lab", "server"}},
      {R"({"tokens": {"Lab": {"server": "https://h"}}})", {"/tokens/Lab"}},
      {R"({"tokens": {"refine-bio": {"server": "https://h"}}})",
       {"/tokens/refine-bio", "a source"}},
      {R"({"tokens": {"lab": {"server": "http://h"}}})",
       {"/tokens/lab/server", "https only"}},
      {R"({"tokens": {"lab": {"server": "http://127.0.0.1.evil.org"}}})",
       {"/tokens/lab/server", "https only"}},
      {R"({"tokens": {"lab": {"server": "http://10.0.0.1"}}})",
       {"/tokens/lab/server", "https only"}},
      {R"({"tokens": {"lab": {"server": "https://h/folder"}}})",
       {"/tokens/lab/server", "no server"}},
      {R"({"tokens": {"lab": {"server": "https://u@h"}}})",
       {"/tokens/lab/server", "no server"}},
      {R"({"tokens": {"lab": {"server": "https://h", "header": "A b"}}})",
       {"/tokens/lab/header"}},
      {R"({"tokens": {"lab": {"server": "https://h", "header": "Range"}}})",
       {"/tokens/lab/header"}},
      {R"({"tokens": {"lab": {"server": "https://h", "scheme": "A\n"}}})",
       {"/tokens/lab/scheme"}},
      {R"({"tokens": {"lab": {"server": "https://h", "secret": "x"}}})",
       {"/tokens/lab/secret", "server, header, scheme"}},
      {R"({"mirrors": []})", {"/mirrors"}},
      {R"({"mirrors": {"http://a/": "http://b/"}})", {"/mirrors/http:~1~1a~1"}},
      {R"({"mirrors": {"ftp://a/": []}})", {"/mirrors/", "ftp://a/"}},
      {R"({"mirrors": {"http://a/": ["b"]}})", {"/mirrors/http:~1~1a~1/0"}},
      {R"({"sources": {"abc": {}}})", {"/sources/abc", "abc-atlas"}},
      {R"({"sources": {"abc-atlas": {"url": "x"}}})",
       {"/sources/abc-atlas/url", "base_url, releases"}},
      {R"({"sources": {"abc-atlas": {"base_url": "file:///x"}}})",
       {"/sources/abc-atlas/base_url", "file:///x"}},
      {R"({"sources": {"abc-atlas": {"releases": "x"}}})",
       {"/sources/abc-atlas/releases"}},
      {R"({"sources": {"abc-atlas": {"releases": ["ok", "../x"]}}})",
       {"/sources/abc-atlas/releases/1"}},
  };
  for (const auto& [text, parts] : cases) {
    const std::string message = refusal_of_file(text);
    EXPECT_TRUE(message.starts_with("my.json: ")) << message;
    for (const std::string& part : parts) {
      EXPECT_TRUE(has_part(message, part)) << text << "\n" << message;
    }
  }
}

TEST(MergeSettings, NamesTheVariableOrFlagOfAMistake) {
  EXPECT_TRUE(refusal({{}, {{"OMICSFS_CACHE_LIMIT", "x"}}, {}})
                  .starts_with("OMICSFS_CACHE_LIMIT: "));
  EXPECT_TRUE(
      has_part(refusal({{}, {}, {{"passthrough", "on", "--passthrough"}}}),
               "--passthrough: \"on\" is neither true nor false"));
  EXPECT_TRUE(refusal({{}, kHome, {{"cache.limit", "x", "--cache-limit"}}})
                  .starts_with("--cache-limit: "));
  EXPECT_TRUE(
      has_part(refusal({{}, kHome, {{"cache.size", "1G", "-o cache.size"}}}),
               "unknown setting \"cache.size\""));
}

TEST(MergeSettings, SendsASettingOfSeveralValuesToASettingsFile) {
  for (const std::string key : {"network.private_hosts", "tokens"}) {
    for (const char* value : {"", "nas.lab"}) {
      const std::string message =
          refusal({{}, kHome, {{key, value, "-o " + key}}});
      EXPECT_TRUE(has_part(message, key + " has several values")) << message;
    }
  }
}

TEST(MergeSettings, HasNoTildeWithoutAHome) {
  EXPECT_TRUE(has_part(
      refusal({{{"my.json", R"({"state_dir": "~/x"})"}}, {}, {}}), "HOME"));
}

TEST(ParseBaseUrl, EndsInExactlyOneSlash) {
  for (const char* text : {"https://h/a", "https://h/a/", "https://h/a///"}) {
    const auto url = parse_base_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(*url, "https://h/a/");
  }
}

TEST(ParseBaseUrl, RefusesWhatIsNoFolderOnTheWeb) {
  for (const char* text :
       {"", "h/a", "ftp://h/", "https://", "http:///a", "http://h/?q",
        "http://h/#f", "http://h/a b", "http://h/\n", "HTTP//h"}) {
    EXPECT_FALSE(parse_base_url(text)) << text;
  }
}

TEST(MergeSettings, TakesWhatACatalogueDrives) {
  const SourceSettings one =
      from_file(R"({"sources": {"encode": {"catalogue": "~/files.json",
                                           "archived": true,
                                           "datasets": ["annotations"]}}})")
          .source("encode");
  EXPECT_EQ(one.catalogue, std::vector<std::string>{"/home/ada/files.json"});
  EXPECT_TRUE(one.archived);
  EXPECT_EQ(one.datasets, std::vector<std::string>{"annotations"});
  const SourceSettings two = from_file(R"({"sources": {"encode": {"catalogue": [
                     "https://h/search/?type=File&limit=all", "/a.tsv"]}}})")
                                 .source("encode");
  EXPECT_EQ(two.catalogue,
            (std::vector<std::string>{"https://h/search/?type=File&limit=all",
                                      "/a.tsv"}));
  EXPECT_FALSE(two.archived);
  EXPECT_EQ(two.datasets, std::vector<std::string>{"experiments"});
  const Environment environment = {
      {"HOME", "/home/ada"}, {"OMICSFS_SOURCES_ENCODE_CATALOGUE", "~/c.tsv"}};
  EXPECT_EQ(merged({{}, environment, {}}).settings.source("encode").catalogue,
            std::vector<std::string>{"/home/ada/c.tsv"});
}

TEST(MergeSettings, TakesManifestsByTheirPlaces) {
  EXPECT_TRUE(from_file("{}").source("manifest").catalogue.empty());
  const std::vector<std::string> places = {"https://h/datapackage.json",
                                           "/a.jsonl", "s3://b/x",
                                           "hf://datasets/o/n@v1"};
  const SourceSettings found = from_file(R"({"sources": {"manifest": {
      "base_url": "https://h/d", "catalogue": ["https://h/datapackage.json",
      "/a.jsonl", "s3://b/x", "hf://datasets/o/n@v1"]}}})")
                                   .source("manifest");
  EXPECT_EQ(found.catalogue, places);
  EXPECT_EQ(found.base_url, "https://h/d/");
  for (const char* source :
       {R"({"catalogue": "a.json"})", R"({"archived": true})",
        R"({"patient": "yes"})", R"({"releases": ["1"]})"}) {
    EXPECT_TRUE(has_part(refusal_of_file(R"({"sources": {"manifest": )" +
                                         std::string(source) + "}}"),
                         "/sources/manifest/"))
        << source;
  }
}

TEST(MergeSettings, RefusesWhatIsNoCatalogue) {
  for (const char* source :
       {R"({"catalogue": "files.json"})", R"({"catalogue": 3})",
        R"({"catalogue": ["ftp://h/x"]})", R"({"archived": "yes"})",
        R"({"datasets": ["a/b"]})", R"({"releases": ["1"]})"}) {
    EXPECT_TRUE(has_part(refusal_of_file(R"({"sources": {"encode": )" +
                                         std::string(source) + "}}"),
                         "/sources/encode/"))
        << source;
  }
  EXPECT_TRUE(has_part(
      refusal_of_file(R"({"sources": {"abc-atlas": {"catalogue": "/a"}}})"),
      "base_url, releases"));
}

TEST(MergeSettings, TakesWhatAListingDrives) {
  EXPECT_EQ(from_file("{}").source("genomekit").listing, "");
  for (const auto& [text, place] : {
           std::pair{"~/names.txt", "/home/ada/names.txt"},
           std::pair{"https://h/data/?C=N", "https://h/data/?C=N"},
       }) {
    EXPECT_EQ(from_file(R"({"sources": {"genomekit": {"listing": ")" +
                        std::string(text) + R"("}}})")
                  .source("genomekit")
                  .listing,
              place);
  }
  const Environment environment = {
      {"HOME", "/home/ada"}, {"OMICSFS_SOURCES_GENOMEKIT_LISTING", "~/l.xml"}};
  const auto settings = merged({{}, environment, {}}).settings;
  EXPECT_EQ(settings.source("genomekit").listing, "/home/ada/l.xml");
  EXPECT_EQ(settings.source("abc-atlas").listing, "");
}

TEST(MergeSettings, RefusesWhatIsNoListing) {
  for (const char* source :
       {R"({"listing": "names.txt"})", R"({"listing": ["/a"]})",
        R"({"listing": "ftp://h/x"})", R"({"releases": ["1"]})"}) {
    EXPECT_TRUE(has_part(refusal_of_file(R"({"sources": {"genomekit": )" +
                                         std::string(source) + "}}"),
                         "/sources/genomekit/"))
        << source;
  }
  EXPECT_TRUE(
      has_part(refusal_of_file(R"({"sources": {"encode": {"listing": "/a"}}})"),
               "base_url, catalogue"));
}

TEST(MergeSettings, TakesATableOfColumns) {
  const auto source = from_file(R"({"sources": {"scprint2": {
      "columns": "~/columns.json", "listing": "https://h/"}}})")
                          .source("scprint2");
  EXPECT_EQ(source.columns, "/home/ada/columns.json");
  EXPECT_EQ(source.listing, "https://h/");
  const Environment environment = {
      {"HOME", "/home/ada"},
      {"OMICSFS_SOURCES_SCPRINT2_COLUMNS", "https://h/t.json"}};
  EXPECT_EQ(merged({{}, environment, {}}).settings.source("scprint2").columns,
            "https://h/t.json");
  EXPECT_TRUE(has_part(
      refusal_of_file(R"({"sources": {"scprint2": {"columns": "here.json"}}})"),
      "/sources/scprint2/columns"));
  EXPECT_TRUE(has_part(
      refusal_of_file(R"({"sources": {"genomekit": {"columns": "/a"}}})"),
      "base_url, listing"));
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/endpoints.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "fetch/mirrors.h"
#include "fetch/rate_rules.h"
#include "fetch/transport.h"
#include "fs/token_rule.h"

// What a user may set, and how the places where it is said are merged; nothing
// here reads a file or the process's environment (settings_file.h does).
// omicsfs.json(5) describes every key.

namespace omicsfs {

struct CacheSettings {
  std::filesystem::path dir;
  std::uint64_t limit = 20'000'000'000;     // bytes the cache may take
  std::uint64_t keep_free = 2'000'000'000;  // bytes left free on its disk
};

struct NetworkSettings {
  int connections_per_host = kConnectionsPerHost;
  std::chrono::seconds timeout{60};     // of one read
  std::chrono::seconds first_byte{60};  // that one request waits for
  std::chrono::seconds stall{15};       // of an answer that has begun
  int retries = 5;
  std::uint64_t memory = 0;  // bytes under way; 0: by the machine's memory
  // Of servers that are asked only so often. ENCODE: "Use of the programmatic
  // API is limited to 10 GET requests/sec" (encodeproject.org/help/rest-api).
  RateRules::PerSecond requests_per_s{{"encodeproject.org", 10}};
  // Hosts that may be at private addresses (parse_private_host).
  std::vector<std::string> private_hosts;
};

struct Settings {
  std::filesystem::path state_dir;
  CacheSettings cache;
  NetworkSettings network;
  bool passthrough = true;  // where the kernel allows it
  ArchiveChoice members;    // of all sources
  Endpoints endpoints;
  TokenRules tokens;  // that manifests may name
  std::vector<Mirrors::Rule> mirrors;
  std::map<std::string, SourceSettings, std::less<>> sources;

  // What is set for a source; the defaults where nothing is.
  [[nodiscard]] SourceSettings source(std::string_view name) const;
};

// One key set by a flag: "cache.limit" = "10G", said by "--cache-limit".
struct Assignment {
  std::string key;
  std::string value;
  std::string origin;  // for error messages

  bool operator==(const Assignment&) const = default;
};

// The text of one settings file.
struct SettingsText {
  std::string file;  // for error messages
  std::string text;
};

using Environment = std::map<std::string, std::string, std::less<>>;
// The value of `name`, empty where it is not set.
[[nodiscard]] std::string value_in(const Environment& environment,
                                   std::string_view name);

struct SettingsInput {
  std::vector<SettingsText> files;  // weakest first
  Environment environment;
  std::vector<Assignment> flags;
};

struct MergedSettings {
  Settings settings;
  std::vector<std::string> warnings;  // OMICSFS_… variables that mean nothing
};

// The settings that `input` amounts to, key by key: flags over variables over
// files over defaults. Pure.
// Errors: kInvalid for a bad value or an unknown key, naming the file and the
// place in it, the variable or the flag.
Result<MergedSettings> merge_settings(const SettingsInput& input);

// "base_url" and the like as the sources need it: http or https, no query, one
// slash at the end. Errors: kInvalid.
Result<std::string> parse_base_url(std::string_view text);

}  // namespace omicsfs

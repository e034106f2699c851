// SPDX-License-Identifier: MIT
#include "fs/setting_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "catalog/entry_name.h"
#include "catalog/sources/manifest_address.h"
#include "fetch/url.h"
#include "fs/size_text.h"

namespace omicsfs {
namespace {

// Less would not hold what one large request brings.
constexpr std::uint64_t kLeastCacheLimit = 1'000'000;
constexpr std::uint64_t kLeastMemory = 1'000'000;

Error invalid_setting(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message)};
}

struct Bounds {
  int least;
  int most;
};

}  // namespace

Result<std::filesystem::path> parse_path(std::string_view text,
                                         std::string_view home) {
  std::string path(text);
  if (text == "~" || text.starts_with("~/")) {
    if (home.empty()) {
      return invalid_setting("\"~\" means nothing here: HOME is not set");
    }
    path = std::string(home) + std::string(text.substr(1));
  }
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
    return invalid_setting(quoted(text) +
                           " is not an absolute path; begin it with / or ~/");
  }
  return std::filesystem::path(path).lexically_normal();
}

namespace {

Result<int> parse_count(std::string_view text, Bounds bounds) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < bounds.least ||
      value > bounds.most) {
    return invalid_setting(fmt::format("{} is not a whole number from {} to {}",
                                       quoted(text), bounds.least,
                                       bounds.most));
  }
  return value;
}

Result<bool> parse_switch(std::string_view text) {
  if (text != "true" && text != "false") {
    return invalid_setting(quoted(text) + " is neither true nor false");
  }
  return text == "true";
}

// Stores a parsed value, or hands the error on.
template <typename T, typename U>
Result<void> store(Result<T> value, U& place) {
  if (!value) {
    return value.error();
  }
  place = U(*std::move(value));
  return {};
}

Result<void> set_state_dir(Settings& settings, std::string_view text,
                           std::string_view home) {
  return store(parse_path(text, home), settings.state_dir);
}

Result<void> set_cache_dir(Settings& settings, std::string_view text,
                           std::string_view home) {
  return store(parse_path(text, home), settings.cache.dir);
}

Result<void> set_cache_limit(Settings& settings, std::string_view text,
                             std::string_view /*home*/) {
  const auto bytes = parse_size(text);
  if (bytes && *bytes < kLeastCacheLimit) {
    return invalid_setting(quoted(text) + " is too small; 1M is the least");
  }
  return store(bytes, settings.cache.limit);
}

Result<void> set_keep_free(Settings& settings, std::string_view text,
                           std::string_view /*home*/) {
  return store(parse_size(text), settings.cache.keep_free);
}

Result<void> set_connections(Settings& settings, std::string_view text,
                             std::string_view /*home*/) {
  return store(parse_count(text, {1, 256}),
               settings.network.connections_per_host);
}

Result<void> set_timeout(Settings& settings, std::string_view text,
                         std::string_view /*home*/) {
  return store(parse_count(text, {1, 86'400}), settings.network.timeout);
}

Result<void> set_first_byte(Settings& settings, std::string_view text,
                            std::string_view /*home*/) {
  return store(parse_count(text, {1, 3'600}), settings.network.first_byte);
}

Result<void> set_stall(Settings& settings, std::string_view text,
                       std::string_view /*home*/) {
  return store(parse_count(text, {1, 3'600}), settings.network.stall);
}

Result<void> set_retries(Settings& settings, std::string_view text,
                         std::string_view /*home*/) {
  return store(parse_count(text, {0, 100}), settings.network.retries);
}

Result<void> set_memory(Settings& settings, std::string_view text,
                        std::string_view /*home*/) {
  const auto bytes = parse_size(text);
  if (bytes && *bytes < kLeastMemory) {
    return invalid_setting(quoted(text) + " is too small; 1M is the least");
  }
  return store(bytes, settings.network.memory);
}

Result<void> set_passthrough(Settings& settings, std::string_view text,
                             std::string_view /*home*/) {
  return store(parse_switch(text), settings.passthrough);
}

Result<void> set_members(Settings& settings, std::string_view text,
                         std::string_view /*home*/) {
  return store(ArchiveChoice::parse(text), settings.members);
}

Result<void> set_s3(Settings& settings, std::string_view text,
                    std::string_view /*home*/) {
  return store(parse_base_url(text), settings.endpoints.s3);
}

Result<void> set_hub(Settings& settings, std::string_view text,
                     std::string_view /*home*/) {
  return store(parse_base_url(text), settings.endpoints.hub);
}

constexpr std::array<SettingKey, 14> kKeys = {{
    {"state_dir", SettingKey::Kind::kText, set_state_dir},
    {"cache.dir", SettingKey::Kind::kText, set_cache_dir},
    {"cache.limit", SettingKey::Kind::kSize, set_cache_limit},
    {"cache.keep_free", SettingKey::Kind::kSize, set_keep_free},
    {"network.connections_per_host", SettingKey::Kind::kCount, set_connections},
    {"network.timeout_s", SettingKey::Kind::kCount, set_timeout},
    {"network.first_byte_s", SettingKey::Kind::kCount, set_first_byte},
    {"network.stall_s", SettingKey::Kind::kCount, set_stall},
    {"network.retries", SettingKey::Kind::kCount, set_retries},
    {"network.memory", SettingKey::Kind::kSize, set_memory},
    {"passthrough", SettingKey::Kind::kSwitch, set_passthrough},
    {"members", SettingKey::Kind::kText, set_members},
    {"endpoints.s3", SettingKey::Kind::kText, set_s3},
    {"endpoints.hf", SettingKey::Kind::kText, set_hub},
}};

}  // namespace

Result<std::string> catalogue_place(std::string_view text,
                                    std::string_view home) {
  std::string place(text);
  if (is_http_url(place) || is_collection(place)) {
    return place;
  }
  const auto path = parse_path(text, home);
  return path ? Result<std::string>(path->native()) : path.error();
}

std::span<const SettingKey> setting_keys() { return kKeys; }

const SettingKey* find_setting_key(std::string_view name) {
  const auto key = std::find_if(
      kKeys.begin(), kKeys.end(),
      [&](const SettingKey& candidate) { return candidate.name == name; });
  return key == kKeys.end() ? nullptr : &*key;
}

std::string variable_of(std::string_view key) {
  std::string name = "OMICSFS_";
  for (const char c : key) {
    const bool separator = c == '.' || c == '-';
    name +=
        separator
            ? '_'
            : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

std::string token_variable(std::string_view name) {
  return variable_of(std::string("token.").append(name));
}

}  // namespace omicsfs

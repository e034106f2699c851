// SPDX-License-Identifier: MIT
#include "fs/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "catalog/entry_name.h"
#include "fs/setting_key.h"
#include "fs/settings_json.h"

namespace omicsfs {
namespace {

constexpr std::string_view kVariablePrefix = "OMICSFS_";
constexpr std::string_view kSourceKeyPrefix = "sources.";

// Variables that are no settings: which file to read, where to log, a secret.
constexpr std::array<std::string_view, 3> kOtherVariables = {
    "OMICSFS_CONFIG", "OMICSFS_LOG", "OMICSFS_REFINE_BIO_TOKEN"};

// A directory of the XDG Base Directory Specification (0.8): relative values
// of its variables are to be ignored; who has no home is a system service.
struct XdgDirectory {
  std::string_view variable;    // "XDG_CACHE_HOME"
  std::string_view below_home;  // ".cache"
  std::string_view without_home;
};

std::filesystem::path directory(const XdgDirectory& xdg,
                                const Environment& environment) {
  const std::string base = value_in(environment, xdg.variable);
  const std::string home = value_in(environment, "HOME");
  if (base.starts_with('/')) {
    return std::filesystem::path(base) / "omicsfs";
  }
  if (home.starts_with('/')) {
    return std::filesystem::path(home) / xdg.below_home / "omicsfs";
  }
  return std::filesystem::path(xdg.without_home) / "omicsfs";
}

Settings default_settings(const Environment& environment) {
  Settings settings;
  settings.state_dir =
      directory({"XDG_STATE_HOME", ".local/state", "/var/lib"}, environment);
  settings.cache.dir =
      directory({"XDG_CACHE_HOME", ".cache", "/var/cache"}, environment);
  return settings;
}

// A key of a source that one text can set.
struct SourceKey {
  std::string_view name;
  Result<void> (*set)(SourceSettings& settings, std::string_view text,
                      std::string_view home);
  bool (*of)(const SourceKind& kind);  // whether the source has it
};

bool has_base_url(const SourceKind& /*kind*/) { return true; }
bool has_catalogue(const SourceKind& kind) { return kind.has_catalogue(); }
bool has_listing(const SourceKind& kind) { return kind.of_listing; }
bool has_columns(const SourceKind& kind) { return kind.of_columns; }

Result<void> set_base_url(SourceSettings& settings, std::string_view text,
                          std::string_view /*home*/) {
  auto url = parse_base_url(text);
  if (!url) {
    return url.error();
  }
  settings.base_url = *std::move(url);
  return {};
}

Result<void> set_catalogue(SourceSettings& settings, std::string_view text,
                           std::string_view home) {
  auto place = catalogue_place(text, home);
  if (!place) {
    return place.error();
  }
  settings.catalogue = {*std::move(place)};
  return {};
}

Result<void> set_listing(SourceSettings& settings, std::string_view text,
                         std::string_view home) {
  auto place = catalogue_place(text, home);
  if (!place) {
    return place.error();
  }
  settings.listing = *std::move(place);
  return {};
}

Result<void> set_columns(SourceSettings& settings, std::string_view text,
                         std::string_view home) {
  auto place = catalogue_place(text, home);
  if (!place) {
    return place.error();
  }
  settings.columns = *std::move(place);
  return {};
}

constexpr std::array<SourceKey, 4> kSourceKeys = {{
    {"base_url", set_base_url, has_base_url},
    {"catalogue", set_catalogue, has_catalogue},
    {"listing", set_listing, has_listing},
    {"columns", set_columns, has_columns},
}};

std::string source_key(const SourceKind& kind, const SourceKey& key) {
  return fmt::format("{}{}.{}", kSourceKeyPrefix, kind.name, key.name);
}

// Calls `take(kind, key)` for each key of each source that has it.
template <typename Take>
void for_each_source_key(const Take& take) {
  for (const SourceKind& kind : all_sources()) {
    for (const SourceKey& key : kSourceKeys) {
      if (key.of(kind)) {
        take(kind, key);
      }
    }
  }
}

// Lists and tables, which an option or a variable cannot hold.
constexpr std::array<std::string_view, 4> kFileKeys = {
    "mirrors", "network.private_hosts", "network.requests_per_s", "tokens"};

Result<void> assign(Settings& settings, const Assignment& assignment,
                    std::string_view home) {
  if (const SettingKey* key = find_setting_key(assignment.key)) {
    return key->set(settings, assignment.value, home);
  }
  std::optional<Result<void>> set;
  for_each_source_key([&](const SourceKind& kind, const SourceKey& key) {
    if (assignment.key == source_key(kind, key)) {
      set = key.set(settings.sources[std::string(kind.name)], assignment.value,
                    home);
    }
  });
  if (set) {
    return *std::move(set);
  }
  const bool is_in_files_only = std::find(kFileKeys.begin(), kFileKeys.end(),
                                          assignment.key) != kFileKeys.end();
  return Error{ErrorCode::kInvalid,
               is_in_files_only
                   ? assignment.key +
                         " has several values: set it in a settings file, as "
                         "omicsfs.json(5) shows"
                   : "unknown setting " + omicsfs::quoted(assignment.key)};
}

// Each variable that sets a key, as the assignment that it makes.
std::map<std::string, std::string> keys_by_variable() {
  std::map<std::string, std::string> keys;
  for (const SettingKey& key : setting_keys()) {
    keys.emplace(variable_of(key.name), key.name);
  }
  for_each_source_key([&](const SourceKind& kind, const SourceKey& key) {
    const std::string name = source_key(kind, key);
    keys.emplace(variable_of(name), name);
  });
  return keys;
}

bool is_other_variable(std::string_view name) {
  return !name.starts_with(kVariablePrefix) ||
         std::find(kOtherVariables.begin(), kOtherVariables.end(), name) !=
             kOtherVariables.end();
}

bool is_token_variable(std::string_view name, const TokenRules& tokens) {
  return std::any_of(tokens.begin(), tokens.end(), [&](const auto& token) {
    return name == token_variable(token.first);
  });
}

// The assignments that the environment makes; an empty variable makes none.
std::vector<Assignment> environment_assignments(
    const Environment& environment, const TokenRules& tokens,
    std::vector<std::string>& warnings) {
  const auto keys = keys_by_variable();
  std::vector<Assignment> assignments;
  for (const auto& [name, value] : environment) {
    const auto key = keys.find(name);
    if (key != keys.end() && !value.empty()) {
      assignments.push_back({key->second, value, name});
    } else if (key == keys.end() && !is_other_variable(name) &&
               !is_token_variable(name, tokens)) {
      warnings.push_back("the variable " + name + " means nothing to omicsfs");
    }
  }
  return assignments;
}

Result<void> assign_all(Settings& settings,
                        const std::vector<Assignment>& assignments,
                        std::string_view home) {
  for (const Assignment& assignment : assignments) {
    if (const auto done = assign(settings, assignment, home); !done) {
      return done.error().within(assignment.origin);
    }
  }
  return {};
}

}  // namespace

std::string value_in(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

SourceSettings Settings::source(std::string_view name) const {
  const auto found = sources.find(name);
  SourceSettings source =
      found == sources.end() ? SourceSettings{} : found->second;
  source.members = members;
  source.endpoints = endpoints;
  source.token_servers = token_servers(tokens);
  return source;
}

Result<MergedSettings> merge_settings(const SettingsInput& input) {
  MergedSettings merged{default_settings(input.environment), {}};
  const std::string home = value_in(input.environment, "HOME");
  for (const SettingsText& file : input.files) {
    const auto applied = apply_settings_json(file.text, home, merged.settings);
    if (!applied) {
      return applied.error().within(file.file);
    }
  }
  const auto variables = environment_assignments(
      input.environment, merged.settings.tokens, merged.warnings);
  for (const auto* assignments : {&variables, &input.flags}) {
    const auto done = assign_all(merged.settings, *assignments, home);
    if (!done) {
      return done.error();
    }
  }
  return merged;
}

Result<std::string> parse_base_url(std::string_view text) {
  const std::size_t scheme = text.starts_with("https://")  ? 8
                             : text.starts_with("http://") ? 7
                                                           : 0;
  const bool plain = std::none_of(text.begin(), text.end(), [](const char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f || c == '?' || c == '#';
  });
  if (scheme == 0 || !plain || text.size() == scheme || text[scheme] == '/') {
    return Error{
        ErrorCode::kInvalid,
        omicsfs::quoted(text) + " is not an http or https URL of a folder"};
  }
  std::string url(text.substr(0, text.find_last_not_of('/') + 1));
  return url + "/";
}

}  // namespace omicsfs

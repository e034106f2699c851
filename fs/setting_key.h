// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "fs/settings.h"

// The keys whose value is one word or number: the same table serves files,
// variables and flags.

namespace omicsfs {

struct SettingKey {
  enum class Kind { kText, kSize, kCount, kSwitch };

  std::string_view name;  // "cache.limit"
  Kind kind;
  // `home` is $HOME, "" where there is none. Errors: kInvalid.
  Result<void> (*set)(Settings& settings, std::string_view text,
                      std::string_view home);
};

[[nodiscard]] std::span<const SettingKey> setting_keys();
// The key of that name, or null.
[[nodiscard]] const SettingKey* find_setting_key(std::string_view name);

// `text` as an absolute path, "~" as `home`. Errors: kInvalid.
Result<std::filesystem::path> parse_path(std::string_view text,
                                         std::string_view home);
// A document of a catalogue: an http(s) url as it is, or parse_path's path.
// Errors: kInvalid.
Result<std::string> catalogue_place(std::string_view text,
                                    std::string_view home);

// The variable that sets a key: "cache.keep_free" is OMICSFS_CACHE_KEEP_FREE,
// "sources.abc-atlas.base_url" is OMICSFS_SOURCES_ABC_ATLAS_BASE_URL.
[[nodiscard]] std::string variable_of(std::string_view key);
// The variable that holds a token of the settings: of "lab" OMICSFS_TOKEN_LAB.
[[nodiscard]] std::string token_variable(std::string_view name);

}  // namespace omicsfs

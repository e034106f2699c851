// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/sources/abc_collection.h"

namespace omicsfs {

// A release's manifest is releases/<version>/manifest.json.
inline constexpr std::string_view kAbcReleases = "releases/";
inline constexpr std::string_view kAbcManifest = "/manifest.json";

// The url that the bucket's keys are below; it ends with '/'.
[[nodiscard]] std::string abc_base_url(const SourceSettings& settings);

// The releases that the settings name, else all of the bucket at `base_url`,
// newest first. One that cannot be read is left out with a warning, or stands
// as the current catalog has it (refresh_rules.h).
// Errors: those that end a refresh; kNotFound, the bucket has no release;
// kInvalid, the settings name no release that can be, or none can be read.
Result<std::vector<AbcRelease>> fetch_abc_releases(const SourceInput& input,
                                                   const std::string& base_url);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fs/settings.h"

// Where settings come from: the thin shell around merge_settings.

namespace omicsfs {

// This process's environment.
[[nodiscard]] Environment process_environment();

// The files that are read unless one is named, weakest first:
// /etc/omicsfs/config.json and config.json in $XDG_CONFIG_HOME/omicsfs, or in
// ~/.config/omicsfs. Pure.
[[nodiscard]] std::vector<std::string> usual_settings_files(
    const Environment& environment);

// Reads the settings. `config` is the file that a flag named; without it
// OMICSFS_CONFIG names one, and without that the usual files count, where
// they are there. Errors: as merge_settings; kIo or kNotFound for a file that
// cannot be read.
Result<MergedSettings> load_settings(const std::optional<std::string>& config,
                                     const std::vector<Assignment>& flags,
                                     const Environment& environment);

}  // namespace omicsfs

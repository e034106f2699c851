// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "fs/command.h"
#include "fs/manifest_command.h"

namespace omicsfs {

using Command =
    std::variant<MountOptions, UmountOptions, RefreshOptions, AddOptions,
                 RemoveOptions, FindOptions, FacetsOptions, SourcesOptions,
                 LsOptions, CacheStatusOptions, ManifestOptions>;

// A command, and the flags that set a setting.
struct Invocation {
  Command command;
  std::optional<std::string> config;  // --config
  std::vector<Assignment> flags;
};

// Nothing to run: a text to print and the status to exit with. The text goes
// to stdout where the status is kExitDone (help, version), else to stderr.
struct Farewell {
  std::string text;
  int status = kExitDone;
};

// Parses the words after the program's name. Pure; source names and the values
// of flags are checked, the mount point is not looked at.
std::variant<Invocation, Farewell> parse_command_line(
    std::span<const std::string> words);

}  // namespace omicsfs

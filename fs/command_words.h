// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "fs/command.h"
#include "fs/manifest_command.h"

namespace CLI {
class App;
}

namespace omicsfs {

// A flag of all commands that sets a setting.
struct SettingFlag {
  const char* flag;
  const char* key;
  const char* type;
  const char* help;
};

inline constexpr std::array<SettingFlag, 5> kSettingFlags = {{
    {"--state-dir", "state_dir", "DIR", "Where catalogs and logs are kept"},
    {"--cache-dir", "cache.dir", "DIR", "Where fetched bytes are kept"},
    {"--cache-limit", "cache.limit", "SIZE",
     "The most that the cache may take, as in 20G"},
    {"--keep-free", "cache.keep_free", "SIZE",
     "What stays free on the cache's disk, as in 2G"},
    {"--passthrough", "passthrough", "BOOL",
     "Let the kernel read complete, verified files itself, where it can"},
}};

// What the words after the program's name say, before it is known whether it
// can be done.
struct CommandWords {
  std::string config;
  std::string base_url;
  // Settings in the order of kSettingFlags.
  std::vector<std::string> settings;
  std::vector<std::string> mount_words;
  std::vector<std::string> mount_places;  // sources, then the mount point
  std::string log_file;
  std::string ls_target;
  bool json = false;
  MountOptions mount;
  UmountOptions umount;
  RefreshOptions refresh;
  LsOptions ls;
  AddOptions add;
  RemoveOptions remove;
  FindOptions find;
  FacetsOptions facets;
  ManifestOptions manifest;
  bool paths = false;
  bool tsv = false;
  bool count = false;
  std::vector<std::string> conditions;
  std::string sha1;
  RefineRequest request;
  std::string by = "experiment";
  std::string scale = "none";
  bool no_quantile = false;
};

// Gives `app` the commands with their flags and help; parsing fills `words`,
// which must live as long.
void add_commands(CLI::App& app, CommandWords& words);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "fs/settings.h"

namespace CLI {
class App;
}

// `omicsfs manifest`: its words, and what it does.

namespace omicsfs {

struct ManifestOptions {
  enum class What { kCheck, kMake, kFrom };
  What what = What::kCheck;
  std::string place;   // a path, or a url, or what manifest_address() reads
  std::string output;  // a path; "" = stdout
};

// Adds the command to `app`, which fills in `options`; they must outlive it.
void add_manifest_command(CLI::App& app, ManifestOptions& options);

// Returns an exit status; for kCheck kExitDone where nothing is wrong.
int run_manifest(const ManifestOptions& options, const Settings& settings);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "catalog/snapshot.h"
#include "fs/command.h"
#include "fs/snapshot_path.h"
#include "fs/tree_listing.h"

namespace omicsfs {
namespace {

Result<std::vector<ListingLine>> list(const LsOptions& options,
                                      const Settings& settings) {
  const auto path = refreshed_snapshot(settings.state_dir, options.source);
  if (!path) {
    return path.error();
  }
  const auto snapshot = Snapshot::open(*path);
  if (!snapshot) {
    return snapshot.error();
  }
  return list_path(**snapshot, options.path);
}

std::string listing(const LsOptions& options,
                    const std::vector<ListingLine>& entries) {
  if (options.format == OutputFormat::kJson) {
    return json_listing(entries);
  }
  return options.details ? long_listing(entries) : short_listing(entries);
}

}  // namespace

int run_ls(const LsOptions& options, const Settings& settings) {
  const auto entries = list(options, settings);
  if (!entries) {
    fmt::print(stderr, "omicsfs ls: {}: {}\n", options.source,
               entries.error().message);
    return kExitFailed;
  }
  std::fputs(listing(options, *entries).c_str(), stdout);
  return kExitDone;
}

}  // namespace omicsfs

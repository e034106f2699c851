// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "catalog/record_finder.h"
#include "catalog/snapshot.h"
#include "fs/command.h"
#include "fs/record_text.h"

namespace omicsfs {
namespace {

Result<std::uint64_t> find(const FindOptions& options,
                           const Settings& settings) {
  const auto path = current_snapshot(settings.state_dir, options.source);
  if (!path) {
    const bool never = path.error().code == ErrorCode::kNotFound;
    return never ? Error{ErrorCode::kNotFound,
                         "not refreshed yet; run `omicsfs refresh " +
                             options.source + "` first"}
                 : path.error();
  }
  std::uint64_t found = 0;
  const bool json = options.format == OutputFormat::kJson;
  std::fputs(json ? "[" : "", stdout);
  const auto done = find_records(
      *path, options.conditions,
      [&](const SnapshotRecord& record) -> Result<void> {
        const bool wanted = options.kind.empty() || options.kind == record.kind;
        if (wanted && json) {
          fmt::print("{}{}", found == 0 ? "\n" : ",\n", record_json(record));
        } else if (wanted) {
          fmt::print("{}\n", record_line(record));
        }
        found += wanted ? 1 : 0;
        return {};
      });
  std::fputs(json ? (found == 0 ? "]\n" : "\n]\n") : "", stdout);
  return done ? Result<std::uint64_t>(found) : done.error();
}

}  // namespace

int run_find(const FindOptions& options, const Settings& settings) {
  const auto found = find(options, settings);
  if (!found) {
    fmt::print(stderr, "omicsfs find: {}: {}\n", options.source,
               found.error().message);
    return kExitFailed;
  }
  return kExitDone;
}

}  // namespace omicsfs

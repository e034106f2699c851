// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "catalog/record_finder.h"
#include "fs/command.h"
#include "fs/record_text.h"
#include "fs/snapshot_path.h"

namespace omicsfs {
namespace {

// Prints records as they are found.
class RecordPrinter {
 public:
  explicit RecordPrinter(OutputFormat format)
      : json_(format == OutputFormat::kJson) {
    std::fputs(json_ ? "[" : "", stdout);
  }
  void print(const SnapshotRecord& record) {
    if (json_) {
      fmt::print("{}{}", any_ ? ",\n" : "\n", record_json(record));
    } else {
      fmt::print("{}\n", record_line(record));
    }
    any_ = true;
  }
  void end() const {
    if (json_) {
      std::fputs(any_ ? "\n]\n" : "]\n", stdout);
    }
  }

 private:
  const bool json_;
  bool any_ = false;
};

Result<void> find(const FindOptions& options, const Settings& settings) {
  const auto path = refreshed_snapshot(settings.state_dir, options.source);
  if (!path) {
    return path.error();
  }
  RecordPrinter printer(options.format);
  auto done =
      find_records(*path, options.conditions,
                   [&](const SnapshotRecord& record) -> Result<void> {
                     if (options.kind.empty() || options.kind == record.kind) {
                       printer.print(record);
                     }
                     return {};
                   });
  printer.end();
  return done;
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

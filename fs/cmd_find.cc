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
  // `fields` are a table's columns.
  RecordPrinter(FindFormat format, std::vector<std::string> fields)
      : format_(format), fields_(std::move(fields)) {
    if (format_ == FindFormat::kJson) {
      std::fputs("[", stdout);
    } else if (format_ == FindFormat::kTsv) {
      fmt::print("{}\n", record_table_header(fields_));
    }
  }
  void print(const SnapshotRecord& record) {
    switch (format_) {
      case FindFormat::kJson:
        fmt::print("{}{}", any_ ? ",\n" : "\n", record_json(record));
        break;
      case FindFormat::kTsv:
        fmt::print("{}\n", record_table_line(record, fields_));
        break;
      case FindFormat::kPaths:
        fmt::print("{}\n", record.path);
        break;
      case FindFormat::kText:
      case FindFormat::kCount:
        fmt::print("{}\n", record_line(record));
        break;
    }
    any_ = true;
  }
  void end() const {
    if (format_ == FindFormat::kJson) {
      std::fputs(any_ ? "\n]\n" : "]\n", stdout);
    }
  }

 private:
  const FindFormat format_;
  const std::vector<std::string> fields_;
  bool any_ = false;
};

Result<void> find(const FindOptions& options, const Settings& settings) {
  const auto path = refreshed_snapshot(settings.state_dir, options.source);
  if (!path) {
    return path.error();
  }
  auto finder = RecordFinder::open(*path);
  if (!finder) {
    return finder.error();
  }
  if (!options.kind.empty()) {
    if (auto checked = finder->check_kind(options.kind); !checked) {
      return checked;
    }
  }
  if (options.format == FindFormat::kCount) {
    const auto records = finder->count(options.conditions, options.kind);
    if (records) {
      fmt::print("{}\n", *records);
    }
    return records ? Result<void>() : records.error();
  }
  RecordPrinter printer(options.format, finder->fields());
  auto done = finder->find(options.conditions, options.kind,
                           [&](const SnapshotRecord& record) -> Result<void> {
                             printer.print(record);
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

// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "catalog/document_text.h"
#include "fs/command.h"
#include "fs/interrupt_watch.h"
#include "fs/mount_source.h"
#include "fs/private_servers.h"
#include "fs/progress.h"
#include "fs/refresh.h"
#include "fs/source_items.h"
#include "fs/source_report.h"

namespace omicsfs {
namespace {

// All known sources where none is named, but for those that the settings do not
// say enough of.
std::vector<std::string> wanted_sources(const RefreshOptions& options,
                                        const Settings& settings) {
  if (!options.sources.empty()) {
    return options.sources;
  }
  std::vector<std::string> names;
  for (const SourceKind& kind : all_sources()) {
    if (kind.is_configured(settings.source(kind.name))) {
      names.emplace_back(kind.name);
    } else {
      fmt::print(stderr,
                 "omicsfs refresh: {}: skipped, as it is not configured: set "
                 "sources.{}.listing or base_url (man omicsfs.json)\n",
                 kind.name, kind.name);
    }
  }
  return names;
}

Result<SourceSummary> refresh_one(const MountSource& source,
                                  const RefreshOptions& options,
                                  const Settings& settings,
                                  const std::stop_token& stop) {
  Progress progress(STDERR_FILENO);
  RefreshWish wish;
  wish.allow_empty = options.allow_empty;
  return refresh(source.named_kind(), settings,
                 watch_on_stderr(source.shown, progress, stop), wish);
}

bool refresh_named(const std::string& name, const RefreshOptions& options,
                   const Settings& given, const std::stop_token& stop) {
  const auto sources = mount_sources({name}, given.endpoints);
  const auto summary = sources ? refresh_one(sources->front(), options,
                                             with_places(given, *sources), stop)
                               : Result<SourceSummary>(sources.error());
  if (!summary) {
    fmt::print(stderr, "omicsfs refresh: {}: {}\n", told_place(name),
               summary.error().message);
    return false;
  }
  const MountSource& source = sources->front();
  fmt::print("{}\n", summary_text(source.shown, *summary));
  // Those that a mount of the source has.
  const Settings settings = with_places(given, *sources);
  const auto serving = with_added_items(settings, {source.name});
  warn_of_private_servers(source.name, source.shown,
                          serving ? *serving : settings);
  return true;
}

}  // namespace

int run_refresh(const RefreshOptions& options, const Settings& settings) {
  const InterruptWatch interrupts;
  int status = kExitDone;
  for (const std::string& name : wanted_sources(options, settings)) {
    if (interrupts.token().stop_requested()) {
      return kExitFailed;
    }
    if (!refresh_named(name, options, settings, interrupts.token())) {
      status = kExitFailed;
    }
  }
  return status;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "fs/command.h"
#include "fs/interrupt_watch.h"
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

Result<SourceSummary> refresh_named(const std::string& name,
                                    const RefreshOptions& options,
                                    const Settings& settings,
                                    const std::stop_token& stop) {
  const auto kind = find_source(name);
  if (!kind) {
    return kind.error();
  }
  Progress progress(STDERR_FILENO);
  RefreshWish wish;
  wish.allow_empty = options.allow_empty;
  return refresh(**kind, settings, watch_on_stderr(name, progress, stop), wish);
}

}  // namespace

int run_refresh(const RefreshOptions& options, const Settings& settings) {
  const InterruptWatch interrupts;
  int status = kExitDone;
  for (const std::string& name : wanted_sources(options, settings)) {
    if (interrupts.token().stop_requested()) {
      return kExitFailed;
    }
    const auto summary =
        refresh_named(name, options, settings, interrupts.token());
    if (summary) {
      fmt::print("{}\n", summary_text(name, *summary));
      // Those that a mount of the source has.
      const auto serving = with_added_items(settings, {name});
      warn_of_private_servers(name, name, serving ? *serving : settings);
    } else {
      fmt::print(stderr, "omicsfs refresh: {}: {}\n", name,
                 summary.error().message);
      status = kExitFailed;
    }
  }
  return status;
}

}  // namespace omicsfs

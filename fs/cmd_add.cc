// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "fs/command.h"
#include "fs/interrupt_watch.h"
#include "fs/progress.h"
#include "fs/refresh.h"
#include "fs/source_items.h"
#include "fs/source_report.h"

namespace omicsfs {
namespace {

// `items` with those that the words name. What is named again is kept once, as
// it is named now.
Result<std::vector<ArchiveItem>> with_items(std::vector<ArchiveItem> items,
                                            const AddOptions& options) {
  for (const std::string& word : options.items) {
    auto place = archive_place(word);
    if (!place) {
      return place.error();
    }
    std::erase_if(
        items, [&](const ArchiveItem& known) { return known.place == *place; });
    items.push_back({*std::move(place), options.sha1, options.id});
  }
  return items;
}

Result<SourceSummary> add(const AddOptions& options, const Settings& settings) {
  const auto kind = find_source(options.source);
  if (!kind) {
    return kind.error();
  }
  const auto before = load_items(settings.state_dir, options.source);
  if (!before) {
    return before.error();
  }
  const auto after = with_items(*before, options);
  if (!after) {
    return after.error();
  }
  if (auto saved = save_items(settings.state_dir, options.source, *after);
      !saved) {
    return saved.error();
  }
  const InterruptWatch interrupts;
  Progress progress(STDERR_FILENO);
  auto summary =
      refresh(**kind, settings,
              watch_on_stderr(options.source, progress, interrupts.token()));
  if (!summary) {
    // What cannot be read is not added; that this fails is told by the next.
    static_cast<void>(save_items(settings.state_dir, options.source, *before));
  }
  return summary;
}

}  // namespace

int run_add(const AddOptions& options, const Settings& settings) {
  const auto summary = add(options, settings);
  if (!summary) {
    fmt::print(stderr, "omicsfs add: {}: {}\n", options.source,
               summary.error().message);
    return kExitFailed;
  }
  fmt::print("{}\n", summary_text(options.source, *summary));
  return kExitDone;
}

}  // namespace omicsfs

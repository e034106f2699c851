// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "catalog/document_text.h"
#include "catalog/entry_name.h"
#include "fs/command.h"
#include "fs/interrupt_watch.h"
#include "fs/progress.h"
#include "fs/refresh.h"
#include "fs/source_items.h"
#include "fs/source_report.h"

namespace omicsfs {
namespace {

// `items` without those that `words` name. Errors: kNotFound, a word names
// none.
Result<std::vector<ArchiveItem>> without_named(
    std::vector<ArchiveItem> items, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const auto removed = std::erase_if(items, [&word](const ArchiveItem& item) {
      return is_item_named(item, word);
    });
    if (removed == 0) {
      return Error{ErrorCode::kNotFound,
                   omicsfs::quoted(told_place(word)) +
                       " was not added; what the settings name is removed "
                       "from the settings"};
    }
  }
  return items;
}

// The lock is held until the new catalog is there, so that no other process
// works with items that are being changed.
Result<SourceSummary> remove_items(const RemoveOptions& options,
                                   const Settings& settings) {
  const auto kind = find_source(options.source);
  if (!kind) {
    return kind.error();
  }
  const InterruptWatch interrupts;
  Progress progress(STDERR_FILENO);
  const RefreshWatch watch =
      watch_on_stderr(options.source, progress, interrupts.token());
  RefreshWish wish;
  const auto lock =
      lock_items(settings.state_dir, options.source, ItemsUse::kChange,
                 {wish.patience, watch.on_wait, watch.stop});
  if (!lock) {
    return lock.error();
  }
  auto known = load_items(settings.state_dir, options.source);
  auto left = known ? without_named(*std::move(known), options.items) : known;
  if (!left) {
    return left.error();
  }
  if (auto saved = save_items(settings.state_dir, options.source, *left);
      !saved) {
    return saved.error();
  }
  wish.allow_empty = left->empty();
  wish.items = *std::move(left);
  auto summary = refresh(**kind, settings, watch, wish);
  return summary ? summary
                 : summary.error().within(
                       "it is removed, and the catalog shows it until "
                       "`omicsfs refresh` succeeds");
}

}  // namespace

int run_remove(const RemoveOptions& options, const Settings& settings) {
  const auto summary = remove_items(options, settings);
  if (!summary) {
    fmt::print(stderr, "omicsfs remove: {}: {}\n", options.source,
               summary.error().message);
    return kExitFailed;
  }
  fmt::print("{}\n", summary_text(options.source, *summary));
  return kExitDone;
}

}  // namespace omicsfs

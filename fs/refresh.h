// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/source.h"
#include "fs/progress.h"
#include "fs/settings.h"

namespace omicsfs {

// Who is told of a refresh, and who may end it. All calls come from the thread
// that refreshes.
struct RefreshWatch {
  std::function<void(std::string_view what, std::uint64_t done,
                     std::uint64_t total)>
      progress;
  std::function<void(std::string message)> warn;
  std::stop_token stop;
  // Called once, before the refresh waits for another process's.
  std::function<void()> on_wait{};
};

// What is asked of a refresh beside the source itself.
struct RefreshWish {
  bool allow_empty = false;  // as SourceInput has it
  // The catalog that another process makes meanwhile will do.
  bool take_theirs = false;
  // What the source has, in place of the items that were added before.
  // REQUIRES: the caller holds lock_items().
  std::optional<std::vector<ArchiveItem>> items{};
  // How long it waits for another process that refreshes the same source.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
};

// Fetches the index of `kind` and makes its next snapshot the current one; what
// was added to it (source_items.h) is added to the settings `given`.
// Errors: those of refresh_source and load_items; kInterrupted by `watch.stop`.
Result<SourceSummary> refresh(const SourceKind& kind, const Settings& given,
                              const RefreshWatch& watch,
                              const RefreshWish& wish = {});

// Tells of the refresh of `source` on stderr: progress through `progress`,
// which must outlive the watch, and warnings.
[[nodiscard]] RefreshWatch watch_on_stderr(std::string_view source,
                                           Progress& progress,
                                           std::stop_token stop);

}  // namespace omicsfs

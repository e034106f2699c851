// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

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
};

// Fetches the index of `kind` and makes its next snapshot the current one; what
// was added to it (source_items.h) is added to the settings `given`.
// Errors: those of refresh_source and load_items; kInterrupted by `watch.stop`.
Result<SourceSummary> refresh(const SourceKind& kind, const Settings& given,
                              const RefreshWatch& watch);

// Tells of the refresh of `source` on stderr: progress through `progress`,
// which must outlive the watch, and warnings.
[[nodiscard]] RefreshWatch watch_on_stderr(std::string_view source,
                                           Progress& progress,
                                           std::stop_token stop);

}  // namespace omicsfs

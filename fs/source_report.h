// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/source.h"
#include "fs/settings.h"

// What is known of the sources, from their snapshots alone.

namespace omicsfs {

struct RefreshedState {
  SourceSummary summary;
  std::int64_t at = 0;  // seconds since the epoch
};

struct SourceReport {
  std::string name;
  std::string title;
  std::string base_url;
  std::optional<RefreshedState> refreshed;  // none: never
  std::string trouble;  // why its snapshot cannot be read, or ""
};

// Every known source, in order of name. A damaged snapshot is told in its
// source's report and hides no other.
[[nodiscard]] std::vector<SourceReport> report_sources(
    const Settings& settings);

[[nodiscard]] std::string sources_table(
    const std::vector<SourceReport>& reports);
[[nodiscard]] std::string sources_json(
    const std::vector<SourceReport>& reports);

// "abc-atlas: 2 releases, newest 20250531, 333 files, 646.8 GB, 1 warning".
[[nodiscard]] std::string summary_text(std::string_view source,
                                       const SourceSummary& summary);

}  // namespace omicsfs

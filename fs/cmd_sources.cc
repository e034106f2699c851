// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>

#include "fs/command.h"
#include "fs/source_report.h"

namespace omicsfs {

int run_sources(const SourcesOptions& options, const Settings& settings) {
  const auto reports = report_sources(settings);
  const std::string text = options.format == OutputFormat::kJson
                               ? sources_json(reports)
                               : sources_table(reports);
  std::fputs(text.c_str(), stdout);
  const bool whole = std::all_of(
      reports.begin(), reports.end(),
      [](const SourceReport& report) { return report.trouble.empty(); });
  return whole ? kExitDone : kExitFailed;
}

}  // namespace omicsfs

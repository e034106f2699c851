// SPDX-License-Identifier: MIT
#include "fs/cache_report.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <system_error>

#include "catalog/json_fields.h"
#include "fs/cache_sharing.h"
#include "fs/size_text.h"
#include "fs/text_table.h"
#include "fs/utc_text.h"

namespace omicsfs {
namespace {

// Free for us on the disk of `dir`, or of its nearest parent that exists.
std::uint64_t disk_free(std::filesystem::path dir) {
  struct statvfs facts {};
  while (::statvfs(dir.c_str(), &facts) != 0) {
    if (dir == dir.parent_path()) {
      return 0;
    }
    dir = dir.parent_path();
  }
  return facts.f_bavail * facts.f_frsize;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f}%", whole == 0 ? 0.0
                                           : 100.0 * static_cast<double>(part) /
                                                 static_cast<double>(whole));
}

std::string json_report(const CacheReport& report) {
  return fmt::format("{{\"time\": \"{}\", \"key\": {}, \"message\": {}}}",
                     utc_text(report.time, UtcFormat::kRfc3339),
                     json_quoted(report.key), json_quoted(report.message));
}

}  // namespace

Result<CacheState> read_cache_state(const CacheSettings& settings) {
  CacheState state{
      settings, disk_free(settings.dir), {}, {}, why_unusable(settings.dir)};
  std::error_code error;
  if (!state.trouble.empty() ||
      !std::filesystem::exists(settings.dir / "v1", error)) {
    return state;
  }
  const auto index = CacheIndex::open(settings.dir);
  if (!index) {
    return index.error();
  }
  const auto totals = (*index)->totals();
  if (!totals) {
    return totals.error();
  }
  auto reports = (*index)->reports();
  if (!reports) {
    return reports.error();
  }
  state.totals = *totals;
  state.reports = *std::move(reports);
  return state;
}

std::string cache_state_text(const CacheState& state) {
  const auto& [settings, free, totals, reports, trouble] = state;
  if (!trouble.empty()) {
    return fmt::format(
        "omicsfs cache status: nothing is cached in {} for this user: {}\n",
        settings.dir.string(), trouble);
  }
  std::string text = text_table(
      {{"directory", settings.dir.string()},
       {"limit", size_text(settings.limit)},
       {"used", fmt::format("{} ({} of the limit)", size_text(totals.charged),
                            percent(totals.charged, settings.limit))},
       {"disk free", fmt::format("{} ({} are kept free)", size_text(free),
                                 size_text(settings.keep_free))},
       {"files", fmt::format("{} ({} complete and verified)", totals.files,
                             totals.verified)},
       {"reports", std::to_string(reports.size())}},
      {});
  for (const CacheReport& report : reports) {
    text += fmt::format("  {} UTC  {}  {}\n",
                        utc_text(report.time, UtcFormat::kMinutes), report.key,
                        report.message);
  }
  return text;
}

std::string cache_state_json(const CacheState& state) {
  const auto& [settings, free, totals, reports, trouble] = state;
  std::string listed;
  for (const CacheReport& report : reports) {
    listed += listed.empty() ? "\n    " : ",\n    ";
    listed += json_report(report);
  }
  return fmt::format(
      "{{\n  \"dir\": {},\n  \"limit\": {},\n  \"keep_free\": {},\n"
      "  \"used\": {},\n  \"disk_free\": {},\n  \"files\": {},\n"
      "  \"verified\": {},\n  \"trouble\": {},\n"
      "  \"reports\": [{}]\n}}\n",
      json_quoted(settings.dir.string()), settings.limit, settings.keep_free,
      totals.charged, free, totals.files, totals.verified, json_quoted(trouble),
      listed);
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/source_report.h"

#include <fmt/format.h>

#include "catalog/json_fields.h"
#include "catalog/snapshot.h"
#include "fs/size_text.h"
#include "fs/text_table.h"
#include "fs/utc_text.h"

namespace omicsfs {
namespace {

Result<RefreshedState> current_state(const Settings& settings,
                                     std::string_view source) {
  const auto snapshot = open_current_snapshot(settings.state_dir, source);
  if (!snapshot) {
    return snapshot.error();
  }
  auto summary = summary_of(**snapshot);
  return summary ? RefreshedState{*std::move(summary),
                                  (*snapshot)->header().created_at}
                 : Result<RefreshedState>(summary.error());
}

SourceReport report(const SourceKind& kind, const Settings& settings) {
  const std::string base_url = settings.source(kind.name).base_url;
  SourceReport result{
      std::string(kind.name), std::string(kind.title),
      base_url.empty() ? std::string(kind.default_base_url) : base_url,
      std::nullopt, ""};
  auto state = current_state(settings, kind.name);
  if (state) {
    result.refreshed = *std::move(state);
  } else if (state.error().code != ErrorCode::kNotFound) {
    result.trouble = state.error().message;
  }
  return result;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<std::string> table_row(const SourceReport& report) {
  if (!report.refreshed) {
    return {report.name, "-", "-", "-",
            report.trouble.empty() ? "not refreshed yet" : report.trouble};
  }
  const auto& [summary, at] = *report.refreshed;
  const std::string warnings =
      summary.warnings == 0 ? "" : "; " + counted(summary.warnings, "warning");
  return {report.name,
          summary.newest_release.empty() ? "-" : summary.newest_release,
          std::to_string(summary.files), size_text(summary.bytes),
          utc_text(at, UtcFormat::kMinutes) + " UTC" +
              (summary.note.empty() ? "" : "; " + summary.note) + warnings};
}

std::string json_state(const SourceReport& report) {
  if (!report.refreshed) {
    return report.trouble.empty() ? "\"refreshed\": null"
                                  : "\"refreshed\": null, \"error\": " +
                                        json_quoted(report.trouble);
  }
  const auto& [summary, at] = *report.refreshed;
  return fmt::format(
      "\"refreshed\": \"{}\", \"newest_release\": {}, \"releases\": {}, "
      "\"files\": {}, \"bytes\": {}, \"warnings\": {}{}",
      utc_text(at, UtcFormat::kRfc3339),
      summary.newest_release.empty() ? "null"
                                     : json_quoted(summary.newest_release),
      summary.releases, summary.files, summary.bytes, summary.warnings,
      summary.note.empty() ? "" : ", \"note\": " + json_quoted(summary.note));
}

}  // namespace

std::vector<SourceReport> report_sources(const Settings& settings) {
  std::vector<SourceReport> reports;
  for (const SourceKind& kind : all_sources()) {
    reports.push_back(report(kind, settings));
  }
  return reports;
}

std::string sources_table(const std::vector<SourceReport>& reports) {
  std::vector<std::vector<std::string>> rows = {
      {"SOURCE", "NEWEST", "FILES", "SIZE", "REFRESHED"}};
  for (const SourceReport& report : reports) {
    rows.push_back(table_row(report));
  }
  return text_table(rows,
                    {Align::kLeft, Align::kLeft, Align::kRight, Align::kRight});
}

std::string sources_json(const std::vector<SourceReport>& reports) {
  std::string text = "[";
  for (const SourceReport& report : reports) {
    text += text.size() == 1 ? "\n" : ",\n";
    text +=
        fmt::format("  {{\"name\": {}, \"title\": {}, \"base_url\": {}, {}}}",
                    json_quoted(report.name), json_quoted(report.title),
                    json_quoted(report.base_url), json_state(report));
  }
  return text + (reports.empty() ? "]\n" : "\n]\n");
}

std::string summary_text(std::string_view source,
                         const SourceSummary& summary) {
  const std::string newest = summary.newest_release.empty()
                                 ? ""
                                 : ", newest " + summary.newest_release;
  const std::string warnings =
      summary.warnings == 0 ? "" : ", " + counted(summary.warnings, "warning");
  return fmt::format("{}: {}{}, {}, {}{}", source,
                     counted(summary.releases, "release"), newest,
                     counted(summary.files, "file"), size_text(summary.bytes),
                     warnings);
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

#include "catalog/json_fields.h"
#include "catalog/record_finder.h"
#include "fs/command.h"
#include "fs/snapshot_path.h"

namespace omicsfs {
namespace {

using Counts = std::vector<std::pair<std::string, std::uint64_t>>;

Result<Counts> counts(const FacetsOptions& options, const Settings& settings) {
  const auto path = refreshed_snapshot(settings.state_dir, options.source);
  if (!path) {
    return path.error();
  }
  auto finder = RecordFinder::open(*path);
  if (!finder) {
    return finder.error();
  }
  Counts all;
  if (options.field.empty()) {
    const auto facets = finder->facets();
    if (!facets) {
      return facets.error();
    }
    for (const Facet& facet : *facets) {
      all.emplace_back(facet.name, facet.values);
    }
    return all;
  }
  const auto values = finder->facet_values(options.field);
  if (!values) {
    return values.error();
  }
  for (const FacetValue& value : *values) {
    all.emplace_back(value.value, value.records);
  }
  return all;
}

void print_json(const FacetsOptions& options, const Counts& all) {
  const char* const name = options.field.empty() ? "field" : "value";
  const char* const count = options.field.empty() ? "values" : "records";
  std::fputs("[", stdout);
  const char* between = "\n";
  for (const auto& [text, number] : all) {
    fmt::print("{}{{\"{}\": {}, \"{}\": {}}}", between, name, json_quoted(text),
               count, number);
    between = ",\n";
  }
  std::fputs(all.empty() ? "]\n" : "\n]\n", stdout);
}

}  // namespace

int run_facets(const FacetsOptions& options, const Settings& settings) {
  const auto all = counts(options, settings);
  if (!all) {
    fmt::print(stderr, "omicsfs facets: {}: {}\n", options.source,
               all.error().message);
    return kExitFailed;
  }
  if (options.format == OutputFormat::kJson) {
    print_json(options, *all);
    return kExitDone;
  }
  for (const auto& [text, number] : *all) {
    fmt::print("{}\t{}\n", number, text);
  }
  return kExitDone;
}

}  // namespace omicsfs

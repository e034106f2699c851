// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_readme.h"

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <set>

namespace omicsfs {
namespace {

// As the provider's descriptions of its datasets state them.
constexpr std::string_view kMostLicences = "CC BY-NC 4.0";
constexpr std::string_view kOpenLicence = "CC BY 4.0";

std::string_view licence_of(std::string_view directory) {
  const bool open = directory.starts_with("Zhuang-ABCA-") ||
                    directory.starts_with("ASAP-PMDBS");
  return open ? kOpenLicence : kMostLicences;
}

struct Totals {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;

  void add(const AbcFile& file) {
    ++files;
    bytes += file.size;
  }
};

// Of distinct paths: one may stand in several datasets.
Totals totals_of(const AbcManifest& manifest) {
  std::set<std::string_view> seen;
  Totals totals;
  for (const AbcFile& file : manifest.files) {
    if (seen.insert(file.path).second) {
      totals.add(file);
    }
  }
  return totals;
}

std::string facts(const Totals& totals, std::string_view licence,
                  std::string_view from) {
  return fmt::format("Files:   {}\nBytes:   {}\nLicence: {}\nFrom:    {}\n",
                     totals.files, totals.bytes, licence, from);
}

constexpr std::string_view kAllLicences =
    "CC BY-NC 4.0; of Zhuang-ABCA-* and ASAP-PMDBS-* CC BY 4.0";

}  // namespace

std::string abc_root_readme(std::span<const AbcRelease> releases,
                            const AbcCollection& collection,
                            std::string_view from) {
  const Totals all{collection.variants.size(), collection.bytes};
  std::string text =
      "Allen Brain Cell Atlas\n\n"
      "Data releases of the Allen Institute, read-only; a file's bytes are "
      "fetched when\nthey are first read.\n\n" +
      facts(all, kAllLicences, from) +
      "\n<kind>/<dataset>/<version>/            the layout of the bucket\n"
      "releases/<release>/<dataset>/<kind>/   the files of one release\n"
      "latest                                 the newest release\n\n"
      "Release          Files            Bytes\n";
  for (const AbcRelease& release : releases) {
    const Totals totals = totals_of(release.manifest);
    text += fmt::format("{:<12}{:>10}{:>17}\n", release.name, totals.files,
                        totals.bytes);
  }
  return text;
}

std::string abc_release_readme(const AbcRelease& release,
                               std::string_view from) {
  std::string text =
      fmt::format("Allen Brain Cell Atlas, release {}\n\n", release.name) +
      facts(totals_of(release.manifest), kAllLicences,
            fmt::format("{}releases/{}/manifest.json", from, release.name)) +
      fmt::format("\n{:<40}{:>8}{:>17}  {}\n", "Dataset", "Files", "Bytes",
                  "Licence");
  for (const AbcDataset& dataset : datasets_of(release.manifest)) {
    Totals totals;
    for (const AbcFile* file : dataset.files) {
      totals.add(*file);
    }
    text += fmt::format("{:<40}{:>8}{:>17}  {}\n", dataset.name, totals.files,
                        totals.bytes, licence_of(dataset.name));
  }
  return text;
}

std::string abc_directory_readme(const AbcRelease& release,
                                 const AbcDataset& dataset,
                                 std::string_view from) {
  Totals all;
  std::map<std::string_view, Totals> kinds;
  for (const AbcFile* file : dataset.files) {
    all.add(*file);
    kinds[file->kind].add(*file);
  }
  std::string text =
      fmt::format("{}, in release {} of the Allen Brain Cell Atlas\n\n",
                  dataset.name, release.name) +
      facts(all, licence_of(dataset.name), from) +
      fmt::format("\n{:<24}{:>8}{:>17}\n", "Kind", "Files", "Bytes");
  for (const auto& [kind, totals] : kinds) {
    text +=
        fmt::format("{:<24}{:>8}{:>17}\n", kind, totals.files, totals.bytes);
  }
  text += "\n";
  for (const AbcDirectory* place : dataset.places) {
    text += fmt::format("{} is {}{}/\n", place->kind, from, place->path);
  }
  return text;
}

}  // namespace omicsfs

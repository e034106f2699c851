// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "catalog/source.h"

namespace omicsfs {

// The files that manifests tell of, of any format that manifest_readers.h
// names: each at its path in the tree. The documents that the settings'
// `catalogue` names, and those that were added, make one tree; without any
// there is a README.txt that says so. A bad entry is left out with a warning.
// Errors: those of the documents and of ArchiveAccess::locate; kInvalid, a
// document that is no manifest, or has bad entries only.
Result<SourceSummary> build_manifest(const SourceInput& input,
                                     TreeBuilder& tree);

inline constexpr SourceKind kAnyManifest = {
    .name = "manifest",
    .title = "Files of a manifest",
    .default_base_url = "",
    .build = build_manifest,
    .of_manifests = true,
};

// A manifest that is looked at, and not shown.
struct ManifestCheck {
  std::string place;  // its absolute path
  // Of temporary files.
  std::filesystem::path scratch_directory;
  // Told of each thing that is wrong, and of each that would be left out.
  std::function<void(const std::string& place, const std::string& why)> problem;
  std::function<void(const std::string& place, const std::string& why)> odd;
  // Told of each file that would stand at another path than its own.
  std::function<void(const std::string& place, const std::string& how)> renamed;
  // Told at the end of each server that a file is at (ServerSet).
  std::function<void(const std::string& server)> server;
};

// Reads a manifest as a refresh would, and asks no server. Returns the number
// of files that it tells of and that can be shown, and their known bytes.
// Errors: those of `open`; kInvalid, the document as a whole breaks its format;
// kIo.
Result<SourceSummary> check_manifest(const ManifestCheck& check,
                                     const OpenDocument& open);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "catalog/sources/manifest_entry.h"

namespace omicsfs {

enum class ManifestForm { kPackage, kLines };

// A manifest in our own format (omicsfs-manifest(5)), as it is written: of the
// files only one is held at a time. Thread-compatible.
class ManifestWriter {
 public:
  // Takes the text, piece by piece. Its errors are those of the calls below.
  using Sink = std::function<Result<void>(std::string_view text)>;

  ManifestWriter(ManifestForm form, Sink sink)
      : form_(form), sink_(std::move(sink)) {}

  // First of all; `title` may be "".
  Result<void> begin(std::string_view title);
  Result<void> add(const ManifestEntry& entry);
  // Last of all.
  Result<void> end();

  [[nodiscard]] std::uint64_t files() const { return files_; }

 private:
  const ManifestForm form_;
  const Sink sink_;
  std::uint64_t files_ = 0;
};

// A resource as JSON, in one line, with the name "file-<number>". What has
// neither urls nor data is at its path, beside the manifest.
[[nodiscard]] std::string resource_text(const ManifestEntry& entry,
                                        std::uint64_t number);

}  // namespace omicsfs

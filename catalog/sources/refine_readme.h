// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/sources/refine_download.h"

// The texts that the refine-bio tree adds to what refine.bio made.

namespace omicsfs {

// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

// README.txt of the root.
[[nodiscard]] std::string refine_root_readme(
    const std::vector<RefineDownload>& downloads);
// README.txt of experiments/<name> or species/<name>: `view` is which.
[[nodiscard]] std::string refine_folder_readme(const RefineDownload& download,
                                               std::string_view view,
                                               const std::string& name);
// MISSING.txt of a directory without its matrix: that it is, and why as far as
// the download says.
[[nodiscard]] std::string refine_missing_text(const RefineDownload& download,
                                              const std::string& name);

}  // namespace omicsfs

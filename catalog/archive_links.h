// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "catalog/result.h"

// Symbolic links of archives. A link may stand in a tree only if it leads to
// something that the same archive holds: nothing that an archive says makes a
// reader leave the mount. Pure.

namespace omicsfs {

enum class ArchivePlace { kNothing, kFile, kDirectory, kLink };

struct FoundInArchive {
  ArchivePlace place = ArchivePlace::kNothing;
  std::string_view target{};  // of a link, as the archive has it
};

// What stands at a path below the archive's directory (member_path).
using FindInArchive = std::function<FoundInArchive(const std::string& path)>;

// The text of the link at `path`, which leads to `target`, in a tree whose
// names are those of member_path. It is followed as a kernel would: through
// directories, "..", and further links. Errors: kInvalid, the reason: it is
// absolute, leads out of the archive, to nothing, through a file, or in a
// circle.
Result<std::string> archive_link_text(const std::string& path,
                                      std::string_view target,
                                      const FindInArchive& find);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/archive.h"

#include <memory>
#include <utility>

#include "catalog/archive_tree.h"

namespace omicsfs {

Result<SourceSummary> build_archive(const SourceInput& input,
                                    TreeBuilder& tree) {
  auto file = input.archives->locate(input.settings.base_url);
  if (!file) {
    return file.error();
  }
  const auto archive = std::make_shared<const RemoteFile>(*std::move(file));
  const auto members = input.archives->list(*archive);
  if (!members) {
    return members.error();
  }
  const auto totals = add_archive(tree, "", {archive, *members, input.warn});
  if (!totals) {
    return totals.error();
  }
  return SourceSummary{totals->files, totals->bytes, "", 0};
}

}  // namespace omicsfs

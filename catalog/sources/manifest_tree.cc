// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_tree.h"

#include <utility>

namespace omicsfs {
namespace {

Result<void> check_told_size(const ManifestEntry& entry,
                             const RemoteFile& found) {
  if (!entry.size || *entry.size == found.size) {
    return {};
  }
  return Error{ErrorCode::kInvalid, "it has " + std::to_string(found.size) +
                                        " bytes, and the manifest tells of " +
                                        std::to_string(*entry.size)};
}

}  // namespace

// Of the first url that answers.
Result<RemoteFile> ManifestTree::located(
    const std::vector<std::string>& urls) const {
  Result<RemoteFile> found = Error{ErrorCode::kNotFound, "it has no url"};
  for (const std::string& url : urls) {
    found = locate_->locate(url);
    if (found || found.error().code == ErrorCode::kInterrupted) {
      break;
    }
  }
  return found;
}

Result<RemoteFile> ManifestTree::remote_file(const ManifestEntry& entry) const {
  RemoteFile file;
  const bool asked =
      locate_ != nullptr && (!entry.size || !entry.local_path.empty());
  if (asked) {
    auto found = entry.local_path.empty() ? located(entry.urls)
                                          : locate_->locate(entry.local_path);
    if (!found) {
      return found;
    }
    if (auto checked = check_told_size(entry, *found); !checked) {
      return checked.error();
    }
    file = *std::move(found);
  } else {
    file.size = entry.size.value_or(0);
    file.validator = entry.validator;
  }
  file.urls = entry.urls;
  file.local_path = entry.local_path;
  file.digest = entry.digest;
  return file;
}

Result<NodeId> ManifestTree::add_node(const ManifestEntry& entry) {
  if (entry.data) {
    bytes_ += entry.data->size();
    return tree_.add_inline_file(entry.path, *entry.data,
                                 entry.mtime.value_or(kUndated));
  }
  // Before anything is asked of a server.
  if (auto free = tree_.check_free(entry.path); !free) {
    return free.error();
  }
  auto file = remote_file(entry);
  if (!file) {
    return file.error();
  }
  bytes_ += file->size;
  const std::int64_t mtime =
      entry.mtime.value_or(file->modified.value_or(kUndated));
  file->is_mapped = entry.view.is_array();
  return tree_.add_file(entry.path, *file, mtime, entry.view);
}

Result<void> ManifestTree::add(const ManifestEntry& entry) {
  const auto node = add_node(entry);
  if (!node) {
    return node.error();
  }
  ++files_;
  for (const auto& [name, value] : entry.attributes) {
    if (auto set = tree_.set_xattr(*node, name, value); !set) {
      return set;
    }
  }
  return {};
}

}  // namespace omicsfs

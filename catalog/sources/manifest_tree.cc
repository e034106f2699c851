// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_tree.h"

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/last_known.h"
#include "catalog/refresh_rules.h"

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

// What tells entries of one path apart.
std::string origin_text(const ManifestEntry& entry) {
  std::string text = entry.path;
  for (const std::string& url : entry.urls) {
    text += "\n" + url;
  }
  return text + "\n" + entry.local_path;
}

// The extension of a file's name, with that before it where the last one tells
// of compression: ".mtx.gz"; "" = it has none.
std::string_view extension_of_name(std::string_view name) {
  std::size_t dot = name.rfind('.');
  const std::string_view last =
      dot == std::string_view::npos ? "" : name.substr(dot);
  for (const std::string_view packed : {".gz", ".bz2", ".xz", ".zst"}) {
    if (last == packed && dot > 0 &&
        name.rfind('.', dot - 1) != std::string_view::npos) {
      dot = name.rfind('.', dot - 1);
    }
  }
  return dot == std::string_view::npos || dot == 0 ? "" : name.substr(dot);
}

// The longest name that a number and an extension leave room for.
std::string shortened_stem(std::string_view stem, std::size_t room) {
  while (stem.size() > room ||
         (!stem.empty() && !check_entry_name(stem) && stem.size() > 1)) {
    stem.remove_suffix(1);
  }
  return std::string(stem);
}

std::string with_stem(std::string_view path, std::string_view stem,
                      std::string_view extension) {
  const std::size_t folder = path.rfind('/') + 1;
  const std::size_t room =
      kMaxNameBytes - std::min(extension.size(), kMaxNameBytes / 2);
  return std::string(path.substr(0, folder)) + shortened_stem(stem, room) +
         std::string(extension);
}

// `path` with another name that keeps the extension.
std::string renamed_path(std::string_view path, std::string_view other) {
  const std::string_view extension =
      extension_of_name(path.substr(path.rfind('/') + 1));
  const std::string name = clean_entry_name(other);
  return with_stem(path, name, name.ends_with(extension) ? "" : extension);
}

// "a/x-2.mtx.gz" of "a/x.mtx.gz".
std::string numbered_path(std::string_view path, std::uint32_t number) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view extension = extension_of_name(name);
  return with_stem(path, name.substr(0, name.size() - extension.size()),
                   "-" + std::to_string(number) + std::string(extension));
}

// What tells versions apart that no server was asked for: of a file without
// either, a refresh sees no change that keeps the size.
std::string version_of(const ManifestEntry& entry) {
  return entry.validator.empty() && entry.mtime ? std::to_string(*entry.mtime)
                                                : entry.validator;
}

}  // namespace

// Of the first url that answers. Where a server fails, it is not known that the
// file is gone, whatever others say.
Result<RemoteFile> ManifestTree::located(
    const std::vector<std::string>& urls) const {
  Result<RemoteFile> failed = Error{ErrorCode::kNotFound, "it has no url"};
  for (const std::string& url : urls) {
    auto found = locate_->locate(url);
    if (found || found.error().code == ErrorCode::kInterrupted) {
      return found;
    }
    if (leaves_out_entry(failed.error())) {
      failed = found.error();
    }
  }
  return failed;
}

// As its server tells, or as it was known before where the server refuses it.
Result<RemoteFile> ManifestTree::asked_file(const ManifestEntry& entry) {
  auto found = entry.local_path.empty() ? located(entry.urls)
                                        : locate_->locate(entry.local_path);
  if (found || found.error().code != ErrorCode::kRefused ||
      before_ == nullptr) {
    return found;
  }
  auto known = last_known_file(before_, entry.path);
  if (!known || known->urls != entry.urls) {
    return found;
  }
  kept_because_ = found.error().message;
  return *std::move(known);
}

Result<RemoteFile> ManifestTree::remote_file(const ManifestEntry& entry) {
  RemoteFile file;
  const bool asked =
      locate_ != nullptr && (!entry.size || !entry.local_path.empty());
  if (asked) {
    auto found = asked_file(entry);
    if (!found) {
      return found;
    }
    if (auto checked = check_told_size(entry, *found); !checked) {
      return checked.error();
    }
    file = *std::move(found);
  } else {
    file.size = entry.size.value_or(0);
    file.validator = version_of(entry);
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

Result<std::string> ManifestTree::add_apart(const ManifestEntry& entry) {
  const bool is_new =
      !entry.is_named_by_url || origins_.insert(0, origin_text(entry));
  if (!is_new) {
    return Error{ErrorCode::kInvalid, "the same is listed before"};
  }
  auto path = entry.is_named_by_url ? free_path(entry)
                                    : Result<std::string>(entry.path);
  if (!path) {
    return path;
  }
  if (*path == entry.path) {
    auto added = add(entry);
    return added ? path : added.error();
  }
  ManifestEntry other = entry;
  other.path = *path;
  auto added = add(other);
  return added ? path : added.error();
}

// The path of `entry`, or where that is taken the one that its other name
// makes, or one with a number. Errors: kInvalid, it runs through a file.
Result<std::string> ManifestTree::free_path(const ManifestEntry& entry) {
  auto free = tree_.check_free(entry.path);
  const bool is_taken = !free && tree_.has_path(entry.path);
  if (free || !is_taken) {
    return free ? Result<std::string>(entry.path) : free.error();
  }
  if (!entry.other_name.empty()) {
    std::string other = renamed_path(entry.path, entry.other_name);
    if (tree_.check_free(other)) {
      return other;
    }
  }
  std::uint32_t& number = numbers_[entry.path];
  number = std::max<std::uint32_t>(number, 1);
  while (true) {
    std::string numbered = numbered_path(entry.path, ++number);
    if (!tree_.has_path(numbered)) {
      return numbered;
    }
  }
}

Result<void> ManifestTree::add(const ManifestEntry& entry) {
  kept_because_.clear();
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

// SPDX-License-Identifier: MIT
#include "fs/xattrs.h"

#include <array>
#include <utility>

#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kPrefix = "user.";

std::string url_of(const RemoteFile& file, BlockCache& /*cache*/) {
  return origin_text(file);
}
std::string size_of(const RemoteFile& file, BlockCache& /*cache*/) {
  return std::to_string(file.size);
}
std::string digest_text(const RemoteFile& file, BlockCache& /*cache*/) {
  return file.digest ? to_string(*file.digest) : "";
}
// Columns are not kept themselves, but with their array.
std::string cached_of(const RemoteFile& file, BlockCache& cache) {
  return file.columns ? "" : std::to_string(cache.state(file).cached_bytes);
}
std::string verified_of(const RemoteFile& file, BlockCache& cache) {
  if (file.columns) {
    return "";
  }
  return cache.state(file).verified ? "yes" : "no";
}

// Whether `file` has the attribute, as its value tells as well.
bool has_xattr(const RemoteFile& file,
               std::string (*value)(const RemoteFile&, BlockCache&)) {
  if (value == digest_text) {
    return file.digest.has_value();
  }
  return !file.columns || (value != cached_of && value != verified_of);
}

struct FileXattr {
  std::string_view name;
  std::string (*value)(const RemoteFile& file, BlockCache& cache);
};
constexpr std::array kFileXattrs = {
    FileXattr{"omicsfs.url", url_of},
    FileXattr{"omicsfs.size", size_of},
    FileXattr{"omicsfs.digest", digest_text},
    FileXattr{"omicsfs.cached_bytes", cached_of},
    FileXattr{"omicsfs.verified", verified_of},
};
constexpr std::string_view kSource = "omicsfs.source";

Error no_such(std::string_view name) {
  return {ErrorCode::kNotFound,
          "no extended attribute " + std::string(kPrefix) + std::string(name)};
}

Result<std::string> of_remote_file(const XattrSubject& subject,
                                   BlockCache& cache, const FileXattr& xattr) {
  auto file = subject.snapshot.remote_file(subject.node.id);
  if (!file) {
    return file.error();
  }
  auto value = xattr.value(*file, cache);
  // Not published, so not there.
  return value.empty() ? Result<std::string>(no_such(xattr.name)) : value;
}

}  // namespace

Result<std::string> xattr_value(const XattrSubject& subject, BlockCache& cache,
                                std::string_view name) {
  if (!name.starts_with(kPrefix)) {
    return no_such(name);
  }
  name.remove_prefix(kPrefix.size());
  if (name == kSource) {
    return std::string(subject.source);
  }
  if (subject.node.kind == NodeKind::kRemoteFile) {
    for (const FileXattr& xattr : kFileXattrs) {
      if (xattr.name == name) {
        return of_remote_file(subject, cache, xattr);
      }
    }
  }
  auto given = subject.snapshot.xattr(subject.node.id, name);
  if (!given) {
    return given.error();
  }
  return *given ? Result<std::string>(**std::move(given)) : no_such(name);
}

Result<std::vector<std::string>> xattr_list(const XattrSubject& subject) {
  std::vector<std::string> names{std::string(kPrefix) + std::string(kSource)};
  if (subject.node.kind == NodeKind::kRemoteFile) {
    const auto file = subject.snapshot.remote_file(subject.node.id);
    if (!file) {
      return file.error();
    }
    for (const FileXattr& xattr : kFileXattrs) {
      if (has_xattr(*file, xattr.value)) {
        names.push_back(std::string(kPrefix) + std::string(xattr.name));
      }
    }
  }
  auto given = subject.snapshot.xattrs(subject.node.id);
  if (!given) {
    return given.error();
  }
  for (const auto& [name, value] : *given) {
    names.push_back(std::string(kPrefix) + name);
  }
  return names;
}

}  // namespace omicsfs

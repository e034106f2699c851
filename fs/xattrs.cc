// SPDX-License-Identifier: MIT
#include "fs/xattrs.h"

#include <linux/limits.h>

#include <array>
#include <utility>

#include "catalog/marked_url.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kPrefix = "user.";
// What Linux lets through: longer lists make listxattr(2) fail with E2BIG, and
// longer names and values cannot be asked for.
constexpr std::size_t kMaxListBytes = XATTR_LIST_MAX - kXattrListReserve;
constexpr std::size_t kMaxXattrName = XATTR_NAME_MAX;
constexpr std::size_t kMaxValueBytes = XATTR_SIZE_MAX;

// Whole characters of the start of a value that is too long, and "…".
std::string fitting_value(std::string value) {
  constexpr std::string_view kCut = "\u2026";
  if (value.size() <= kMaxValueBytes) {
    return value;
  }
  std::size_t end = kMaxValueBytes - kCut.size();
  const auto continues = [&value](std::size_t at) {
    return (static_cast<unsigned char>(value[at]) & 0xC0U) == 0x80U;
  };
  for (int bytes = 0; bytes < 3 && continues(end); ++bytes) {
    --end;
  }
  value.resize(end);
  return value.append(kCut);
}

// Names of attributes, as many as fit into one list.
class NameList {
 public:
  void add(std::string_view name) {
    const std::size_t size = kPrefix.size() + name.size();
    const bool fits = size <= kMaxXattrName &&
                      bytes_ + size + 1 <= kMaxListBytes;  // with a NUL
    if (fits) {
      bytes_ += size + 1;
      names_.push_back(std::string(kPrefix).append(name));
    }
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(names_); }

 private:
  std::size_t bytes_ = 0;
  std::vector<std::string> names_;
};

std::string url_of(const RemoteFile& file, BlockCache& /*cache*/) {
  return origin_text(file);
}
// Where the whole of it may be had, a line each, in the order that is tried;
// none of what is part of another file. A url that may hold a secret is not
// told; one that needs a token is told with its name ("token:<name>:<url>").
std::string urls_of(const RemoteFile& file, BlockCache& /*cache*/) {
  std::string text;
  for (const std::string& url : file.urls) {
    const auto marked = parse_marked_url(url);
    const std::string_view plain = plain_url(url);
    const bool told = (!marked || marked->kind != MarkedUrl::Kind::kResolve) &&
                      is_http_url(plain) && printable_url(plain) == plain;
    if (told) {
      const bool named = marked && marked->kind == MarkedUrl::Kind::kToken;
      text += text.empty() ? "" : "\n";
      text += named ? url : plain;
    }
  }
  return text;
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

struct FileXattr {
  std::string_view name;
  std::string (*value)(const RemoteFile& file, BlockCache& cache);
};
constexpr std::array kFileXattrs = {
    FileXattr{"omicsfs.url", url_of},
    FileXattr{"omicsfs.urls", urls_of},
    FileXattr{"omicsfs.size", size_of},
    FileXattr{"omicsfs.digest", digest_text},
    FileXattr{"omicsfs.cached_bytes", cached_of},
    FileXattr{"omicsfs.verified", verified_of},
};
// The list of urls is told when it is asked for; of columns nothing is cached.
bool is_listed(const RemoteFile& file, const FileXattr& xattr) {
  if (xattr.value == digest_text) {
    return file.digest.has_value();
  }
  const bool of_cache = xattr.value == cached_of || xattr.value == verified_of;
  return xattr.value != urls_of && !(file.columns && of_cache);
}

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
  return value.empty() ? Result<std::string>(no_such(xattr.name))
                       : fitting_value(std::move(value));
}

}  // namespace

Result<std::string> xattr_value(const XattrSubject& subject, BlockCache& cache,
                                std::string_view name) {
  if (!name.starts_with(kPrefix) || subject.node.kind == NodeKind::kSymlink) {
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
  return *given ? Result<std::string>(fitting_value(**std::move(given)))
                : no_such(name);
}

Result<std::vector<std::string>> xattr_list(const XattrSubject& subject) {
  NameList names;
  if (subject.node.kind == NodeKind::kSymlink) {
    return names.take();
  }
  names.add(kSource);
  if (subject.node.kind == NodeKind::kRemoteFile) {
    const auto file = subject.snapshot.remote_file(subject.node.id);
    if (!file) {
      return file.error();
    }
    for (const FileXattr& xattr : kFileXattrs) {
      if (is_listed(*file, xattr)) {
        names.add(xattr.name);
      }
    }
  }
  auto given = subject.snapshot.xattrs(subject.node.id);
  if (!given) {
    return given.error();
  }
  for (const auto& [name, value] : *given) {
    names.add(name);
  }
  return names.take();
}

}  // namespace omicsfs

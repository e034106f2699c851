// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalog/unique_fd.h"
#include "fetch/byte_range.h"
#include "fetch/mutex.h"

// What the test origin has to offer.

namespace omicsfs {

// A part of a file, or of a text in memory.
struct FilePiece {
  std::shared_ptr<const UniqueFd> file;
  ByteRange range;
};
struct TextPiece {
  std::shared_ptr<const std::string> text;
  ByteRange range;
};
using Content = std::variant<FilePiece, TextPiece>;

[[nodiscard]] Content content_of(std::string text);
// The part of `content` at `range`, which lies within it.
[[nodiscard]] Content slice(const Content& content, ByteRange range);
[[nodiscard]] std::uint64_t size_of(const Content& content);

struct ServedObject {
  Content content;
  std::string etag;  // as sent; "": none
  std::time_t modified = 0;
};

// An object as a listing names it; the key has no leading slash.
struct ListedObject {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;
  std::time_t modified = 0;
};

// The files below a directory, and objects in memory, which hide them.
// Symbolic links in the directory are followed: it is the tests' own.
// Thread-safe.
class ObjectStore {
 public:
  explicit ObjectStore(std::filesystem::path root) : root_(std::move(root)) {}

  void add(const std::string& path, std::string bytes,
           std::optional<std::string> etag);
  void remove(const std::string& path);
  // `path` is decoded. Empty where there is no such object; a path that leaves
  // the root names none.
  [[nodiscard]] std::optional<ServedObject> find(const std::string& path) const;
  // The objects below the directory `base` ("/" or "/a/"), their keys
  // relative to it, those that begin with `prefix`, in the order of their keys.
  [[nodiscard]] std::vector<ListedObject> list(std::string_view base,
                                               std::string_view prefix) const;

 private:
  [[nodiscard]] std::map<std::string, ListedObject> files_below(
      const std::filesystem::path& directory) const;

  const std::filesystem::path root_;
  mutable Mutex mutex_;
  std::map<std::string, ServedObject> objects_ GUARDED_BY(mutex_);  // by path
};

}  // namespace omicsfs

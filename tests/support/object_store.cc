// SPDX-License-Identifier: MIT
#include "tests/support/object_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <system_error>
#include <utility>

namespace omicsfs {
namespace {

// The time that all objects in memory bear: 2025-01-01.
constexpr std::time_t kMemoryTime = 1'735'689'600;

// FNV-1a, 64 bits: tells contents apart, which is all that an ETag must do.
std::string etag_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  return fmt::format("\"{:016x}\"", hash);
}

std::string etag_of(const struct stat& st) {
  return fmt::format("\"{:x}-{:x}{:08x}\"", st.st_size, st.st_mtim.tv_sec,
                     st.st_mtim.tv_nsec);
}

// Whether each component of `path` ("/a/b") is a plain name.
bool is_plain(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) {
    return false;
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty() || name == "." || name == "..") {
      return false;
    }
    path.remove_prefix(name.size());
  }
  return true;
}

std::optional<ServedObject> open_file(const std::filesystem::path& path) {
  auto file = std::make_shared<const UniqueFd>(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st = {};
  if (!file->valid() || ::fstat(file->get(), &st) != 0 ||
      !S_ISREG(st.st_mode)) {
    return std::nullopt;
  }
  const ByteRange whole{0, static_cast<std::uint64_t>(st.st_size)};
  return ServedObject{FilePiece{std::move(file), whole}, etag_of(st),
                      st.st_mtim.tv_sec};
}

std::optional<ListedObject> listed(const std::filesystem::path& path,
                                   std::string key) {
  struct stat st = {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return std::nullopt;
  }
  return ListedObject{std::move(key), static_cast<std::uint64_t>(st.st_size),
                      etag_of(st), st.st_mtim.tv_sec};
}

}  // namespace

Content content_of(std::string text) {
  const ByteRange whole{0, text.size()};
  return TextPiece{std::make_shared<const std::string>(std::move(text)), whole};
}

Content slice(const Content& content, ByteRange range) {
  return std::visit(
      [&](auto piece) -> Content {
        piece.range = {piece.range.offset + range.offset, range.length};
        return piece;
      },
      content);
}

std::uint64_t size_of(const Content& content) {
  return std::visit([](const auto& piece) { return piece.range.length; },
                    content);
}

void ObjectStore::add(const std::string& path, std::string bytes,
                      std::optional<std::string> etag) {
  std::string validator = etag ? *std::move(etag) : etag_of(bytes);
  ServedObject object{content_of(std::move(bytes)), std::move(validator),
                      kMemoryTime};
  const MutexLock lock(mutex_);
  objects_.insert_or_assign(path, std::move(object));
}

void ObjectStore::remove(const std::string& path) {
  const MutexLock lock(mutex_);
  objects_.erase(path);
}

std::optional<ServedObject> ObjectStore::find(const std::string& path) const {
  {
    const MutexLock lock(mutex_);
    const auto found = objects_.find(path);
    if (found != objects_.end()) {
      return found->second;
    }
  }
  if (root_.empty() || !is_plain(path)) {
    return std::nullopt;
  }
  return open_file(root_ / path.substr(1));
}

std::map<std::string, ListedObject> ObjectStore::files_below(
    const std::filesystem::path& directory) const {
  namespace fs = std::filesystem;
  std::map<std::string, ListedObject> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(
      directory, fs::directory_options::skip_permission_denied, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    std::string key = entry->path().lexically_relative(directory).string();
    if (auto object = listed(entry->path(), key)) {
      files.emplace(std::move(key), *std::move(object));
    }
    entry.increment(error);
  }
  return files;
}

std::vector<ListedObject> ObjectStore::list(std::string_view base,
                                            std::string_view prefix) const {
  std::map<std::string, ListedObject> found;
  const bool within = base == "/" || is_plain(base.substr(0, base.size() - 1));
  if (!root_.empty() && within) {
    found = files_below(root_ / base.substr(1));
  }
  const MutexLock lock(mutex_);
  for (const auto& [path, object] : objects_) {
    if (path.starts_with(base)) {
      const std::string key = path.substr(base.size());
      found.insert_or_assign(key, ListedObject{key, size_of(object.content),
                                               object.etag, object.modified});
    }
  }
  std::vector<ListedObject> objects;
  for (auto& [key, object] : found) {
    if (key.starts_with(prefix)) {
      objects.push_back(std::move(object));
    }
  }
  return objects;
}

}  // namespace omicsfs

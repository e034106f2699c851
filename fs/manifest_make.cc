// SPDX-License-Identifier: MIT
#include "fs/manifest_make.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "catalog/digest.h"
#include "catalog/directory_index.h"
#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/percent_encoding.h"
#include "catalog/refresh_rules.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/unique_fd.h"

namespace omicsfs {
namespace {

constexpr std::size_t kHashedPiece = std::size_t{1} << 20U;
constexpr std::size_t kMaxInlineData = std::size_t{1} << 20U;
constexpr std::size_t kMaxXattr = 65'536;
constexpr std::string_view kUserAttribute = "user.";
constexpr std::string_view kOmicsfsAttribute = "user.omicsfs.";
constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{64} << 20U;
constexpr std::size_t kMaxIndexDepth = 32;
constexpr std::size_t kMaxIndexes = 100'000;

Error entry_error(const std::string& what) {
  const ErrorCode code =
      errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return {code, what + ": " + std::strerror(errno)};
}

// A file that is found: its path below the root, and where it is.
struct FoundFile {
  std::string path;
  std::filesystem::path place;
};

// Calls `take` for each regular file below a directory, in order of the names.
class FileWalk {
 public:
  using Take = std::function<Result<void>(const FoundFile& file)>;

  FileWalk(const ManifestMaking& making, Take take)
      : making_(making), take_(std::move(take)) {}

  Result<void> walk(const std::filesystem::path& directory,
                    const std::string& path) {
    std::error_code error;
    std::vector<std::filesystem::directory_entry> entries;
    std::filesystem::directory_iterator each(directory, error);
    for (; !error && each != std::filesystem::directory_iterator();
         each.increment(error)) {
      entries.push_back(*each);
    }
    if (error) {
      const bool none = error == std::errc::not_a_directory;
      return Error{none ? ErrorCode::kInvalid : ErrorCode::kIo,
                   directory.string() + ": " + error.message()};
    }
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
      if (auto taken = take_entry(entry, path); !taken) {
        return taken;
      }
    }
    return {};
  }

 private:
  Result<void> take_entry(const std::filesystem::directory_entry& entry,
                          const std::string& folder) {
    if (making_.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "it was ended"};
    }
    const std::string name = entry.path().filename().string();
    const std::string path = folder + name;
    if (const auto named = check_entry_name(name); !named) {
      making_.odd(path, named.error().message);
      return {};
    }
    std::error_code error;
    const auto type = entry.symlink_status(error).type();
    if (type == std::filesystem::file_type::directory) {
      return walk(entry.path(), path + "/");
    }
    if (type != std::filesystem::file_type::regular) {
      making_.odd(path, "it is a link, or no file");
      return {};
    }
    return take_({path, entry.path()});
  }

  const ManifestMaking& making_;
  const Take take_;
};

// Reads all of `fd` into `take`. Errors: kIo.
Result<void> read_whole(
    int fd, const std::string& name,
    const std::function<void(std::span<const std::byte>)>& take) {
  std::vector<std::byte> piece(kHashedPiece);
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return entry_error("cannot read " + name);
    }
    if (got == 0) {
      return {};
    }
    take(std::span(piece).first(static_cast<std::size_t>(got)));
  }
}

Result<ManifestEntry> local_entry(const FoundFile& file) {
  const std::string name = file.place.string();
  const UniqueFd fd(::open(file.place.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!fd.valid() || ::fstat(fd.get(), &facts) != 0) {
    return entry_error("cannot open " + name);
  }
  DigestHasher hasher(DigestKind::kSha256);
  std::uint64_t size = 0;
  const auto read =
      read_whole(fd.get(), name, [&](std::span<const std::byte> bytes) {
        hasher.update(bytes);
        size += bytes.size();
      });
  if (!read) {
    return read.error();
  }
  if (size != static_cast<std::uint64_t>(facts.st_size)) {
    return Error{ErrorCode::kChanged, name + " changed while it was read"};
  }
  ManifestEntry entry;
  entry.path = file.path;
  entry.size = size;
  entry.digest = hasher.finish();
  entry.mtime = facts.st_mtim.tv_sec;
  return entry;
}

// None where the file has no such attribute.
std::optional<std::string> attribute_of(const std::filesystem::path& file,
                                        const std::string& name) {
  std::string value(kMaxXattr, '\0');
  const ssize_t size =
      ::lgetxattr(file.c_str(), name.c_str(), value.data(), value.size());
  if (size < 0) {
    return std::nullopt;
  }
  value.resize(static_cast<std::size_t>(size));
  return value;
}

std::vector<std::string> attribute_names(const std::filesystem::path& file) {
  std::string list(kMaxXattr, '\0');
  const ssize_t size = ::llistxattr(file.c_str(), list.data(), list.size());
  list.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = list.find('\0', begin);
    names.push_back(list.substr(begin, end - begin));
    begin = end == std::string::npos ? list.size() : end + 1;
  }
  return names;
}

void take_attributes(ManifestEntry& entry, const std::filesystem::path& file) {
  for (const std::string& name : attribute_names(file)) {
    const bool own = name.starts_with(kOmicsfsAttribute);
    if (own || !name.starts_with(kUserAttribute)) {
      continue;
    }
    if (auto value = attribute_of(file, name)) {
      entry.attributes.emplace_back(name.substr(kUserAttribute.size()),
                                    *std::move(value));
    }
  }
}

// The bytes of a generated file. Errors: kUnsupported, they are no text that
// JSON can hold, or too many; kIo.
Result<std::string> inline_data(const FoundFile& file) {
  const UniqueFd fd(::open(file.place.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return entry_error("cannot open " + file.place.string());
  }
  std::string text;
  const auto read = read_whole(
      fd.get(), file.place.string(), [&text](std::span<const std::byte> bytes) {
        text.append(reinterpret_cast<const char*>(bytes.data()),
                    std::min(bytes.size(), kMaxInlineData + 1 - text.size()));
      });
  if (!read) {
    return read.error();
  }
  const auto kept = JsonValue::parse(json_quoted(text));
  const auto same = kept ? kept->as_string() : kept.error();
  if (text.size() > kMaxInlineData || !same || *same != text) {
    return Error{ErrorCode::kUnsupported,
                 "it is a generated file, of no text or over 1 MiB"};
  }
  return text;
}

void add_lines(std::vector<std::string>& lines, std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

// Errors: kUnsupported, why it is left out; those of what it reads.
Result<ManifestEntry> mounted_entry(const FoundFile& file) {
  struct stat facts {};
  if (::lstat(file.place.c_str(), &facts) != 0) {
    return entry_error("cannot look at " + file.place.string());
  }
  ManifestEntry entry;
  entry.path = file.path;
  entry.size = static_cast<std::uint64_t>(facts.st_size);
  entry.mtime = facts.st_mtim.tv_sec;
  take_attributes(entry, file.place);
  if (!attribute_of(file.place, "user.omicsfs.url")) {
    auto data = inline_data(file);
    if (!data) {
      return data.error();
    }
    entry.data = *std::move(data);
    return entry;
  }
  const auto urls = attribute_of(file.place, "user.omicsfs.urls");
  if (!urls) {
    return Error{ErrorCode::kUnsupported,
                 "it is part of another file, or nothing that a url names"};
  }
  add_lines(entry.urls, *urls);
  if (const auto text = attribute_of(file.place, "user.omicsfs.digest")) {
    auto digest = parse_digest_text(*text);
    if (!digest) {
      return digest.error();
    }
    entry.digest = *std::move(digest);
  }
  return entry;
}

// The indexes of a server's directories, one after another.
class IndexWalk {
 public:
  IndexWalk(std::string root, const Download& download,
            const ManifestMaking& making)
      : root_(std::move(root)), download_(download), making_(making) {}

  // `folder` is the directory's path below the root, with a slash at its end
  // unless it is empty.
  Result<void> walk(const std::string& folder, std::size_t depth) {
    if (depth > kMaxIndexDepth || ++indexes_ > kMaxIndexes) {
      return Error{ErrorCode::kInvalid,
                   root_ + ": its directories are too deep, or too many"};
    }
    const std::string url = root_ + percent_encode(folder, "/");
    const auto html = download_(url, kMaxIndexBytes);
    const auto entries =
        html ? parse_directory_index(*html,
                                     [&](const EntryFault& fault) {
                                       making_.odd(folder + fault.place,
                                                   fault.why);
                                     })
             : html.error();
    if (!entries) {
      return entries.error().within(url);
    }
    for (const IndexEntry& entry : *entries) {
      const std::string path = folder + entry.name;
      auto done =
          entry.is_directory ? walk(path + "/", depth + 1) : add(entry, path);
      if (!done) {
        return done;
      }
    }
    return {};
  }

 private:
  Result<void> add(const IndexEntry& entry, const std::string& path) {
    if (making_.stop.stop_requested()) {
      return Error{ErrorCode::kInterrupted, "it was ended"};
    }
    ManifestEntry file;
    file.path = path;
    file.urls = {root_ + percent_encode(path, "/")};
    file.size = entry.size;
    file.mtime = entry.modified;
    return making_.add(file);
  }

  const std::string root_;
  const Download& download_;
  const ManifestMaking& making_;
  std::size_t indexes_ = 0;
};

}  // namespace

Result<void> make_of_directory(const std::filesystem::path& root,
                               const std::set<std::string>& hidden,
                               const ManifestMaking& making) {
  FileWalk walk(making, [&](const FoundFile& file) -> Result<void> {
    if (hidden.contains(file.place.lexically_normal().string())) {
      return {};
    }
    const auto entry = local_entry(file);
    return entry ? making.add(*entry) : entry.error();
  });
  return walk.walk(root, "");
}

Result<void> make_of_mount(const std::filesystem::path& root,
                           const ManifestMaking& making) {
  if (!attribute_of(root, "user.omicsfs.source")) {
    return Error{
        ErrorCode::kInvalid,
        root.string() + " is no directory of a source that is mounted"};
  }
  FileWalk walk(making, [&making](const FoundFile& file) -> Result<void> {
    const auto entry = mounted_entry(file);
    if (!entry && entry.error().code == ErrorCode::kUnsupported) {
      making.odd(file.path, entry.error().message);
      return {};
    }
    return entry ? making.add(*entry) : entry.error();
  });
  return walk.walk(root, "");
}

Result<void> make_of_index(const std::string& url, const Download& download,
                           const ManifestMaking& making) {
  return IndexWalk(url, download, making).walk("", 0);
}

Result<void> make_of_manifest(const ManifestText& text,
                              const ManifestMaking& making) {
  EntryTally tally;
  const ManifestEvents events{
      [&](ManifestEntry& entry, const std::string&) -> Result<void> {
        if (making.stop.stop_requested()) {
          return Error{ErrorCode::kInterrupted, "it was ended"};
        }
        if (!entry.local_path.empty()) {
          making.odd(entry.path, "it lies beside that manifest");
          return {};
        }
        tally.good();
        return making.add(entry);
      },
      [&](const std::string& place, const std::string& why) {
        tally.bad(place, why);
        making.odd(place, why);
      },
      making.odd, [](std::string_view, const std::string&) {}};
  const auto done = read_manifest(text, events);
  return done ? tally.verdict() : done;
}

}  // namespace omicsfs

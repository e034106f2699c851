// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "catalog/entry_name.h"
#include "catalog/snapshot.h"
#include "catalog/temporary_file.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

constexpr std::string_view kSnapshotSuffix = ".sqlite";

// The generation that a file name of the store stands for; 0 for any other.
std::uint32_t generation_of(std::string_view name) {
  if (!name.ends_with(kSnapshotSuffix)) {
    return 0;
  }
  name.remove_suffix(kSnapshotSuffix.size());
  std::uint32_t generation = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, generation);
  const bool whole = error == std::errc() && stop == end;
  return whole && name.front() != '0' ? generation : 0;
}

// A name that TemporaryFile gives: "<generation>.sqlite.<six characters>".
bool is_temporary(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos &&
         generation_of(name.substr(0, dot)) != 0;
}

Result<stdfs::path> directory_of(const stdfs::path& state_dir,
                                 std::string_view source) {
  const Result<void> valid = check_entry_name(source);
  if (!valid) {
    return valid.error().within("source");
  }
  return state_dir / "snapshots" / source;
}

std::vector<std::string> names_in(const stdfs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  stdfs::directory_iterator entries(directory, error);
  while (!error && entries != stdfs::directory_iterator()) {
    names.push_back(entries->path().filename().native());
    entries.increment(error);
  }
  return names;
}

std::uint32_t newest_in(const std::vector<std::string>& names) {
  std::uint32_t newest = 0;
  for (const std::string& name : names) {
    newest = std::max(newest, generation_of(name));
  }
  return newest;
}

stdfs::path path_of(const stdfs::path& directory, std::uint32_t generation) {
  return directory /
         (std::to_string(generation) + std::string(kSnapshotSuffix));
}

Result<stdfs::path> made_directory(const stdfs::path& state_dir,
                                   std::string_view source) {
  Result<stdfs::path> directory = directory_of(state_dir, source);
  if (!directory) {
    return directory;
  }
  std::error_code error;
  stdfs::create_directories(*directory, error);
  if (error) {
    return Error{ErrorCode::kIo,
                 "cannot make " + directory->native() + ": " + error.message()};
  }
  return directory;
}

// Removes the file unless someone holds a flock on it.
void remove_unused(const stdfs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    std::error_code ignored;
    stdfs::remove(path, ignored);
  }
}

}  // namespace

Result<stdfs::path> current_snapshot(const stdfs::path& state_dir,
                                     std::string_view source) {
  const Result<stdfs::path> directory = directory_of(state_dir, source);
  if (!directory) {
    return directory.error();
  }
  const std::uint32_t newest = newest_in(names_in(*directory));
  if (newest == 0) {
    return Error{ErrorCode::kNotFound, "no catalog of " + std::string(source) +
                                           " in " + directory->native() +
                                           "; run `omicsfs refresh " +
                                           std::string(source) + "`"};
  }
  return path_of(*directory, newest);
}

Result<std::shared_ptr<const Snapshot>> open_current_snapshot(
    const stdfs::path& state_dir, std::string_view source) {
  // A refresh may remove a snapshot between our look at its name and its
  // opening; then a newer one is there.
  constexpr int kTries = 100;
  Result<std::shared_ptr<const Snapshot>> opened =
      Error{ErrorCode::kNotFound, "no catalog"};
  stdfs::path last;
  for (int tries = 0; tries < kTries; ++tries) {
    Result<stdfs::path> path = current_snapshot(state_dir, source);
    if (!path) {
      return path.error();
    }
    if (*path == last) {
      break;
    }
    opened = Snapshot::open(*path);
    if (opened || opened.error().code != ErrorCode::kNotFound) {
      break;
    }
    last = *std::move(path);
  }
  return opened;
}

Result<NextSnapshot> next_snapshot(const stdfs::path& state_dir,
                                   std::string_view source) {
  const Result<stdfs::path> directory = made_directory(state_dir, source);
  if (!directory) {
    return directory.error();
  }
  const std::uint32_t generation = newest_in(names_in(*directory)) + 1;
  return NextSnapshot{path_of(*directory, generation), generation};
}

Result<UniqueFd> lock_snapshots(const stdfs::path& state_dir,
                                std::string_view source) {
  const Result<stdfs::path> directory = made_directory(state_dir, source);
  if (!directory) {
    return directory.error();
  }
  UniqueFd fd(::open(directory->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("cannot open " + directory->native());
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    return fd;
  }
  if (errno == EWOULDBLOCK) {
    return Error{ErrorCode::kTimedOut, "another process is refreshing " +
                                           std::string(source) +
                                           "; try again when it is done"};
  }
  return system_error("cannot lock " + directory->native());
}

void prune_snapshots(const stdfs::path& state_dir, std::string_view source) {
  const Result<stdfs::path> directory = directory_of(state_dir, source);
  if (!directory) {
    return;
  }
  const std::vector<std::string> names = names_in(*directory);
  const std::uint32_t newest = newest_in(names);
  for (const std::string& name : names) {
    const std::uint32_t generation = generation_of(name);
    const bool outdated = generation != 0 && generation != newest;
    if (outdated || is_temporary(name)) {
      remove_unused(*directory / name);
    }
  }
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/temporary_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace omicsfs {
namespace {

Result<void> sync_directory(const std::filesystem::path& directory) {
  const std::string name = directory.empty() ? "." : directory.native();
  const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return system_error("cannot sync " + name);
  }
  return {};
}

}  // namespace

Error system_error(const std::string& what) {
  const int number = errno;
  const ErrorCode code =
      number == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo;
  return {code, what + ": " + std::generic_category().message(number)};
}

Result<TemporaryFile> TemporaryFile::create(
    const std::filesystem::path& target) {
  std::string path = target.native() + ".XXXXXX";
  UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("cannot make " + path);
  }
  TemporaryFile file(std::move(fd), path);
  if (::flock(file.fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    return system_error("cannot lock " + path);
  }
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

Result<void> TemporaryFile::rename_to(const std::filesystem::path& target) {
  // Shared from here on: who finds the new name may open it at once.
  if (::flock(fd_.get(), LOCK_SH | LOCK_NB) != 0 || ::fsync(fd_.get()) != 0 ||
      ::rename(path_.c_str(), target.c_str()) != 0) {
    return system_error("cannot keep " + target.native());
  }
  path_.clear();
  return sync_directory(target.parent_path());
}

}  // namespace omicsfs

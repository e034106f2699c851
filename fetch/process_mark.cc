// SPDX-License-Identifier: MIT
#include "fetch/process_mark.h"

#include <fcntl.h>

#include <random>

#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

std::int64_t random_number() {
  std::random_device device;
  return std::uniform_int_distribution<std::int64_t>(
      1, std::int64_t{1} << 61)(device);
}

struct flock lock_of(std::int64_t number) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

}  // namespace

ProcessMark::ProcessMark(const std::filesystem::path& file)
    : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC,
                 file_mode_in(file.parent_path()))),
      number_(random_number()) {
  constexpr int kTries =
      8;  // that another has the number is all but impossible
  for (int i = 0; i < kTries && fd_.valid(); ++i) {
    struct flock lock = lock_of(number_);
    if (::fcntl(fd_.get(), F_OFD_SETLK, &lock) == 0) {
      return;
    }
    number_ = random_number();
  }
}

bool ProcessMark::lives(std::int64_t number) const {
  struct flock lock = lock_of(number);
  return !fd_.valid() || ::fcntl(fd_.get(), F_OFD_GETLK, &lock) != 0 ||
         lock.l_type != F_UNLCK;
}

}  // namespace omicsfs

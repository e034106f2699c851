// SPDX-License-Identifier: MIT
#include "tests/support/faulty_disk.h"

#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "tests/support/child_process.h"

extern char** environ;

namespace omicsfs {
namespace {

dev_t device_of(const std::filesystem::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_dev : 0;
}

}  // namespace

FaultyDisk::FaultyDisk(std::filesystem::path at) : at_(std::move(at)) {
  const std::string backing = (dir_.path() / "backing").string();
  const std::string faults = (dir_.path() / "faults").string();
  std::filesystem::create_directory(backing);
  std::filesystem::permissions(backing, std::filesystem::perms::owner_all);
  const std::array<const char*, 5> words = {FAULTY_DISK_PROGRAM,
                                            backing.c_str(), at_.c_str(),
                                            faults.c_str(), nullptr};
  if (::posix_spawn(&process_, words[0], nullptr, nullptr,
                    const_cast<char**>(words.data()), environ) != 0) {
    process_ = -1;
    return;
  }
  while (!mounted() && !has_ended(process_)) {
    ::poll(nullptr, 0, 5);
  }
}

FaultyDisk::~FaultyDisk() {
  ::umount2(at_.c_str(), MNT_DETACH);
  while (process_ > 0 && ::waitpid(process_, nullptr, 0) < 0 &&
         errno == EINTR) {
  }
}

bool FaultyDisk::mounted() const {
  const dev_t device = device_of(at_);
  return device != 0 && device != device_of(at_.parent_path());
}

void FaultyDisk::fail(const std::string& operation, int error) {
  faults_ += operation + " " + std::to_string(error) + "\n";
  write_faults(faults_);
}

void FaultyDisk::slow_down(std::chrono::microseconds delay) {
  faults_ += "delay " + std::to_string(delay.count()) + "\n";
  write_faults(faults_);
}

void FaultyDisk::mend() {
  faults_.clear();
  write_faults(faults_);
}

// In one step: the disk reads it at any time.
void FaultyDisk::write_faults(const std::string& text) const {
  const std::filesystem::path next = dir_.path() / "next";
  std::ofstream(next) << text;
  std::filesystem::rename(next, dir_.path() / "faults");
}

}  // namespace omicsfs

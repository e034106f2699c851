// SPDX-License-Identifier: MIT
#include "fs/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "catalog/unique_fd.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMaxOutput = 4096;

// What a child inherits in place of our own stdin and stderr.
class FileActions {
 public:
  explicit FileActions(int error_fd) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, error_fd, STDERR_FILENO);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* get() const {
    return &actions_;
  }

 private:
  posix_spawn_file_actions_t actions_{};
};

// Reads to the end, so that the child never waits, and keeps the beginning.
std::string read_output(int fd) {
  std::string output;
  std::array<char, 1024> buffer{};
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return output.substr(0, kMaxOutput);
    }
    if (count > 0 && output.size() < kMaxOutput) {
      output.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Error failure(const std::string& program, int error) {
  return Error{error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
               "cannot run " + program + ": " + std::strerror(error)};
}

}  // namespace

Result<ChildOutcome> run_program(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return failure(words[0], errno);
  }
  const UniqueFd output(ends[0]);
  UniqueFd child_end(ends[1]);
  const FileActions actions(child_end.get());
  std::vector<std::string> copy = words;  // posix_spawn wants char*
  std::vector<char*> arguments;
  arguments.reserve(copy.size() + 1);
  for (std::string& word : copy) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments[0], actions.get(), nullptr,
                                   arguments.data(), environ);
  if (error != 0) {
    return failure(words[0], error);
  }
  child_end.reset();
  std::string text = read_output(output.get());
  return ChildOutcome{wait_for(child), std::move(text)};
}

}  // namespace omicsfs

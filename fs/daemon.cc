// SPDX-License-Identifier: MIT
#include "fs/daemon.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace omicsfs {
namespace {

constexpr char kReady = 'R';

// What the server says before it ends or is ready; false where it ended.
bool wait_until_ready(int pipe) {
  char word = 0;
  ssize_t got = 0;
  do {
    got = ::read(pipe, &word, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1 && word == kReady;
}

int exit_status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      return EXIT_FAILURE;
    }
  }
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "omicsfs: the server was ended by signal %d\n",
                 WTERMSIG(status));
    return EXIT_FAILURE;
  }
  // It never became ready, whatever it says.
  return WEXITSTATUS(status) == 0 ? EXIT_FAILURE : WEXITSTATUS(status);
}

[[noreturn]] void run_child(UniqueFd pipe,
                            const std::function<int(Readiness&)>& serve) {
  ::setsid();
  if (::chdir("/") != 0) {
    std::_Exit(EXIT_FAILURE);
  }
  close_inherited(pipe.get());
  // A server that is confined could not open it for writing any more.
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ::dup2(null.get(), STDIN_FILENO);
  ::dup2(null.get(), STDOUT_FILENO);
  Readiness readiness(std::move(pipe), std::move(null));
  const int status = serve(readiness);
  std::exit(status);
}

}  // namespace

void close_inherited(int kept) {
  constexpr int kFirst = STDERR_FILENO + 1;
  const auto number = static_cast<unsigned>(std::max(kept, kFirst - 1));
  if (number > kFirst) {
    ::close_range(kFirst, number - 1, 0);
  }
  ::close_range(number + 1, ~0U, 0);
}

void Readiness::ready() {
  if (!pipe_.valid()) {
    return;
  }
  ::dup2(null_.get(), STDERR_FILENO);
  null_.reset();
  // Nobody left to read it is no concern of the server's.
  [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), &kReady, 1);
  pipe_.reset();
}

int run_in_background(const std::function<int(Readiness&)>& serve) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    std::fprintf(stderr, "omicsfs: pipe: %s\n", std::strerror(errno));
    return EXIT_FAILURE;
  }
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    std::fprintf(stderr, "omicsfs: fork: %s\n", std::strerror(errno));
    return EXIT_FAILURE;
  }
  if (child == 0) {
    run_child(std::move(write_end), serve);
  }
  write_end.reset();
  return wait_until_ready(read_end.get()) ? EXIT_SUCCESS
                                          : exit_status_of(child);
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

// A wall clock that jumps, for the program that this is preloaded into
// (LD_PRELOAD): it is as many seconds ahead of the machine's, or behind, as the
// file says that SHIFTED_CLOCK names, at any moment. The monotonic clocks, by
// which the kernel, too, waits, stay as they are: so it is when an
// administrator or a time server sets the clock.

namespace {

time_t shift() {
  const char* name = std::getenv("SHIFTED_CLOCK");
  const int file = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return 0;
  }
  char text[32] = {};
  const ssize_t got = ::read(file, text, sizeof text - 1);
  ::close(file);
  return got > 0 ? std::strtol(text, nullptr, 10) : 0;
}

bool is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const auto status =
      static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  if (status == 0 && is_wall(clock)) {
    out->tv_sec += shift();
  }
  return status;
}

int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  timespec now{};
  const int status = clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return status;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) {
    *out = now.tv_sec;
  }
  return now.tv_sec;
}
}

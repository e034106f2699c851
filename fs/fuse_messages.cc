// SPDX-License-Identifier: MIT
#include "fs/fuse_messages.h"

#include <fuse_log.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdio>

namespace omicsfs {
namespace {

// No one call of it is a point where a thread is cancelled. A message that is
// too long is cut, and one that cannot be written is lost.
void write_message(fuse_log_level /*level*/, const char* format,
                   std::va_list arguments) {
  int before = PTHREAD_CANCEL_ENABLE;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  std::array<char, 1024> text{};
  const int length =
      std::vsnprintf(text.data(), text.size(), format, arguments);
  if (length > 0) {
    const auto kept =
        std::min(static_cast<std::size_t>(length), text.size() - 1);
    static_cast<void>(::write(STDERR_FILENO, text.data(), kept) < 0);
  }
  ::pthread_setcancelstate(before, nullptr);
}

}  // namespace

void take_fuse_messages() { fuse_set_log_func(write_message); }

}  // namespace omicsfs

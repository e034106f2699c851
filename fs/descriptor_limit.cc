// SPDX-License-Identifier: MIT
#include "fs/descriptor_limit.h"

#include <sys/resource.h>

namespace omicsfs {
namespace {

constexpr std::uint64_t kUsualLimit = 1024;

}  // namespace

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return kUsualLimit;
  }
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur
                                                  : limit.rlim_cur;
}

}  // namespace omicsfs

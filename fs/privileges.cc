// SPDX-License-Identifier: MIT
#include "fs/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "fetch/local_io.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t bit(unsigned capability) {
  return std::uint64_t{1} << capability;
}

}  // namespace

std::uint64_t capabilities_for(const NeededPrivileges& needed) {
  return bit(CAP_DAC_READ_SEARCH) |
         (needed.passthrough ? bit(CAP_SYS_ADMIN) : 0) |
         (needed.foreign_directories ? bit(CAP_DAC_OVERRIDE) : 0);
}

Result<void> keep_capabilities(std::uint64_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return system_error("capget", errno);
  }
  for (std::size_t half = 0; half < sets.size(); ++half) {
    const auto mask = static_cast<std::uint32_t>(kept >> (32 * half));
    sets[half].effective &= mask;
    sets[half].permitted &= mask;
    sets[half].inheritable = 0;
  }
  // Those that would live on in a program that it executes.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return ::syscall(SYS_capset, &header, sets.data()) == 0
             ? Result<void>()
             : system_error("capset", errno);
}

}  // namespace omicsfs

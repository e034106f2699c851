// SPDX-License-Identifier: MIT
#include "fs/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "fs/forbidden_calls.h"

namespace omicsfs {
namespace {

// LANDLOCK_ACCESS_FS_TRUNCATE, as <linux/landlock.h> has it from 6.2 on.
constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14;

constexpr std::uint64_t kFirstRights =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

Error landlock_error() { return system_error("Landlock", errno); }

// The calls have no wrappers in the C library.
UniqueFd create_ruleset(std::uint64_t rights) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = rights;
  return UniqueFd(static_cast<int>(::syscall(
      SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
}

Result<void> allow_below(int ruleset, const std::filesystem::path& directory,
                         std::uint64_t rights) {
  const UniqueFd there(
      ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!there.valid()) {
    return {};
  }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = there.get();
  const long status = ::syscall(SYS_landlock_add_rule, ruleset,
                                LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  return status == 0 ? Result<void>() : landlock_error();
}

}  // namespace

std::uint64_t write_rights(int abi) {
  std::uint64_t rights = abi >= 1 ? kFirstRights : 0;
  // Version 1 forbids every move to another directory, asked or not.
  rights |= abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
  rights |= abi >= 3 ? kTruncate : 0;
  return rights;
}

Result<int> landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0,
                             LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? Result<int>(static_cast<int>(abi)) : landlock_error();
}

namespace {

Result<void> restrict_files(std::span<const std::filesystem::path> directories,
                            int abi) {
  const std::uint64_t rights = write_rights(abi);
  const UniqueFd ruleset = create_ruleset(rights);
  if (!ruleset.valid()) {
    return landlock_error();
  }
  for (const std::filesystem::path& directory : directories) {
    if (auto allowed = allow_below(ruleset.get(), directory, rights);
        !allowed) {
      return allowed;
    }
  }
  // Without it the kernel would let only root confine itself.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return landlock_error();
  }
  return {};
}

// The first failure, or both.
Result<void> both(const Result<void>& one, const Result<void>& other) {
  if (one || other) {
    return one ? other : one;
  }
  return Error{one.error().code,
               one.error().message + "; " + other.error().message};
}

}  // namespace

Result<void> confine_writes(std::span<const std::filesystem::path> directories,
                            const NeededPrivileges& needed) {
  const auto abi = landlock_abi();
  const auto files = abi ? restrict_files(directories, *abi) : abi.error();
  const auto privileges = keep_capabilities(capabilities_for(needed));
  // Last: it forbids what the others need.
  const auto calls = forbid_calls(abi && (write_rights(*abi) & kTruncate) != 0);
  return both(both(files, privileges), calls);
}

}  // namespace omicsfs

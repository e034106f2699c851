// SPDX-License-Identifier: MIT
#include "fs/confined_mount.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "fs/confinement.h"
#include "fs/kernel_backing.h"
#include "fs/kernel_readahead.h"
#include "fs/mount_table.h"

namespace omicsfs {
namespace {

// By the table alone: nobody answers yet, and a look at the path would wait.
Result<MountEntry> entry_at(const std::string& mount_point) {
  const auto table = read_mount_table();
  if (!table) {
    return table.error();
  }
  const auto entry = mount_at(*table, mount_point);
  return entry ? Result<MountEntry>(*entry)
               : Error{ErrorCode::kNotFound,
                       mount_point + " is not in the table of mounts"};
}

// Has the session unmounted by `unmounter`, at its end or when this process is
// killed: it must be so before this process may no longer do it.
Result<void> hand_over(FuseSession& session, const Result<MountEntry>& entry,
                       Result<Unmounter>& unmounter, const Log& log) {
  if (!unmounter) {
    return unmounter.error();
  }
  if (!entry) {
    return entry.error();
  }
  if (auto watched = unmounter->watch(entry->id); !watched) {
    return watched;
  }
  session.unmount_by([&process = *unmounter, id = entry->id, log] {
    if (const auto done = process.unmount(id); !done) {
      log.write(LogLevel::kWarning, done.error().message);
    }
  });
  return {};
}

std::string names_of(const std::vector<std::filesystem::path>& directories) {
  std::string names;
  for (const std::filesystem::path& directory : directories) {
    names += (names.empty() ? "" : ", ") + directory.string();
  }
  return names;
}

// Whether this user may write there only by a privilege of root's.
bool is_foreign(const std::filesystem::path& directory) {
  struct stat facts {};
  return ::stat(directory.c_str(), &facts) == 0 &&
         (facts.st_uid != ::geteuid() || (facts.st_mode & S_IWGRP) != 0);
}

NeededPrivileges privileges_for(const Confines& confines) {
  return {confines.passthrough && may_pass_through(),
          std::any_of(confines.writable.begin(), confines.writable.end(),
                      is_foreign)};
}

void confine(const Confines& confines, const Log& log) {
  const auto confined =
      confine_writes(confines.writable, privileges_for(confines));
  const std::string what =
      "files are changed below " + names_of(confines.writable) + " alone";
  if (confined) {
    log.write(LogLevel::kInfo, "confined: " + what);
  } else {
    log.write(LogLevel::kWarning,
              "not confined as it should be: " + confined.error().message);
  }
}

}  // namespace

Result<ConfinedMount> mount_confined(const FuseMountOptions& options,
                                     const Confines& confines,
                                     Result<Unmounter>& unmounter,
                                     const Log& log) {
  auto session = FuseSession::mount(options);
  if (!session) {
    return session.error();
  }
  const auto entry = entry_at(options.mount_point);
  ConfinedMount mount{
      *std::move(session),
      entry ? open_read_ahead(entry->device) : Result<UniqueFd>(entry.error())};
  const auto handed = hand_over(*mount.session, entry, unmounter, log);
  if (handed) {
    confine(confines, log);
  } else {
    log.write(LogLevel::kWarning, "not confined: " + handed.error().message);
  }
  return mount;
}

}  // namespace omicsfs

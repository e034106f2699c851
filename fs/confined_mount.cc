// SPDX-License-Identifier: MIT
#include "fs/confined_mount.h"

#include <string>
#include <utility>

#include "fs/confinement.h"
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

// Has the session unmounted by `unmounter`: it must be so before this process
// may no longer do it.
Result<void> hand_over(FuseSession& session, const Result<MountEntry>& entry,
                       Result<Unmounter>& unmounter, const Log& log) {
  if (!unmounter) {
    return unmounter.error();
  }
  if (!entry) {
    return entry.error();
  }
  session.unmount_by([&process = *unmounter, id = entry->id, log] {
    if (const auto done = process.unmount(id); !done) {
      log.write(LogLevel::kWarning, done.error().message);
    }
  });
  return {};
}

std::string names_of(std::span<const std::filesystem::path> directories) {
  std::string names;
  for (const std::filesystem::path& directory : directories) {
    names += (names.empty() ? "" : ", ") + directory.string();
  }
  return names;
}

}  // namespace

Result<Unmounter> begin_unmounter() {
  const auto offered = landlock_abi();
  return offered ? Unmounter::start() : offered.error();
}

Result<ConfinedMount> mount_confined(
    const FuseMountOptions& options,
    std::span<const std::filesystem::path> writable,
    Result<Unmounter>& unmounter, const Log& log) {
  auto session = FuseSession::mount(options);
  if (!session) {
    return session.error();
  }
  const auto entry = entry_at(options.mount_point);
  ConfinedMount mount{
      *std::move(session),
      entry ? open_read_ahead(entry->device) : Result<UniqueFd>(entry.error())};
  auto confined = hand_over(*mount.session, entry, unmounter, log);
  if (confined) {
    confined = confine_writes(writable);
  }
  log.write(LogLevel::kInfo, confined
                                 ? "confined: files are changed below " +
                                       names_of(writable) + " alone"
                                 : "not confined: " + confined.error().message);
  return mount;
}

}  // namespace omicsfs

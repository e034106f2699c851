// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "fs/command.h"
#include "fs/unmount.h"

namespace omicsfs {
namespace {

Result<void> find_and_unmount(const UmountOptions& options) {
  const auto mount = find_omicsfs_mount(options.mount_point);
  if (!mount) {
    return mount.error();
  }
  return unmount(*mount,
                 options.lazy ? UnmountKind::kLazy : UnmountKind::kWhole);
}

}  // namespace

int run_umount(const UmountOptions& options) {
  const auto done = find_and_unmount(options);
  if (!done) {
    fmt::print(stderr, "omicsfs umount: {}\n", done.error().message);
    return kExitFailed;
  }
  return kExitDone;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "fs/file_system.h"
#include "fs/kernel_backing.h"
#include "fs/read_queue.h"

struct fuse_lowlevel_ops;

namespace omicsfs {

// What the callbacks work on; outlives the session.
struct FuseContext {
  FileSystem& files;
  std::chrono::milliseconds read_deadline;  // of one read
  std::stop_token stop;                     // ends the reads that wait
  // Told of each call that failed for a reason worth a log line.
  std::function<void(const std::string& message)> on_failure;
  // Told once, when the kernel and we have agreed on the protocol.
  std::function<void()> on_ready;
  // Where files may be passed through; null where none is to be.
  KernelBacking* backing = nullptr;
  // Carries out the reads, and the opens that await a first block; the
  // session's, while it is served.
  ReadQueue* reads = nullptr;
};

// libfuse's low-level callbacks over a FuseContext, which the session's user
// data points to a pointer to: a thin translation, so that the file system can
// be tested without a mount. Everything that would write answers EROFS.
[[nodiscard]] const fuse_lowlevel_ops& fuse_operations();

}  // namespace omicsfs

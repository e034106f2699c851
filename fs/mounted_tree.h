// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/block_cache.h"
#include "fetch/counters.h"
#include "fetch/curl_transport.h"
#include "fetch/mirrors.h"
#include "fetch/range_fetch.h"
#include "fetch/resolving_transport.h"
#include "fs/file_system.h"
#include "fs/fuse_ops.h"
#include "fs/fuse_session.h"
#include "fs/kernel_backing.h"
#include "fs/log.h"
#include "fs/mount_source.h"
#include "fs/passthrough.h"
#include "fs/settings.h"

namespace omicsfs {

// Opens the current snapshot of each source. Errors: those of
// open_current_snapshot, with the source's name.
Result<std::vector<MountedSource>> open_sources(
    const Settings& settings, const std::vector<MountSource>& sources);

// Everything that serves one mount, built and taken down in order. No member
// knows where it stands in here but through what it is given.
class MountedTree {
 public:
  // What it is told from around it.
  struct Surroundings {
    ResolvingTransport::HeaderFor headers;  // as secret_headers() gives them
    std::stop_token stop;            // reads that wait end when it is requested
    std::function<void()> on_ready;  // the kernel and we talk
  };
  MountedTree(const Settings& settings, std::vector<MountedSource> sources,
              Log log, Surroundings around);
  ~MountedTree();
  MountedTree(const MountedTree&) = delete;
  MountedTree& operator=(const MountedTree&) = delete;

  // Serves the mount until it is unmounted or stopped. Once. `session` must
  // outlive the tree: to the end, files are registered with its kernel.
  Result<void> serve(FuseSession& session);
  // As BlockCache::why_uncached.
  [[nodiscard]] const std::string& why_uncached() const {
    return cache_.why_uncached();
  }

 private:
  [[nodiscard]] std::unique_ptr<KernelBacking> open_backing(
      const Settings& settings) const;

  Log log_;
  std::stop_token stop_;
  Counters counters_;
  Mirrors mirrors_;
  std::unique_ptr<CurlTransport> transport_;
  ResolvingTransport resolving_;
  RangeFetcher fetcher_;
  BlockCache cache_;
  std::unique_ptr<KernelBacking>
      backing_;  // null where all bytes go through us
  std::unique_ptr<Passthrough> passthrough_;
  FileSystem files_;
  FuseContext context_;
};

}  // namespace omicsfs

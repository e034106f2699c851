// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fs/fuse_ops.h"

struct fuse_session;

namespace omicsfs {

struct FuseMountOptions {
  std::string mount_point;
  std::string name;  // shown as the mount's source
  bool allow_other = false;
  std::vector<std::string> kernel_options;  // "nosuid", …
  unsigned threads = 64;                    // each may wait in one read
};

// One mount of a FuseContext: made, served, and taken down.
class FuseSession {
 public:
  // Mounts, always read-only, as type fuse.omicsfs. `context` must outlive the
  // session. Errors: kIo; libfuse has then said on stderr why.
  static Result<std::unique_ptr<FuseSession>> mount(
      FuseContext& context, const FuseMountOptions& options);
  // Unmounts (lazily, where something still uses the mount).
  ~FuseSession();
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  // Serves until somebody unmounts or stop() is called. Once.
  Result<void> serve();
  // Makes serve() return; waits until it has. From another thread. The reads
  // that wait must be stopped by the context's own token.
  void stop();

 private:
  struct Destroy {
    void operator()(fuse_session* session) const;
  };
  FuseSession(std::unique_ptr<fuse_session, Destroy> session, unsigned threads);

  std::unique_ptr<fuse_session, Destroy> session_;
  unsigned threads_;
  std::atomic<pthread_t> server_{};
  std::atomic<bool> serving_{false};
};

}  // namespace omicsfs

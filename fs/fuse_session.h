// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
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
  // Each answers one request at a time; none waits for a server.
  unsigned threads = 64;
};

// One mount: made, served with a FuseContext, and taken down.
class FuseSession {
 public:
  // Mounts, always read-only, as type fuse.omicsfs; whoever uses it waits until
  // it is served. Errors: kIo; libfuse has then said on stderr why.
  static Result<std::unique_ptr<FuseSession>> mount(
      const FuseMountOptions& options);
  // Unmounts (lazily, where something still uses the mount) what nobody has
  // unmounted yet.
  ~FuseSession();
  FuseSession(const FuseSession&) = delete;
  FuseSession& operator=(const FuseSession&) = delete;

  // For a process that may not unmount at its end: does it in its place.
  void unmount_by(std::function<void()> unmount) {
    unmount_ = std::move(unmount);
  }
  // Serves until somebody unmounts or stop() is called. Once. `context` must
  // last until then.
  Result<void> serve(FuseContext& context);
  // Makes the loop of serve() return; waits until it has. From another thread.
  void stop();

 private:
  struct Destroy {
    void operator()(fuse_session* session) const;
  };
  explicit FuseSession(const FuseMountOptions& options);

  // What libfuse hands to its callbacks is where the context is found.
  FuseContext* context_ = nullptr;
  std::unique_ptr<fuse_session, Destroy> session_;
  unsigned threads_;
  std::function<void()> unmount_;
  std::atomic<pthread_t> server_{};
  std::atomic<bool> serving_{false};
};

}  // namespace omicsfs

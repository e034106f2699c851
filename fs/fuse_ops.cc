// SPDX-License-Identifier: MIT
#include "fs/fuse_ops.h"

#include <cerrno>
#include <new>
#include <string>

#include "fs/errno_of.h"
#include "fs/fuse_calls.h"

namespace omicsfs {
namespace {

// The kernel sends nearly all reads in the background (its read-ahead), so many
// at a time: those that wait for a server, however many, must not keep the
// others from us. The protocol has 16 bits for it; of a user who is not root
// the kernel takes less, by its memory.
constexpr unsigned kMaxBackground = 65535;
// Beyond so many it sends what is read ahead no more: what programs wait for
// goes first.
constexpr unsigned kCongestion = 48;
// libfuse 3.14 derives the largest read from it (max_pages): 1 MiB is its
// limit.
constexpr unsigned kMaxTransfer = 1U << 20;

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
void ask_for_passthrough(FuseContext& context, fuse_conn_info& connection) {
  if (context.backing != nullptr) {
    // libfuse counts the backing file's stack, the kernel the mount as well.
    connection.max_backing_stack_depth = context.backing->max_stack_depth() - 1;
    context.backing->settle(
        fuse_set_feature_flag(&connection, FUSE_CAP_PASSTHROUGH));
  }
}
#else
// This libfuse does not know of it: FuseSession puts it into the reply.
void ask_for_passthrough(FuseContext& /*context*/,
                         fuse_conn_info& /*connection*/) {}
#endif

void on_init(void* userdata, fuse_conn_info* connection) {
  const auto want = [connection](unsigned capability) {
    connection->want |= connection->capable & capability;
  };
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kCongestion;
  connection->max_write = kMaxTransfer;
  // Always with attributes: the automatic choice makes `ls -l` of a cached
  // listing look every name up.
  want(FUSE_CAP_READDIRPLUS);
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_READDIRPLUS_AUTO);
  want(FUSE_CAP_ASYNC_READ);
  want(FUSE_CAP_PARALLEL_DIROPS);
  want(FUSE_CAP_CACHE_SYMLINKS);
  // Copying was faster than splicing in every measurement.
  connection->want &= ~static_cast<unsigned>(
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
  FuseContext& context = **static_cast<FuseContext**>(userdata);
  ask_for_passthrough(context, *connection);
  context.on_ready();
}

// Any callback that would change something, whatever its arguments.
template <typename... Arguments>
void read_only(fuse_req_t request, Arguments... /*arguments*/) {
  fuse_reply_err(request, EROFS);
}

// `Callback` for libfuse: C code that must see no exception. None is thrown
// after the reply, so that each request is answered once.
template <auto Callback, typename... Arguments>
void guarded(fuse_req_t request, fuse_ino_t inode, Arguments... arguments) {
  try {
    Callback(request, inode, arguments...);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(request, ENOMEM);
  } catch (const std::exception& failure) {
    reply_error(request, "request", inode, {ErrorCode::kIo, failure.what()});
  }
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops operations{};
  operations.init = on_init;
  operations.lookup = guarded<on_lookup>;
  operations.forget = on_forget;
  operations.forget_multi = on_forget_multi;
  operations.getattr = guarded<on_getattr>;
  operations.readlink = guarded<on_readlink>;
  operations.open = guarded<on_open>;
  operations.read = guarded<on_read>;
  operations.release = guarded<on_release>;
  operations.opendir = on_opendir;
  operations.readdir = guarded<on_readdir>;
  operations.readdirplus = guarded<on_readdirplus>;
  operations.statfs = guarded<on_statfs>;
  operations.getxattr = guarded<on_getxattr>;
  operations.listxattr = guarded<on_listxattr>;
  operations.access = guarded<on_access>;
  operations.setattr = read_only;
  operations.mknod = read_only;
  operations.mkdir = read_only;
  operations.unlink = read_only;
  operations.rmdir = read_only;
  operations.symlink = read_only;
  operations.rename = read_only;
  operations.link = read_only;
  operations.write = read_only;
  operations.create = read_only;
  operations.setxattr = read_only;
  operations.removexattr = read_only;
  operations.fallocate = read_only;
  return operations;
}

}  // namespace

FuseContext& context_of(fuse_req_t request) {
  return **static_cast<FuseContext**>(fuse_req_userdata(request));
}

void reply_error(fuse_req_t request, const char* operation, fuse_ino_t inode,
                 const Error& error) {
  const bool expected = error.code == ErrorCode::kNotFound ||
                        error.code == ErrorCode::kInterrupted;
  if (!expected) {
    const FuseContext& context = context_of(request);
    context.on_failure(std::string(operation) + " of " +
                       context.files.path_of(inode) + ": " + error.message);
  }
  fuse_reply_err(request, errno_of(error.code));
}

const fuse_lowlevel_ops& fuse_operations() {
  static const fuse_lowlevel_ops operations = make_operations();
  return operations;
}

}  // namespace omicsfs

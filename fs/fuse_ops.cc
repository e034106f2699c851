// SPDX-License-Identifier: MIT
#include "fs/fuse_ops.h"

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/errno_of.h"
#include "fs/passthrough_wire.h"

namespace omicsfs {
namespace {

// A snapshot never changes, so the kernel may keep names, absences and
// attributes for ever: 30 years, in seconds.
constexpr double kForever = 1e9;

// The kernel's own read-ahead sends its requests in the background; the default
// of 12 at once would hold 64 readers back.
constexpr unsigned kMaxBackground = 64;
constexpr unsigned kCongestion = 48;
// libfuse 3.14 derives the largest read from it (max_pages): 1 MiB is its
// limit.
constexpr unsigned kMaxTransfer = 1U << 20;

// The least that an entry takes in a readdirplus reply (fuse_direntplus: 128
// bytes of entry, 24 of dirent, a name padded to 8), and in a plain one.
constexpr std::size_t kLeastPlusEntry = 160;
constexpr std::size_t kLeastEntry = 32;

FuseContext& context_of(fuse_req_t request) {
  return *static_cast<FuseContext*>(fuse_req_userdata(request));
}

void reply_error(fuse_req_t request, const char* operation, fuse_ino_t inode,
                 const Error& error) {
  const bool expected = error.code == ErrorCode::kNotFound ||
                        error.code == ErrorCode::kInterrupted;
  if (!expected) {
    context_of(request).on_failure(std::string(operation) + " of inode " +
                                   std::to_string(inode) + ": " +
                                   error.message);
  }
  fuse_reply_err(request, errno_of(error.code));
}

// A request's wait ends when the kernel interrupts it or the mount ends.
class Interruptible {
 public:
  explicit Interruptible(fuse_req_t request)
      : request_(request),
        on_stop_(context_of(request).stop, [this] { stop_.request_stop(); }) {
    fuse_req_interrupt_func(request_, &Interruptible::on_interrupt, this);
  }
  // Must come before the reply, which frees the request; libfuse waits here for
  // a callback that runs.
  ~Interruptible() { fuse_req_interrupt_func(request_, nullptr, nullptr); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  static void on_interrupt(fuse_req_t /*request*/, void* self) {
    static_cast<Interruptible*>(self)->stop_.request_stop();
  }

  fuse_req_t request_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> on_stop_;
};

fuse_entry_param entry_of(const struct stat& facts) {
  fuse_entry_param entry{};
  entry.ino = facts.st_ino;
  entry.attr = facts;
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  return entry;
}

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
  FuseContext& context = *static_cast<FuseContext*>(userdata);
  ask_for_passthrough(context, *connection);
  context.on_ready();
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const auto found = context_of(request).files.lookup(parent, name);
  if (found) {
    const fuse_entry_param entry = entry_of(*found);
    fuse_reply_entry(request, &entry);
  } else if (found.error().code == ErrorCode::kNotFound) {
    fuse_entry_param absent{};
    absent.entry_timeout = kForever;
    fuse_reply_entry(request, &absent);
  } else {
    reply_error(request, "lookup", parent, found.error());
  }
}

void on_forget(fuse_req_t request, fuse_ino_t /*inode*/, uint64_t /*count*/) {
  fuse_reply_none(request);  // nothing is held for an inode
}

void on_forget_multi(fuse_req_t request, size_t /*count*/,
                     fuse_forget_data* /*forgets*/) {
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode,
                fuse_file_info* /*file*/) {
  const auto facts = context_of(request).files.attributes(inode);
  if (facts) {
    fuse_reply_attr(request, &*facts, kForever);
  } else {
    reply_error(request, "getattr", inode, facts.error());
  }
}

void on_readlink(fuse_req_t request, fuse_ino_t inode) {
  const auto target = context_of(request).files.link_target(inode);
  if (target) {
    fuse_reply_readlink(request, target->c_str());
  } else {
    reply_error(request, "readlink", inode, target.error());
  }
}

// Answers an open of a file that the kernel reads itself: it drops the pages
// that it has of it, which would only be a second copy.
int reply_passthrough(fuse_req_t request, fuse_file_info& file,
                      BackingId backing) {
  file.keep_cache = 0;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  file.backing_id = static_cast<int>(backing);
  return fuse_reply_open(request, &file);
#else
  const auto reply = passthrough_open_reply(file.fh, backing);
  return fuse_reply_buf(request, reinterpret_cast<const char*>(reply.data()),
                        reply.size());
#endif
}

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  if ((file->flags & O_ACCMODE) != O_RDONLY) {
    fuse_reply_err(request, EROFS);
    return;
  }
  FileSystem& files = context_of(request).files;
  const auto opened = files.open(inode);
  if (!opened) {
    reply_error(request, "open", inode, opened.error());
    return;
  }
  file->fh = opened->handle;
  file->keep_cache = opened->keep_pages ? 1 : 0;
  file->noflush = 1;
  const int status = opened->backing
                         ? reply_passthrough(request, *file, *opened->backing)
                         : fuse_reply_open(request, file);
  if (status != 0) {
    files.release(opened->handle);  // the opener is gone: no release follows
  }
}

// Room for one reply, kept by each of the session's threads for its next: fresh
// memory costs a page fault for each of its pages.
std::span<std::byte> reply_space(std::size_t size) {
  struct Space {
    std::size_t size = 0;
    std::unique_ptr<std::byte[]> bytes;
  };
  thread_local Space space;
  if (space.size < size) {
    space.bytes = std::make_unique_for_overwrite<std::byte[]>(size);
    space.size = size;
  }
  return {space.bytes.get(), size};
}

void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
             fuse_file_info* file) {
  const FuseContext& context = context_of(request);
  const std::span<std::byte> buffer = reply_space(size);
  const auto read = [&] {
    const Interruptible interruptible(request);
    return FileSystem::read(
        file->fh, static_cast<std::uint64_t>(offset), buffer,
        {std::chrono::steady_clock::now() + context.read_deadline,
         interruptible.token()});
  }();
  if (read) {
    fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.data()),
                   *read);
  } else {
    reply_error(request, "read", inode, read.error());
  }
}

void on_release(fuse_req_t request, fuse_ino_t /*inode*/,
                fuse_file_info* file) {
  context_of(request).files.release(file->fh);
  fuse_reply_err(request, 0);
}

void on_opendir(fuse_req_t request, fuse_ino_t /*inode*/,
                fuse_file_info* file) {
  file->cache_readdir = 1;
  file->keep_cache = 1;
  fuse_reply_open(request, file);
}

enum class Listing { kPlain, kPlus };

// Appends one entry; returns what it takes, which is more than is left where it
// did not fit.
std::size_t add_entry(fuse_req_t request, std::span<char> left, Listing listing,
                      const ListedEntry& entry) {
  const auto cookie = static_cast<off_t>(entry.cookie);
  if (listing == Listing::kPlain) {
    return fuse_add_direntry(request, left.data(), left.size(),
                             entry.name.c_str(), &entry.facts, cookie);
  }
  fuse_entry_param param = entry_of(entry.facts);
  if (entry.name == "." || entry.name == "..") {
    param.ino = 0;  // not looked up: the kernel knows them
  }
  return fuse_add_direntry_plus(request, left.data(), left.size(),
                                entry.name.c_str(), &param, cookie);
}

void reply_listing(fuse_req_t request, fuse_ino_t inode, std::size_t size,
                   off_t offset, Listing listing) {
  const std::size_t least =
      listing == Listing::kPlus ? kLeastPlusEntry : kLeastEntry;
  const auto entries = context_of(request).files.list(
      inode, static_cast<std::uint64_t>(offset), size / least + 1);
  if (!entries) {
    reply_error(request, "readdir", inode, entries.error());
    return;
  }
  std::vector<char> buffer(size);
  std::size_t used = 0;
  for (const ListedEntry& entry : *entries) {
    const std::size_t took =
        add_entry(request, std::span(buffer).subspan(used), listing, entry);
    if (took > size - used) {
      break;
    }
    used += took;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                fuse_file_info* /*file*/) {
  reply_listing(request, inode, size, offset, Listing::kPlain);
}

void on_readdirplus(fuse_req_t request, fuse_ino_t inode, size_t size,
                    off_t offset, fuse_file_info* /*file*/) {
  reply_listing(request, inode, size, offset, Listing::kPlus);
}

void on_statfs(fuse_req_t request, fuse_ino_t /*inode*/) {
  const struct statvfs space = context_of(request).files.space();
  fuse_reply_statfs(request, &space);
}

// The reply to a query for `size` bytes of an attribute or list (xattr(7)): its
// length where `size` is 0, ERANGE where it does not fit.
void reply_xattr(fuse_req_t request, const std::string& value,
                 std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (value.size() > size) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, value.data(), value.size());
  }
}

void on_getxattr(fuse_req_t request, fuse_ino_t inode, const char* name,
                 size_t size) {
  // No other kind exists here. Told that (and not only that this one file has
  // none), ls -l asks once and not for each file.
  if (!std::string_view(name).starts_with("user.")) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  const auto value = context_of(request).files.xattr(inode, name);
  if (value) {
    reply_xattr(request, *value, size);
  } else if (value.error().code == ErrorCode::kNotFound) {
    fuse_reply_err(request, ENODATA);
  } else {
    reply_error(request, "getxattr", inode, value.error());
  }
}

void on_listxattr(fuse_req_t request, fuse_ino_t inode, size_t size) {
  const auto names = context_of(request).files.xattr_names(inode);
  if (!names) {
    reply_error(request, "listxattr", inode, names.error());
    return;
  }
  std::string list;
  for (const std::string& name : *names) {
    list += name;
    list += '\0';
  }
  reply_xattr(request, list, size);
}

void on_access(fuse_req_t request, fuse_ino_t inode, int mask) {
  if ((mask & W_OK) != 0) {
    fuse_reply_err(request, EROFS);
    return;
  }
  const auto facts = context_of(request).files.attributes(inode);
  if (!facts) {
    reply_error(request, "access", inode, facts.error());
    return;
  }
  const bool runs_file = (mask & X_OK) != 0 && S_ISREG(facts->st_mode);
  fuse_reply_err(request, runs_file ? EACCES : 0);
}

// Any callback that would change something, whatever its arguments.
template <typename... Arguments>
void read_only(fuse_req_t request, Arguments... /*arguments*/) {
  fuse_reply_err(request, EROFS);
}

// `Callback` for libfuse: C code that must see no exception. None is thrown
// after the reply, so that each request is answered once.
template <auto Callback, typename... Arguments>
void guarded(fuse_req_t request, Arguments... arguments) {
  try {
    Callback(request, arguments...);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(request, ENOMEM);
  } catch (const std::exception& failure) {
    reply_error(request, "request", 0, {ErrorCode::kIo, failure.what()});
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

const fuse_lowlevel_ops& fuse_operations() {
  static const fuse_lowlevel_ops operations = make_operations();
  return operations;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <stop_token>
#include <utility>

#include "fs/fuse_calls.h"
#include "fs/passthrough_wire.h"

namespace omicsfs {
namespace {

// A request's wait ends when the kernel interrupts it or the mount ends.
class Interruptible {
 public:
  // `and_by` may end the wait as well.
  explicit Interruptible(fuse_req_t request, std::stop_token and_by = {})
      : request_(request),
        on_stop_(context_of(request).stop, [this] { stop_.request_stop(); }),
        on_other_(std::move(and_by), [this] { stop_.request_stop(); }) {
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
  std::stop_callback<std::function<void()>> on_other_;
};

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

void reply_open(fuse_req_t request, fuse_file_info& file,
                const FileSystem::Opened& opened) {
  FileSystem& files = context_of(request).files;
  file.fh = opened.handle;
  file.keep_cache = opened.keep_pages ? 1 : 0;
  file.noflush = 1;
  const int status = opened.backing
                         ? reply_passthrough(request, file, *opened.backing)
                         : fuse_reply_open(request, &file);
  if (status != 0) {
    files.release(opened.handle);  // the opener is gone: no release follows
  }
}

// Waits for the first block of an opened file, and answers its open.
void finish_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info file,
                 const FileSystem::Opened& opened, const ReadLimits& limits) {
  const auto begun = [&]() -> Result<void> {
    try {
      const Interruptible interruptible(request, limits.stop);
      return FileSystem::begin(opened.handle,
                               {limits.deadline, interruptible.token()});
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::kIo, "no memory is left"};
    }
  }();
  if (begun) {
    reply_open(request, file, opened);
    return;
  }
  context_of(request).files.release(opened.handle);
  reply_error(request, "open", inode, begun.error());
}

// Answers an open once the first block of its file is here, or cannot be had
// until the deadline. Other opens, lookups and reads must not wait for it: no
// thread of the session waits here.
void open_later(fuse_req_t request, fuse_ino_t inode,
                const fuse_file_info& file, const FileSystem::Opened& opened) {
  const FuseContext& context = context_of(request);
  const auto deadline =
      std::chrono::steady_clock::now() + context.read_deadline;
  context.openers->add([=](const std::stop_token& stop) {
    finish_open(request, inode, file, opened, {deadline, stop});
  });
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

}  // namespace

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  if ((file->flags & O_ACCMODE) != O_RDONLY) {
    fuse_reply_err(request, EROFS);
    return;
  }
  const auto opened = context_of(request).files.open(inode);
  if (!opened) {
    reply_error(request, "open", inode, opened.error());
  } else if (opened->awaits_first_block) {
    open_later(request, inode, *file, *opened);
  } else {
    reply_open(request, *file, *opened);
  }
}

void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
             fuse_file_info* file) {
  const FuseContext& context = context_of(request);
  if (FileSystem::refuses(file->fh,
                          {static_cast<std::uint64_t>(offset), size})) {
    fuse_reply_err(request, EAGAIN);
    return;
  }
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

}  // namespace omicsfs

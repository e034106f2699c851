// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "fs/errno_of.h"
#include "fs/fuse_calls.h"
#include "fs/open_handle.h"
#include "fs/passthrough_wire.h"
#include "fs/read_queue.h"

namespace omicsfs {
namespace {

FileSystem::Way way_of(const fuse_file_info& file) {
  return (file.flags & O_DIRECT) == 0 ? FileSystem::Way::kPageCache
                                      : FileSystem::Way::kDirect;
}

// The answer to a request that reads. The wait ends, too, when the kernel
// interrupts it.
class QueuedAnswer : public QueuedRead {
 protected:
  QueuedAnswer(fuse_req_t request, std::unique_ptr<Reading> reading,
               ByteRange range, TimePoint deadline)
      : QueuedRead(std::move(reading), range.length, deadline),
        request_(request),
        range_(range) {}

  [[nodiscard]] fuse_req_t request() const { return request_; }
  [[nodiscard]] const ByteRange& range() const { return range_; }
  virtual void answer(const Result<void>& outcome,
                      std::span<const std::byte> bytes) = 0;

 private:
  void on_wait() override {
    is_interruptible_ = true;
    fuse_req_interrupt_func(request_, &QueuedAnswer::on_interrupt, this);
  }
  static void on_interrupt(fuse_req_t /*request*/, void* self) {
    static_cast<QueuedAnswer*>(self)->interrupt();
  }
  void on_end(const Result<void>& outcome,
              std::span<const std::byte> bytes) override {
    if (is_interruptible_) {
      // Before the reply, which frees the request; libfuse waits here for a
      // callback that runs.
      fuse_req_interrupt_func(request_, nullptr, nullptr);
    }
    try {
      answer(outcome, bytes);
    } catch (const std::bad_alloc&) {
      fuse_reply_err(request_, ENOMEM);  // nothing throws after a reply
    }
  }

  fuse_req_t request_;
  const ByteRange range_;
  bool is_interruptible_ = false;
};

class FuseRead final : public QueuedAnswer {
 public:
  // No time is left where the first try of these bytes had it.
  FuseRead(fuse_req_t request, fuse_ino_t inode, const fuse_file_info& file,
           FileSystem::BegunRead begun)
      : QueuedAnswer(request, std::move(begun.reading), begun.range,
                     std::chrono::steady_clock::now() +
                         (begun.failed ? std::chrono::milliseconds{0}
                                       : context_of(request).read_deadline)),
        inode_(inode),
        handle_(file.fh),
        way_(way_of(file)),
        failed_(std::move(begun.failed)) {}

 private:
  void answer(const Result<void>& outcome,
              std::span<const std::byte> bytes) override {
    if (!outcome && failed_ && outcome.error().code == ErrorCode::kTimedOut) {
      // It is in the log.
      fuse_reply_err(request(), errno_of(of_listed_file(*failed_).code));
      return;
    }
    const auto told = FileSystem::end_read(handle_, range(), outcome, way_);
    if (told) {
      fuse_reply_buf(request(), reinterpret_cast<const char*>(bytes.data()),
                     bytes.size());
    } else {
      reply_error(request(), "read", inode_, told.error());
    }
  }

  const fuse_ino_t inode_;
  const OpenFiles::Handle handle_;
  const FileSystem::Way way_;
  const std::optional<Error> failed_;
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

void reply_open(fuse_req_t request, fuse_file_info& file, OpenHandle& handle) {
  const FileSystem::Opened& opened = handle.opened();
  file.fh = opened.handle;
  file.keep_cache = opened.keep_pages ? 1 : 0;
  file.noflush = 1;
  const int status = opened.backing
                         ? reply_passthrough(request, file, *opened.backing)
                         : fuse_reply_open(request, &file);
  if (status == 0) {
    handle.give_away();  // the kernel releases it
  }
}

// Answers an open once the first block of its file is here, or cannot be had
// until the deadline. Nothing else waits for it: no thread of the session does.
class FuseOpen final : public QueuedAnswer {
 public:
  FuseOpen(fuse_req_t request, fuse_ino_t inode, const fuse_file_info& file,
           OpenHandle handle)
      : FuseOpen(request, inode, file, std::move(handle),
                 FileSystem::begin_read(handle.opened().handle, {0, 1})) {}

 private:
  FuseOpen(fuse_req_t request, fuse_ino_t inode, const fuse_file_info& file,
           OpenHandle&& handle, FileSystem::BegunRead begun)
      : QueuedAnswer(request, std::move(begun.reading), begun.range,
                     std::chrono::steady_clock::now() +
                         context_of(request).read_deadline),
        inode_(inode),
        file_(file),
        handle_(std::move(handle)) {}

  void answer(const Result<void>& outcome,
              std::span<const std::byte> /*bytes*/) override {
    // Whatever comes of it, the file is closed unless the kernel has it.
    OpenHandle handle = std::move(handle_);
    const auto told = FileSystem::end_read(handle.opened().handle, range(),
                                           outcome, FileSystem::Way::kDirect);
    if (told) {
      reply_open(request(), file_, handle);
      return;
    }
    reply_error(request(), "open", inode_, told.error());
  }

  const fuse_ino_t inode_;
  fuse_file_info file_;
  OpenHandle handle_;
};

}  // namespace

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
  OpenHandle handle(files.open_files(), *opened);
  if (opened->awaits_first_block) {
    context_of(request).reads->start(
        std::make_shared<FuseOpen>(request, inode, *file, std::move(handle)));
  } else {
    reply_open(request, *file, handle);
  }
}

void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
             fuse_file_info* file) {
  const ByteRange range{static_cast<std::uint64_t>(offset), size};
  // The kernel tries no other read again.
  if (way_of(*file) == FileSystem::Way::kPageCache &&
      FileSystem::refuses(file->fh, range)) {
    fuse_reply_err(request, EAGAIN);
    return;
  }
  context_of(request).reads->start(std::make_shared<FuseRead>(
      request, inode, *file, FileSystem::begin_read(file->fh, range)));
}

void on_release(fuse_req_t request, fuse_ino_t /*inode*/,
                fuse_file_info* file) {
  context_of(request).files.release(file->fh);
  fuse_reply_err(request, 0);
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/fuse_session.h"

#define FUSE_USE_VERSION 312
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <stop_token>
#include <thread>
#include <utility>

#include "fetch/local_io.h"
#include "fs/fuse_messages.h"

namespace omicsfs {
namespace {

// Wakes libfuse's loop, which sleeps in sem_wait until a signal comes.
constexpr int kWakeSignal = SIGUSR1;

void on_wake(int /*signal*/) {}

void take_wake_signal() {
  struct sigaction action {};
  action.sa_handler = on_wake;  // no SA_RESTART: the sleep must end
  ::sigaction(kWakeSignal, &action, nullptr);
}

// An archive's name is not ours: a comma in it would begin another option.
std::string safe_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return c == ',' || c == '\\' || c == '\'' || c == '"' || c == ' ';
      },
      '_');
  return name;
}

std::string mount_words(const FuseMountOptions& options) {
  std::string words = "ro,subtype=omicsfs,fsname=" + safe_name(options.name);
  if (options.allow_other) {
    words += ",allow_other";
  }
  for (const std::string& word : options.kernel_options) {
    words += "," + word;
  }
  return words;
}

#if FUSE_VERSION < FUSE_MAKE_VERSION(3, 17)
// Null where the kernel is not to read files past us.
KernelBacking* backing_of(void* context) {
  return (*static_cast<FuseContext**>(context))->backing;
}

// A connection that goes is ENODEV to who waits for a request, which libfuse
// takes for an end, and ECONNABORTED to who has just taken one (fs/fuse/dev.c,
// fuse_dev_do_read): of that libfuse tells by perror(), from a thread that may
// be cancelled there and then leaves stderr locked for ever.
ssize_t watched_read(int fd, void* buffer, size_t size, void* context) {
  const ssize_t got = ::read(fd, buffer, size);
  if (got < 0 && errno == ECONNABORTED) {
    errno = ENODEV;
  }
  KernelBacking* const backing = backing_of(context);
  if (got > 0 && backing != nullptr) {
    backing->on_request(
        {static_cast<const std::byte*>(buffer), static_cast<size_t>(got)});
  }
  return got;
}

ssize_t watched_writev(int fd, iovec* parts, int count, void* context) {
  KernelBacking* const backing = backing_of(context);
  if (count != 2 || backing == nullptr || !backing->awaits_init_reply()) {
    return ::writev(fd, parts, count);
  }
  fuse_out_header header{};
  std::memcpy(&header, parts[0].iov_base, sizeof header);
  auto body = backing->instead_of(
      header.unique,
      {static_cast<const std::byte*>(parts[1].iov_base), parts[1].iov_len});
  if (body.empty()) {
    return ::writev(fd, parts, count);
  }
  const std::array<iovec, 2> changed = {parts[0], {body.data(), body.size()}};
  return ::writev(fd, changed.data(), static_cast<int>(changed.size()));
}

// Has libfuse read and write as it would itself, but for the exchange that
// begins the mount, as this libfuse cannot ask for passthrough there, and for
// the connection's end.
Result<void> watch_connection(fuse_session* session) {
  const fuse_custom_io io{watched_writev, watched_read, nullptr, nullptr};
  const int status =
      fuse_session_custom_io(session, &io, fuse_session_fd(session));
  return status == 0 ? Result<void>() : system_error("FUSE", -status);
}
#else
Result<void> watch_connection(fuse_session* /*session*/) { return {}; }
#endif

// Null where libfuse refuses a word.
fuse_session* new_session(const FuseMountOptions& options,
                          FuseContext*& context) {
  const std::string words = mount_words(options);
  fuse_args args = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&args, "omicsfs");
  fuse_opt_add_arg(&args, "-o");
  fuse_opt_add_arg(&args, words.c_str());
  fuse_session* const session = fuse_session_new(
      &args, &fuse_operations(), sizeof(fuse_lowlevel_ops), &context);
  fuse_opt_free_args(&args);
  return session;
}

// Whether the kernel still has the mount.
bool is_connected(int device) {
  pollfd connection{device, 0, 0};
  return ::poll(&connection, 1, 0) == 0;
}

// In place of the connection, a pipe that nobody reads from: libfuse takes it
// for one that is gone, and does not unmount.
void disconnect(int device) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) == 0) {
    ::close(ends[0]);
    ::dup3(ends[1], device, O_CLOEXEC);
    ::close(ends[1]);
  }
}

}  // namespace

void FuseSession::Destroy::operator()(fuse_session* session) const {
  fuse_session_unmount(session);
  fuse_session_destroy(session);
}

FuseSession::FuseSession(const FuseMountOptions& options)
    : session_(new_session(options, context_)), threads_(options.threads) {}

FuseSession::~FuseSession() {
  if (unmount_ && is_connected(fuse_session_fd(session_.get()))) {
    unmount_();
    disconnect(fuse_session_fd(session_.get()));
  }
}

Result<std::unique_ptr<FuseSession>> FuseSession::mount(
    const FuseMountOptions& options) {
  take_fuse_messages();
  std::unique_ptr<FuseSession> made(new FuseSession(options));
  if (made->session_ == nullptr ||
      fuse_session_mount(made->session_.get(), options.mount_point.c_str()) !=
          0) {
    return Error{ErrorCode::kIo, "cannot mount at " + options.mount_point};
  }
  return made;
}

Result<void> FuseSession::serve(FuseContext& context) {
  context_ = &context;
  // Ends with the loop: a request is answered while its session is there.
  ReadQueue reads;
  context.reads = &reads;
  const std::stop_callback end_reads(context.stop,
                                     [&reads] { reads.interrupt_all(); });
  if (context.backing != nullptr) {
    context.backing->connect(fuse_session_fd(session_.get()));
  }
  if (auto watched = watch_connection(session_.get()); !watched) {
    return watched;
  }
  take_wake_signal();
  server_.store(::pthread_self());
  serving_.store(true);
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, threads_);
  // A thread that was needed once stays: a burst of requests would otherwise
  // make and end threads all the time.
  fuse_loop_cfg_set_idle_threads(config, threads_);
  const int status = fuse_session_loop_mt(session_.get(), config);
  fuse_loop_cfg_destroy(config);
  serving_.store(false);
  // A libfuse that was not given our way to read.
  if (status < 0 && status != -ECONNABORTED) {
    return Error{ErrorCode::kIo, std::string("the FUSE connection failed: ") +
                                     std::strerror(-status)};
  }
  return {};
}

void FuseSession::stop() {
  constexpr std::chrono::milliseconds kBetweenWakes{20};
  fuse_session_exit(session_.get());
  // A signal that comes before the loop sleeps is lost, hence more than one.
  while (serving_.load()) {
    ::pthread_kill(server_.load(), kWakeSignal);
    std::this_thread::sleep_for(kBetweenWakes);
  }
}

}  // namespace omicsfs

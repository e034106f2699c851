// SPDX-License-Identifier: MIT
#include "fs/unmounter.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "fetch/local_io.h"
#include "fs/mount_table.h"
#include "fs/unmount.h"

namespace omicsfs {
namespace {

// An answer: this, or the text of an error.
constexpr char kDone = '\0';
constexpr std::size_t kMaxAnswer = 4096;
// Longer than unmount() waits.
constexpr timeval kAnswerWait{15, 0};

enum UnmounterTask : int {
  kUnmount,   // now
  kWatch,     // when its asker is gone
  kFarewell,  // its asker ends well: nothing is watched any more
};
struct Asked {
  int what = kUnmount;
  int mount_id = 0;
};

Result<MountEntry> mount_of(int mount_id) {
  const auto table = read_mount_table();
  if (!table) {
    return table.error();
  }
  const auto mount = std::find_if(
      table->begin(), table->end(),
      [mount_id](const MountEntry& entry) { return entry.id == mount_id; });
  if (mount == table->end()) {
    return Error{ErrorCode::kNotFound, "it is not mounted"};
  }
  const auto top = mount_at(*table, mount->mount_point);
  if (mount->type != kFileSystemType || !top || top->id != mount_id) {
    return Error{ErrorCode::kInvalid,
                 mount->mount_point + " has another mount; left alone"};
  }
  return *mount;
}

Result<void> detach(int mount_id) {
  const auto mount = mount_of(mount_id);
  if (mount) {
    return unmount(*mount, UnmountKind::kLazy);
  }
  const bool gone = mount.error().code == ErrorCode::kNotFound;
  return gone ? Result<void>() : mount.error();
}

// Whether the process that served the mount at `path` has ended. statfs(2) asks
// it each time; what stat(2) says may be remembered.
bool has_lost_its_server(const std::string& path) {
  struct statfs facts {};
  return ::statfs(path.c_str(), &facts) != 0 &&
         (errno == ENOTCONN || errno == ECONNABORTED);
}

// The kernel gives the id and the device of a mount that is gone to another
// one, perhaps at the same place; but that one is served.
Result<void> detach_if_same(const MountEntry& watched) {
  const auto mount = mount_of(watched.id);
  const bool same = mount && mount->mount_point == watched.mount_point &&
                    mount->device == watched.device &&
                    has_lost_its_server(watched.mount_point);
  return same ? unmount(*mount, UnmountKind::kLazy) : Result<void>();
}

ssize_t receive(int socket, void* out, std::size_t size) {
  ssize_t got = 0;
  do {
    got = ::recv(socket, out, size, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

// Keeps nothing of where it was started in use, and outlives the signals that
// end its starter.
void leave_surroundings(int requests) {
  ::prctl(PR_SET_NAME, "omicsfs-umount");
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(number, SIG_IGN);
  }
  // That it runs where it was is not worth a failure.
  static_cast<void>(::chdir("/"));
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(null, standard);
  }
  const auto kept = static_cast<unsigned>(requests);
  if (kept > 3) {
    ::close_range(3, kept - 1, 0);
  }
  ::close_range(kept + 1, ~0U, 0);
}

class UnmounterServer {
 public:
  Result<void> answer(const Asked& asked) {
    if (asked.what == kUnmount) {
      return detach(asked.mount_id);
    }
    watched_.reset();
    if (asked.what == kFarewell) {
      return {};
    }
    auto mount = mount_of(asked.mount_id);
    if (!mount) {
      return mount.error();
    }
    watched_ = *std::move(mount);
    return {};
  }
  void asker_is_gone() {
    if (watched_) {
      // Nobody is left to hear of a failure.
      static_cast<void>(detach_if_same(*watched_));
    }
  }

 private:
  std::optional<MountEntry> watched_;
};

[[noreturn]] void serve(int requests) {
  leave_surroundings(requests);
  UnmounterServer server;
  Asked asked;
  while (receive(requests, &asked, sizeof asked) == sizeof asked) {
    const auto done = server.answer(asked);
    const std::string answer = done
                                   ? std::string(1, kDone)
                                   : done.error().message.substr(0, kMaxAnswer);
    ::send(requests, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
  server.asker_is_gone();
  ::_exit(0);
}

}  // namespace

Unmounter::Unmounter(UniqueFd requests, pid_t process)
    : requests_(std::move(requests)), process_(process) {}

Unmounter::Unmounter(Unmounter&& other) noexcept
    : requests_(std::move(other.requests_)),
      process_(std::exchange(other.process_, -1)) {}

Result<Unmounter> Unmounter::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) !=
      0) {
    return system_error("cannot begin the process that unmounts", errno);
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerWait,
               sizeof kAnswerWait);
  // Not one of the first three, which it gives away.
  const UniqueFd requests(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 3));
  const pid_t process = requests.valid() ? ::fork() : -1;
  if (process < 0) {
    return system_error("cannot begin the process that unmounts", errno);
  }
  if (process == 0) {
    serve(requests.get());
  }
  return Unmounter(std::move(ours), process);
}

Unmounter::~Unmounter() {
  if (requests_.valid() && process_ > 0) {
    // One that does not answer watches nothing either.
    static_cast<void>(ask(kFarewell, 0));
  }
  requests_.reset();
  if (process_ > 0) {
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

Result<void> Unmounter::unmount(int mount_id) {
  return ask(kUnmount, mount_id);
}

Result<void> Unmounter::watch(int mount_id) { return ask(kWatch, mount_id); }

Result<void> Unmounter::ask(int what, int mount_id) {
  const Asked asked{what, mount_id};
  std::array<char, kMaxAnswer> answer{};
  const ssize_t sent =
      ::send(requests_.get(), &asked, sizeof asked, MSG_NOSIGNAL);
  const ssize_t got =
      sent < 0 ? sent : receive(requests_.get(), answer.data(), answer.size());
  if (got <= 0) {
    // It hangs, perhaps: nobody waits for its end then.
    process_ = got < 0 && errno == EAGAIN ? -1 : process_;
    return got < 0
               ? system_error("the process that unmounts", errno)
               : Error{ErrorCode::kIo, "the process that unmounts has ended"};
  }
  if (answer[0] == kDone) {
    return {};
  }
  return Error{ErrorCode::kIo,
               std::string(answer.data(), static_cast<std::size_t>(got))};
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/forbidden_calls.h"

#include <linux/fs.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "fetch/local_io.h"

namespace omicsfs {
namespace {

// Calls that are newer than Debian 12's headers; their numbers are the same on
// every architecture.
constexpr int kFchmodat2 = 452;
constexpr int kSetxattrat = 463;
constexpr int kRemovexattrat = 466;
constexpr int kOpenTreeAttr = 467;
constexpr int kFileSetattr = 469;

constexpr int kOfFiles[] = {
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(utime),
    SCMP_SYS(utimes),
    SCMP_SYS(futimesat),
    SCMP_SYS(utimensat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(removexattr),
    SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr),
    kFchmodat2,
    kSetxattrat,
    kRemovexattrat,
    kFileSetattr,
    SCMP_SYS(quotactl),
    SCMP_SYS(open_by_handle_at),
};

constexpr int kOfMounts[] = {
    SCMP_SYS(mount),     SCMP_SYS(umount2),       SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),    SCMP_SYS(fsopen),        SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),   SCMP_SYS(fspick),        SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(mount_setattr), kOpenTreeAttr,
    SCMP_SYS(unshare),   SCMP_SYS(setns),         SCMP_SYS(swapon),
    SCMP_SYS(swapoff),   SCMP_SYS(fanotify_init), SCMP_SYS(acct),
};

constexpr int kOfTheMachine[] = {
    SCMP_SYS(reboot),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
};

constexpr int kOfProcesses[] = {
    SCMP_SYS(execve),           SCMP_SYS(execveat),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),  SCMP_SYS(pidfd_getfd),
    SCMP_SYS(userfaultfd),      SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),   SCMP_SYS(io_uring_register),
// The check for leaks that ends such a program stops its threads by it.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    SCMP_SYS(ptrace),
#endif
};

// Requests that change a file, or a terminal's input, through a descriptor that
// only reads.
constexpr unsigned long kRequests[] = {
    FS_IOC_SETFLAGS,
    FS_IOC32_SETFLAGS,
    FS_IOC_FSSETXATTR,
    FS_IOC_SETVERSION,
    FIFREEZE,
    FITHAW,
    FITRIM,
    TIOCSTI,
};

constexpr int kFamilies = 64;  // more than AF_MAX

// Only the low half of an int argument counts, so only that is compared.
constexpr scmp_datum_t kInt = 0xFFFFFFFF;
constexpr scmp_datum_t kSocketType = 0xF;  // the rest are flags

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW)) {
    status_ = context_ == nullptr ? -ENOMEM : 0;
  }

  template <typename... Comparisons>
  void forbid(int call, Comparisons... comparisons) {
    if (status_ == 0) {
      status_ = seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(EPERM), call,
                                 sizeof...(comparisons), comparisons...);
    }
  }
  template <typename Calls>
  void forbid_all(const Calls& calls) {
    for (const int call : calls) {
      forbid(call);
    }
  }
  [[nodiscard]] Result<void> load() {
    if (status_ == 0) {
      status_ = seccomp_load(context_.get());
    }
    return status_ == 0 ? Result<void>() : system_error("seccomp", -status_);
  }

 private:
  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };
  std::unique_ptr<void, Release> context_;
  int status_ = 0;
};

void forbid_local_sockets(Filter& filter) {
  for (int family = 0; family < kFamilies; ++family) {
    if (family != AF_INET && family != AF_INET6 && family != AF_NETLINK) {
      filter.forbid(
          SCMP_SYS(socket),
          SCMP_A0(SCMP_CMP_MASKED_EQ, kInt, static_cast<scmp_datum_t>(family)));
    }
  }
  // One of a pair of datagram sockets could be connected elsewhere.
  filter.forbid(SCMP_SYS(socketpair),
                SCMP_A1(SCMP_CMP_MASKED_EQ, kSocketType, SOCK_DGRAM));
  // And a local socket that is open already has a longer address than IP's.
  filter.forbid(SCMP_SYS(connect), SCMP_A2(SCMP_CMP_GT, sizeof(sockaddr_in6)));
  filter.forbid(SCMP_SYS(sendto), SCMP_A5(SCMP_CMP_GT, sizeof(sockaddr_in6)));
}

}  // namespace

Result<void> forbid_calls(bool guards_cuts) {
  Filter filter;
  filter.forbid_all(kOfFiles);
  filter.forbid_all(kOfMounts);
  filter.forbid_all(kOfTheMachine);
  filter.forbid_all(kOfProcesses);
  if (!guards_cuts) {
    filter.forbid(SCMP_SYS(truncate));
  }
  for (const unsigned long request : kRequests) {
    filter.forbid(SCMP_SYS(ioctl),
                  SCMP_A1(SCMP_CMP_MASKED_EQ, kInt, request & kInt));
  }
  forbid_local_sockets(filter);
  return filter.load();
}

}  // namespace omicsfs

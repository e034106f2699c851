// SPDX-License-Identifier: MIT
#include "fs/kernel_backing.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "fetch/local_io.h"
#include "fs/passthrough_wire.h"

namespace omicsfs {
namespace {

// struct fuse_backing_map and its two calls, as <linux/fuse.h> has them from
// 6.9 on.
struct BackingMap {
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
constexpr unsigned kFuseDevice = 229;
constexpr unsigned long kBackingOpen = _IOW(kFuseDevice, 1, BackingMap);
constexpr unsigned long kBackingClose = _IOW(kFuseDevice, 2, std::uint32_t);

// Whether a refusal with this errno holds for every file of this mount.
bool is_final(int errno_value) {
  return errno_value == EPERM || errno_value == ENOTTY ||
         errno_value == EOPNOTSUPP || errno_value == EINVAL ||
         errno_value == ELOOP;
}

}  // namespace

std::uint32_t stack_depth_below(const std::filesystem::path& dir) {
  struct statfs facts {};
  const bool stacked = ::statfs(dir.c_str(), &facts) == 0 &&
                       (facts.f_type == OVERLAYFS_SUPER_MAGIC ||
                        facts.f_type == ECRYPTFS_SUPER_MAGIC);
  return stacked ? 2 : 1;
}

Result<void> may_pass_through() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return system_error("capget", errno);
  }
  if ((sets[0].effective & (1U << CAP_SYS_ADMIN)) == 0) {
    return Error{ErrorCode::kIo, "CAP_SYS_ADMIN is missing"};
  }
  return {};
}

void KernelBacking::look_for_init(std::span<const std::byte> request) {
  const auto init = parse_init_request(request);
  if (!init) {
    return;
  }
  if (!init->offers_passthrough) {
    settle(false);
    return;
  }
  init_unique_ = init->unique;
  stage_.store(Stage::kInitAsked, std::memory_order_release);
}

std::vector<std::byte> KernelBacking::instead_of(
    std::uint64_t unique, std::span<const std::byte> body) {
  if (unique != init_unique_) {
    return {};
  }
  auto changed = asking_for_passthrough(body, max_stack_depth_);
  settle(!changed.empty());
  return changed;
}

void KernelBacking::settle(bool offered) {
  if (offered) {
    stage_.store(Stage::kReady, std::memory_order_release);
  } else {
    refuse("the kernel does not offer it (Linux 6.9 does)");
  }
}

void KernelBacking::refuse(const std::string& why) {
  if (stage_.exchange(Stage::kRefused) != Stage::kRefused) {
    on_refused_(why);
  }
}

std::optional<BackingId> KernelBacking::add(int fd) {
  if (stage_.load(std::memory_order_acquire) != Stage::kReady) {
    return std::nullopt;
  }
  const BackingMap map{fd, 0, 0};
  const int id = ::ioctl(device_, kBackingOpen, &map);
  if (id > 0) {
    return static_cast<BackingId>(id);
  }
  if (is_final(errno)) {
    refuse(std::string("the kernel refuses a file: ") + std::strerror(errno));
  }
  return std::nullopt;
}

void KernelBacking::remove(BackingId id) {
  // Fails only where the connection is gone, and all its files with it.
  static_cast<void>(::ioctl(device_, kBackingClose, &id));
}

}  // namespace omicsfs

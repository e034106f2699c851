// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fs/backing_files.h"

namespace omicsfs {

// How deep a stack of file systems (overlayfs and the like) a file below `dir`
// lies in, plus one: what the kernel must be asked for. Each level is taken
// from what may be stacked on the mount itself.
[[nodiscard]] std::uint32_t stack_depth_below(const std::filesystem::path& dir);

// Whether this process may register files: CAP_SYS_ADMIN. Errors: kIo.
[[nodiscard]] Result<void> may_pass_through();

// The kernel's side of passthrough for one mount: what is said about it when
// the mount begins, and the files that are registered. Where the kernel does
// not offer it or refuses it, every add() gives none, and `on_refused` is told
// why, once. Thread-safe.
class KernelBacking final : public BackingFiles {
 public:
  using OnRefused = std::function<void(const std::string& why)>;

  KernelBacking(std::uint32_t max_stack_depth, OnRefused on_refused)
      : max_stack_depth_(max_stack_depth), on_refused_(std::move(on_refused)) {}

  // `device` is the mount's connection. Before anything else; must outlive the
  // calls below.
  void connect(int device) { device_ = device; }

  [[nodiscard]] std::uint32_t max_stack_depth() const {
    return max_stack_depth_;
  }
  // The kernel offers passthrough, or not.
  void settle(bool offered);

  // Sees each message from the kernel; costs one load once INIT has come.
  void on_request(std::span<const std::byte> request) {
    if (stage_.load(std::memory_order_acquire) == Stage::kBeforeInit) {
      look_for_init(request);
    }
  }
  // The body to send in place of `body` in the reply to `unique`; empty where
  // that goes as it is, as all do but the one to INIT.
  [[nodiscard]] std::vector<std::byte> instead_of(
      std::uint64_t unique, std::span<const std::byte> body);
  [[nodiscard]] bool awaits_init_reply() const {
    return stage_.load(std::memory_order_acquire) == Stage::kInitAsked;
  }

  std::optional<BackingId> add(int fd) override;
  void remove(BackingId id) override;

 private:
  enum class Stage { kBeforeInit, kInitAsked, kReady, kRefused };
  void look_for_init(std::span<const std::byte> request);
  void refuse(const std::string& why);

  const std::uint32_t max_stack_depth_;
  const OnRefused on_refused_;
  int device_ = -1;
  std::uint64_t init_unique_ = 0;  // set before kInitAsked
  std::atomic<Stage> stage_{Stage::kBeforeInit};
};

}  // namespace omicsfs

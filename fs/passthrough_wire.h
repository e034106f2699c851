// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fs/open_mode.h"

// The bytes of the FUSE protocol (7.40, Linux 6.9) that passthrough needs and
// that libfuse knows from 3.17 on: what <linux/fuse.h> of then calls
// FUSE_PASSTHROUGH, fuse_init_out::max_stack_depth, FOPEN_PASSTHROUGH and
// fuse_open_out::backing_id. Pure.

namespace omicsfs {

// The kernel's first request, which says what it can do.
struct InitRequest {
  std::uint64_t unique = 0;  // names the request in its reply
  bool offers_passthrough = false;
};

// None where `request`, a whole message of the kernel, is another request.
[[nodiscard]] std::optional<InitRequest> parse_init_request(
    std::span<const std::byte> request);

// The body of a reply to INIT (fuse_init_out), changed to ask for passthrough
// from files on file systems that are stacked less than `max_stack_depth` deep;
// all else as it was. Empty where `body` is too short to say so.
[[nodiscard]] std::vector<std::byte> asking_for_passthrough(
    std::span<const std::byte> body, std::uint32_t max_stack_depth);

// The body of a reply to OPEN that has the kernel read `backing` in our place.
inline constexpr std::size_t kOpenReplyBytes = 16;
[[nodiscard]] std::array<std::byte, kOpenReplyBytes> passthrough_open_reply(
    std::uint64_t handle, BackingId backing);

}  // namespace omicsfs

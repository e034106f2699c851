// SPDX-License-Identifier: MIT
#include "fs/passthrough_wire.h"

#include <linux/fuse.h>

#include <cstring>

namespace omicsfs {
namespace {

constexpr std::uint32_t kInitExt = 1U << 30;             // FUSE_INIT_EXT
constexpr std::uint32_t kPassthrough = 1U << (37 - 32);  // of flags2
constexpr std::uint32_t kOpenPassthrough = 1U << 7;      // FOPEN_PASSTHROUGH

// From protocol 7.36 on; older kernels send less.
struct InitIn {
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t max_readahead;
  std::uint32_t flags;
  std::uint32_t flags2;
};
static_assert(offsetof(InitIn, flags2) == offsetof(fuse_init_in, flags2));

// As far as passthrough goes.
struct InitOut {
  std::array<std::uint32_t, 3> version_and_readahead;
  std::uint32_t flags;
  std::array<std::uint32_t, 4> limits;
  std::uint32_t flags2;
  std::uint32_t max_stack_depth;
};
static_assert(offsetof(InitOut, flags) == offsetof(fuse_init_out, flags));
static_assert(offsetof(InitOut, flags2) == offsetof(fuse_init_out, flags2));
static_assert(sizeof(InitOut) <= sizeof(fuse_init_out));

struct OpenOut {
  std::uint64_t handle;
  std::uint32_t flags;
  std::uint32_t backing;
};
static_assert(sizeof(OpenOut) == sizeof(fuse_open_out));
static_assert(sizeof(OpenOut) == kOpenReplyBytes);

template <typename T>
std::optional<T> taken_from(std::span<const std::byte> bytes) {
  T value;
  if (bytes.size() < sizeof value) {
    return std::nullopt;
  }
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

std::optional<InitRequest> parse_init_request(
    std::span<const std::byte> request) {
  const auto header = taken_from<fuse_in_header>(request);
  if (!header || header->opcode != FUSE_INIT) {
    return std::nullopt;
  }
  const auto body = taken_from<InitIn>(request.subspan(sizeof *header));
  return InitRequest{header->unique, body && (body->flags & kInitExt) != 0 &&
                                         (body->flags2 & kPassthrough) != 0};
}

std::vector<std::byte> asking_for_passthrough(std::span<const std::byte> body,
                                              std::uint32_t max_stack_depth) {
  auto reply = taken_from<InitOut>(body);
  if (!reply) {
    return {};
  }
  reply->flags |= kInitExt;
  reply->flags2 |= kPassthrough;
  reply->max_stack_depth = max_stack_depth;
  std::vector<std::byte> bytes(body.begin(), body.end());
  std::memcpy(bytes.data(), &*reply, sizeof *reply);
  return bytes;
}

std::array<std::byte, kOpenReplyBytes> passthrough_open_reply(
    std::uint64_t handle, BackingId backing) {
  const OpenOut reply{handle, kOpenPassthrough | FOPEN_NOFLUSH, backing};
  std::array<std::byte, kOpenReplyBytes> bytes;
  std::memcpy(bytes.data(), &reply, sizeof reply);
  return bytes;
}

}  // namespace omicsfs

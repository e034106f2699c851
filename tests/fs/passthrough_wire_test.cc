// SPDX-License-Identifier: MIT
#include "fs/passthrough_wire.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fuse.h>

#include <cstring>

#include "catalog/unique_fd.h"
#include "fs/kernel_backing.h"

namespace omicsfs {
namespace {

constexpr std::uint32_t kInitExt = 1U << 30;
constexpr std::uint32_t kPassthrough2 = 1U << 5;  // bit 37, in flags2

template <typename... Parts>
std::vector<std::byte> bytes_of(const Parts&... parts) {
  std::vector<std::byte> bytes;
  const auto append = [&bytes](const auto& part) {
    const auto raw = std::as_bytes(std::span(&part, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  };
  (append(parts), ...);
  return bytes;
}

std::vector<std::byte> request(std::uint32_t opcode, std::uint32_t flags,
                               std::uint32_t flags2) {
  fuse_in_header header{};
  header.opcode = opcode;
  header.unique = 77;
  fuse_init_in body{};
  body.major = 7;
  body.minor = 40;
  body.flags = flags;
  body.flags2 = flags2;
  return bytes_of(header, body);
}

TEST(InitRequest, SaysWhetherPassthroughIsOffered) {
  struct Case {
    std::uint32_t flags, flags2;
    bool offers;
  };
  for (const auto& [flags, flags2, offers] :
       {Case{0, 0, false}, Case{kInitExt, 0, false},
        Case{0, kPassthrough2, false},  // flags2 counts only with the flag
        Case{kInitExt, kPassthrough2, true}, Case{~0U, ~0U, true},
        Case{~0U, ~kPassthrough2, false}}) {
    const auto parsed = parse_init_request(request(FUSE_INIT, flags, flags2));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->unique, 77U);
    EXPECT_EQ(parsed->offers_passthrough, offers);
  }
}

TEST(InitRequest, IsNoOther) {
  EXPECT_FALSE(parse_init_request(request(FUSE_LOOKUP, ~0U, ~0U)));
  EXPECT_FALSE(parse_init_request(request(FUSE_READ, ~0U, ~0U)));
}

TEST(InitRequest, CutShortOffersNothing) {
  const auto whole = request(FUSE_INIT, kInitExt, kPassthrough2);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto parsed = parse_init_request(std::span(whole).first(size));
    EXPECT_EQ(parsed.has_value(), size >= sizeof(fuse_in_header)) << size;
    const bool has_flags2 =
        size >= sizeof(fuse_in_header) + offsetof(fuse_init_in, flags2) + 4;
    EXPECT_EQ(parsed && parsed->offers_passthrough, has_flags2) << size;
  }
}

fuse_init_out full_reply() {
  fuse_init_out reply;
  std::memset(&reply, 0xA5, sizeof reply);
  reply.flags = 0x1234;
  reply.flags2 = 0x40;
  return reply;
}

TEST(InitReply, ChangesInThreeFieldsAlone) {
  const fuse_init_out before = full_reply();
  for (const std::uint32_t depth : {1U, 2U}) {
    const auto changed = asking_for_passthrough(bytes_of(before), depth);
    fuse_init_out expected = before;
    expected.flags |= kInitExt;
    expected.flags2 |= kPassthrough2;
    auto bytes = bytes_of(expected);
    std::memcpy(&bytes[offsetof(fuse_init_out, flags2) + 4], &depth,
                sizeof depth);
    EXPECT_EQ(changed, bytes);
  }
}

TEST(InitReply, OfAnOldKernelIsLeftAlone) {
  const auto whole = bytes_of(full_reply());
  const std::size_t least = offsetof(fuse_init_out, flags2) + 8;
  for (std::size_t size = 0; size < least; ++size) {
    EXPECT_TRUE(
        asking_for_passthrough(std::span(whole).first(size), 1).empty());
  }
  EXPECT_EQ(asking_for_passthrough(std::span(whole).first(least), 1).size(),
            least);
}

TEST(OpenReply, NamesTheHandleAndTheFile) {
  const auto bytes = passthrough_open_reply(0x1122334455667788, 9);
  fuse_open_out reply{};
  ASSERT_EQ(bytes.size(), sizeof reply);
  std::memcpy(&reply, bytes.data(), sizeof reply);
  EXPECT_EQ(reply.fh, 0x1122334455667788U);
  EXPECT_EQ(reply.open_flags, (1U << 7) | FOPEN_NOFLUSH);
  std::uint32_t last = 0;
  std::memcpy(&last, bytes.data() + 12, sizeof last);
  EXPECT_EQ(last, 9U);
}

class KernelBackingTest : public ::testing::Test {
 protected:
  std::vector<std::string> refusals_;
  KernelBacking backing_{
      1, [this](const std::string& why) { refusals_.push_back(why); }};
};

TEST_F(KernelBackingTest, ChangesTheReplyToInitAndNoOther) {
  EXPECT_FALSE(backing_.awaits_init_reply());
  backing_.on_request(request(FUSE_INIT, kInitExt, kPassthrough2));
  EXPECT_TRUE(backing_.awaits_init_reply());
  const auto body = bytes_of(full_reply());
  EXPECT_TRUE(backing_.instead_of(78, body).empty());
  EXPECT_EQ(backing_.instead_of(77, body), asking_for_passthrough(body, 1));
  EXPECT_FALSE(backing_.awaits_init_reply());
  EXPECT_TRUE(refusals_.empty());
}

TEST_F(KernelBackingTest, WhereItIsNotOfferedSaysSoOnceAndGivesNone) {
  backing_.on_request(request(FUSE_INIT, kInitExt, 0));
  EXPECT_FALSE(backing_.awaits_init_reply());
  EXPECT_EQ(backing_.add(0), std::nullopt);
  EXPECT_EQ(refusals_.size(), 1U);
}

TEST_F(KernelBackingTest, WhatTheKernelRefusesForAllFilesIsAskedOnce) {
  const UniqueFd no_fuse_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
  backing_.connect(no_fuse_device.get());
  backing_.settle(true);
  EXPECT_EQ(backing_.add(0), std::nullopt);
  EXPECT_EQ(backing_.add(0), std::nullopt);
  ASSERT_EQ(refusals_.size(), 1U);
  EXPECT_NE(refusals_[0].find("refuses"), std::string::npos);
}

TEST(StackDepth, IsOneOnAPlainFileSystem) {
  EXPECT_EQ(stack_depth_below("/proc"), 1U);
  EXPECT_EQ(stack_depth_below("/no/such/place"), 1U);
}

}  // namespace
}  // namespace omicsfs

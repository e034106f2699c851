// SPDX-License-Identifier: MIT
#include "fetch/private_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace omicsfs {
namespace {

struct Block4 {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t quad(std::uint32_t a, std::uint32_t b,
                             std::uint32_t c) {
  return a << 24U | b << 16U | c << 8U;
}

constexpr std::array<Block4, 12> kBlocks4 = {{
    {quad(0, 0, 0), 8},       // this network
    {quad(10, 0, 0), 8},      // private use
    {quad(100, 64, 0), 10},   // a provider's own network
    {quad(127, 0, 0), 8},     // this machine
    {quad(169, 254, 0), 16},  // this link; cloud providers' metadata
    {quad(172, 16, 0), 12},   // private use
    {quad(192, 0, 0), 24},    // protocol assignments
    {quad(192, 0, 2), 24},    // documentation
    {quad(192, 168, 0), 16},  // private use
    {quad(198, 18, 0), 15},   // benchmarks
    {quad(224, 0, 0), 4},     // multicast
    {quad(240, 0, 0), 4},     // reserved, and the broadcast address
}};

bool is_private4(std::uint32_t address) {
  return std::any_of(
      kBlocks4.begin(), kBlocks4.end(), [address](const Block4& block) {
        const std::uint32_t mask = ~std::uint32_t{0} << (32 - block.bits);
        return (address & mask) == block.first;
      });
}

using Bytes6 = std::array<std::uint8_t, 16>;

std::uint32_t last_quad(const Bytes6& bytes) {
  return static_cast<std::uint32_t>(bytes[12]) << 24U |
         static_cast<std::uint32_t>(bytes[13]) << 16U |
         static_cast<std::uint32_t>(bytes[14]) << 8U | bytes[15];
}

bool starts_with(const Bytes6& bytes, const Bytes6& prefix,
                 std::size_t length) {
  return std::equal(bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(length),
                    prefix.begin());
}

bool is_private6(const Bytes6& bytes) {
  constexpr Bytes6 kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  constexpr Bytes6 kTranslated = {0, 0x64, 0xFF, 0x9B};
  constexpr Bytes6 kZero = {};
  if (starts_with(bytes, kMapped, 12) || starts_with(bytes, kTranslated, 12)) {
    return is_private4(last_quad(bytes));
  }
  // ::, ::1, and the IPv4-compatible ones that are no longer used.
  return starts_with(bytes, kZero, 12) ||
         (bytes[0] & 0xFEU) == 0xFC ||                        // fc00::/7
         (bytes[0] == 0xFE && (bytes[1] & 0x80U) == 0x80) ||  // fe80::/9
         bytes[0] == 0xFF;                                    // multicast
}

}  // namespace

bool is_private_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& facts = reinterpret_cast<const sockaddr_in&>(address);
    return is_private4(ntohl(facts.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    const auto& facts = reinterpret_cast<const sockaddr_in6&>(address);
    return is_private6(std::bit_cast<Bytes6>(facts.sin6_addr));
  }
  return true;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/private_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string>

namespace omicsfs {
namespace {

bool is_private(const std::string& text) {
  sockaddr_storage storage{};
  auto* const four = reinterpret_cast<sockaddr_in*>(&storage);
  auto* const six = reinterpret_cast<sockaddr_in6*>(&storage);
  if (::inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
  } else {
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &six->sin6_addr), 1) << text;
    six->sin6_family = AF_INET6;
  }
  return is_private_address(reinterpret_cast<const sockaddr&>(storage));
}

TEST(PrivateAddress, KnowsTheEdgesOfEachBlock) {
  for (const char* text :
       {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",
        "10.255.255.255",  "100.64.0.0",      "100.127.255.255",
        "127.0.0.1",       "127.255.255.255", "169.254.0.0",
        "169.254.169.254", "169.254.255.255", "172.16.0.0",
        "172.31.255.255",  "192.0.0.0",       "192.0.2.255",
        "192.168.0.0",     "192.168.255.255", "198.18.0.0",
        "198.19.255.255",  "224.0.0.1",       "239.255.255.255",
        "240.0.0.0",       "255.255.255.255"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
  for (const char* text :
       {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "52.218.0.1"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
}

TEST(PrivateAddress, KnowsThoseOfIpv6AndWhatTheyCarry) {
  for (const char* text :
       {"::", "::1", "::7f00:1", "fc00::1", "fdff:ffff::1", "fe80::1",
        "febf::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
        "64:ff9b::192.168.0.1"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
  for (const char* text : {"2600:1f18::1", "2001:4860:4860::8888", "fbff::1",
                           "::ffff:52.218.0.1", "64:ff9b::52.218.0.1"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
}

TEST(PrivateAddress, AUnixSocketIsPrivate) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_TRUE(is_private_address(reinterpret_cast<const sockaddr&>(local)));
}

}  // namespace
}  // namespace omicsfs

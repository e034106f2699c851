// SPDX-License-Identifier: MIT
#include "fs/network_options.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using std::chrono::seconds;

TEST(NetworkOptions, TheFirstByteAndTheBytesAfterItHaveTheirOwnPatience) {
  Settings settings;
  settings.network.first_byte = seconds{77};
  settings.network.stall = seconds{11};
  const TransportOptions options = transport_options(settings);
  EXPECT_EQ(options.silence.first_byte, seconds{77});
  EXPECT_EQ(options.silence.stall, seconds{11});
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include "fetch/curl_transport.h"
#include "fetch/retry.h"
#include "fs/settings.h"

// The network settings as fetch/ takes them.

namespace omicsfs {

[[nodiscard]] TransportOptions transport_options(
    const NetworkSettings& network);
[[nodiscard]] RetryPolicy retry_policy(const NetworkSettings& network);

}  // namespace omicsfs

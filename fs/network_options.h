// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "fetch/block_cache.h"
#include "fetch/curl_transport.h"
#include "fetch/retry.h"
#include "fs/settings.h"

// The network settings as fetch/ takes them.

namespace omicsfs {

// Of servers at private addresses, those alone are reached that the settings
// name: as a source's base url, as an endpoint, or in a mirror rule.
[[nodiscard]] TransportOptions transport_options(const Settings& settings);
[[nodiscard]] RetryPolicy retry_policy(const NetworkSettings& network);
// Those of a command that fetches documents: it waits for a busy server for
// five minutes, as long as the quotas of public servers last, or for
// network.timeout_s if that is longer.
[[nodiscard]] TransportOptions document_transport_options(
    const Settings& settings);
[[nodiscard]] RetryPolicy document_retry_policy(const NetworkSettings& network);
// Where no memory is set: an eighth of the machine's, 256 MiB at most.
// `machine_bytes`: its memory, 0 where that is not known.
[[nodiscard]] FetchLimits fetch_limits(const NetworkSettings& network,
                                       std::uint64_t machine_bytes);
// The memory of this machine, in bytes; 0 where the system does not say.
[[nodiscard]] std::uint64_t machine_memory();

}  // namespace omicsfs

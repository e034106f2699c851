// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fetch/block_cache.h"
#include "fetch/curl_transport.h"
#include "fetch/retry.h"
#include "fs/machine_memory.h"
#include "fs/settings.h"

// The network settings as fetch/ takes them.

namespace omicsfs {

// The servers, as server_of() names them, that the settings name: as a source's
// base url, a document, an archive, an endpoint, or in a mirror rule.
[[nodiscard]] std::vector<std::string> named_servers(const Settings& settings);
// Of servers at private addresses, only those are reached that the settings
// name, as above or by network.private_hosts.
[[nodiscard]] TransportOptions transport_options(const Settings& settings);
[[nodiscard]] RetryPolicy retry_policy(const NetworkSettings& network);
// Those of a command that fetches documents: it waits for a busy server for
// five minutes, as long as the quotas of public servers last, or for
// network.timeout_s if that is longer.
[[nodiscard]] TransportOptions document_transport_options(
    const Settings& settings);
[[nodiscard]] RetryPolicy document_retry_policy(const NetworkSettings& network);
// Where no memory is set: an eighth of the machine's, 256 MiB at most.
// `machine_bytes`: its memory, 0 where that is not known. `descriptors`: how
// many this process may have.
[[nodiscard]] FetchLimits fetch_limits(const NetworkSettings& network,
                                       std::uint64_t machine_bytes,
                                       std::uint64_t descriptors = 1024);
}  // namespace omicsfs

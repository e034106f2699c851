// SPDX-License-Identifier: MIT
#include "fs/network_options.h"

#include <unistd.h>

#include <algorithm>

namespace omicsfs {

TransportOptions transport_options(const NetworkSettings& network) {
  TransportOptions options;
  options.connections_per_host = network.connections_per_host;
  options.stall = network.stall;
  return options;
}

RetryPolicy retry_policy(const NetworkSettings& network) {
  RetryPolicy policy;
  policy.max_retries = network.retries;
  return policy;
}

FetchLimits fetch_limits(const NetworkSettings& network,
                         std::uint64_t machine_bytes) {
  FetchLimits limits;
  limits.connections =
      static_cast<std::uint64_t>(std::max(network.connections_per_host, 1));
  if (network.memory > 0) {
    limits.memory = network.memory;
  } else if (machine_bytes > 0) {
    limits.memory = std::min(limits.memory, machine_bytes / 8);
  }
  return limits;
}

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) *
                                     static_cast<std::uint64_t>(page)
                               : 0;
}

}  // namespace omicsfs

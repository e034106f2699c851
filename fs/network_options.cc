// SPDX-License-Identifier: MIT
#include "fs/network_options.h"

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

}  // namespace omicsfs

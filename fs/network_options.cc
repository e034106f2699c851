// SPDX-License-Identifier: MIT
#include "fs/network_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fetch/url.h"

namespace omicsfs {

namespace {

// A fetch should give up, and say why, before its reader does.
constexpr std::chrono::milliseconds kMargin{500};

std::chrono::milliseconds document_patience(const NetworkSettings& network) {
  return std::max<std::chrono::milliseconds>(std::chrono::minutes{5},
                                             network.timeout);
}

}  // namespace

std::vector<std::string> named_servers(const Settings& settings) {
  std::vector<std::string> servers;
  const auto add = [&servers](const std::string& url) {
    if (is_http_url(url)) {
      servers.push_back(server_of(url));
    }
  };
  for (const auto& [name, source] : settings.sources) {
    add(source.base_url);
    add(source.listing);
    add(source.columns);
    for (const ArchiveItem& item : source.archives) {
      add(item.place);
    }
    std::for_each(source.catalogue.begin(), source.catalogue.end(), add);
  }
  add(settings.endpoints.s3);
  add(settings.endpoints.hub);
  for (const auto& [prefix, places] : settings.mirrors) {
    add(prefix);
    std::for_each(places.begin(), places.end(), add);
  }
  return servers;
}

TransportOptions transport_options(const Settings& settings) {
  const NetworkSettings& network = settings.network;
  TransportOptions options;
  options.private_servers = named_servers(settings);
  options.private_hosts = network.private_hosts;
  options.connections_per_host = network.connections_per_host;
  options.silence = {network.first_byte, network.stall};
  options.rates = RateRules(network.requests_per_s);
  options.rate_directory = settings.cache.dir;
  options.longest_pause = network.timeout;
  return options;
}

RetryPolicy retry_policy(const NetworkSettings& network) {
  RetryPolicy policy;
  policy.max_retries = network.retries;
  policy.patience = network.timeout - kMargin;
  return policy;
}

TransportOptions document_transport_options(const Settings& settings) {
  TransportOptions options = transport_options(settings);
  options.longest_pause = document_patience(settings.network);
  return options;
}

RetryPolicy document_retry_policy(const NetworkSettings& network) {
  RetryPolicy policy = retry_policy(network);
  policy.patience = document_patience(network);
  return policy;
}

FetchLimits fetch_limits(const NetworkSettings& network,
                         std::uint64_t machine_bytes,
                         std::uint64_t descriptors) {
  FetchLimits limits;
  limits.kept_open = most_kept_open(descriptors);
  limits.connections =
      static_cast<std::uint64_t>(std::max(network.connections_per_host, 1));
  if (network.memory > 0) {
    limits.memory = network.memory;
  } else if (machine_bytes > 0) {
    limits.memory = std::min(limits.memory, machine_bytes / 8);
  }
  return limits;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "catalog/snapshot.h"
#include "fs/settings.h"

namespace omicsfs {

// Whether a proxy of the environment decides what is reached.
[[nodiscard]] bool proxy_decides();

// A warning for each of `servers` whose files cannot be read without a proxy:
// it is at a private address, as its name shows, and no setting allows it.
// Pure.
[[nodiscard]] std::vector<std::string> private_server_warnings(
    const std::vector<std::string>& servers, const Settings& settings);

// The servers that the files of `snapshot` are at.
[[nodiscard]] std::vector<std::string> servers_of(const Snapshot& snapshot);

// Warns on stderr of the files of `source`, called `shown`, that cannot be
// read, by its current snapshot.
void warn_of_private_servers(std::string_view source, std::string_view shown,
                             const Settings& settings);

}  // namespace omicsfs

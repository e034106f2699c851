// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/marked_url.h"
#include "catalog/result.h"

namespace omicsfs {

// By the name of each token of the settings, the one server that may be shown
// it, as web_server() has it. The tokens themselves are not known here.
using TokenServers = std::map<std::string, std::string, std::less<>>;

// Whether the token that `address` names, if it names one, may be shown to its
// server. Errors: kInvalid, there is no such token, or it is another server's.
// Pure.
Result<void> check_token(const MarkedUrl& address, const TokenServers& servers);

// Likewise of all among `urls` that are marked.
Result<void> check_tokens(const std::vector<std::string>& urls,
                          const TokenServers& servers);

}  // namespace omicsfs

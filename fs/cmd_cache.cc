// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>

#include "fs/cache_report.h"
#include "fs/command.h"

namespace omicsfs {

int run_cache_status(const CacheStatusOptions& options,
                     const Settings& settings) {
  const auto state = read_cache_state(settings.cache);
  if (!state) {
    fmt::print(stderr, "omicsfs cache status: {}\n", state.error().message);
    return kExitFailed;
  }
  const bool is_usable = state->trouble.empty();
  if (options.format == OutputFormat::kJson) {
    std::fputs(cache_state_json(*state).c_str(), stdout);
  } else {
    std::fputs(cache_state_text(*state).c_str(), is_usable ? stdout : stderr);
  }
  return is_usable ? kExitDone : kExitFailed;
}

}  // namespace omicsfs

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
  const std::string text = options.format == OutputFormat::kJson
                               ? cache_state_json(*state)
                               : cache_state_text(*state);
  std::fputs(text.c_str(), stdout);
  if (!state->trouble.empty()) {
    fmt::print(stderr, "omicsfs cache status: {}\n", state->trouble);
    return kExitFailed;
  }
  return kExitDone;
}

}  // namespace omicsfs

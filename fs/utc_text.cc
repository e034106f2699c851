// SPDX-License-Identifier: MIT
#include "fs/utc_text.h"

#include <array>
#include <ctime>

namespace omicsfs {

std::string utc_text(std::int64_t seconds, UtcFormat format) {
  const std::time_t moment = seconds;
  std::tm parts{};
  if (::gmtime_r(&moment, &parts) == nullptr) {
    return "?";
  }
  std::array<char, 64> text{};
  const char* pattern =
      format == UtcFormat::kMinutes ? "%Y-%m-%d %H:%M" : "%Y-%m-%dT%H:%M:%SZ";
  const std::size_t length =
      std::strftime(text.data(), text.size(), pattern, &parts);
  return {text.data(), length};
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace omicsfs {

enum class UtcFormat {
  kMinutes,  // "2025-05-31 00:00", for people
  kRfc3339,  // "2025-05-31T00:00:00Z", for programs
};

// A moment, in seconds since the epoch, in UTC; "?" where no calendar has it.
[[nodiscard]] std::string utc_text(std::int64_t seconds, UtcFormat format);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace omicsfs {

struct GenomekitTotals {
  std::uint64_t files = 0;  // that are published
  std::uint64_t bytes = 0;
  std::uint64_t assemblies = 0;   // with a .2bit
  std::uint64_t annotations = 0;  // with a .dganno
};

// The README.txt of the whole. `from`: where the files come from, for people.
[[nodiscard]] std::string genomekit_readme(const GenomekitTotals& totals,
                                           const std::string& from);

}  // namespace omicsfs

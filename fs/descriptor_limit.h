// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace omicsfs {

// Lets this process have as many descriptors as it may: raises the soft limit
// to the hard one. Returns how many that are. Each cached file that is open
// takes two, and each connection one.
std::uint64_t raise_descriptor_limit();

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

// The items of `cell`, a JSON array (RFC 8259) of texts, whole numbers and
// flags, each as text: ["a", 5, true] has "a", "5" and "true".
// Errors: kInvalid, it is no such array.
Result<std::vector<std::string>> list_items(std::string_view cell);

}  // namespace omicsfs

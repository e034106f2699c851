// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "catalog/result.h"
#include "fs/settings.h"

namespace omicsfs {

// Sets in `settings` what the text of a settings file states and leaves the
// rest; a mirror rule replaces the one with the same prefix. `home` is what
// "~" means. Pure. On an error `settings` may be set in part.
// Errors: kInvalid, naming the place: not JSON, an unknown key or source, a
// value of another type or out of range.
Result<void> apply_settings_json(std::string_view text, std::string_view home,
                                 Settings& settings);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "catalog/result.h"
#include "catalog/sources/refine_api.h"

namespace omicsfs {

enum class Consent { kAsk, kGiven };

// Makes `api` use the user's token. Where there is none, one is made and, once
// the user has agreed to refine.bio's terms of use, on the terminal or
// beforehand, activated and kept. Errors: those of RefineApi and of load_token;
// kInvalid, the user does not agree, or cannot be asked.
Result<void> use_token(RefineApi& api, const std::filesystem::path& state_dir,
                       Consent consent);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "catalog/result.h"

namespace omicsfs {

// Where the Link header `value` (RFC 8288) of the answer from `base` says that
// the next part is: the target of its first link whose relations are or include
// "next"; "" where there is none. Errors: as redirect_target. REQUIRES:
// is_http_url(base).
[[nodiscard]] Result<std::string> next_link(std::string_view value,
                                            std::string_view base);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/result.h"

namespace omicsfs {

// The errno that a program sees for an error of ours: the one table.
[[nodiscard]] int errno_of(ErrorCode code);

// `error` as open(2) and read(2) of a listed file report it. A name that was
// listed exists, so neither ever says kNotFound: programs (zarr among them)
// take ENOENT for a chunk that was never written, and read zeros in its place.
[[nodiscard]] Error of_listed_file(Error error);

}  // namespace omicsfs

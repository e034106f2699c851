// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

struct ChildOutcome {
  int exit_status = 0;       // 128 + the signal that ended it
  std::string error_output;  // the first 4 KiB of its stderr
};

// Runs `words[0]`, found through PATH, with the others as its arguments, no
// shell between, and waits for its end. It reads nothing, and its stdout is
// ours. REQUIRES: `words` is not empty. Errors: kNotFound, no such program;
// kIo.
Result<ChildOutcome> run_program(const std::vector<std::string>& words);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

namespace omicsfs {

// Has libfuse's own messages written to stderr by us, a line each, for the
// whole process: its threads are cancelled when a session ends, and one that is
// cancelled within stdio leaves stderr locked, so that whoever writes to it
// next waits for ever.
void take_fuse_messages();

}  // namespace omicsfs

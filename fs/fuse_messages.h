// SPDX-License-Identifier: MIT
#pragma once

namespace omicsfs {

// Has libfuse's own messages written to stderr by us, a line each, for the
// whole process. libfuse cancels its threads when a session ends, while they
// wait for requests, and tells from there of what went wrong in waiting; a
// thread that is cancelled within stdio leaves stderr locked, and whoever
// writes to it next waits for ever.
void take_fuse_messages();

}  // namespace omicsfs

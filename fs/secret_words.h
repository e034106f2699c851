// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace omicsfs {

// Overwrites with "*", in place, what is secret in a word of the command line:
// of each URL the user and password, and the query, where signatures stand.
// Every user of the machine can read the words of a process. Pure.
void hide_secrets(std::span<char> word);

// Overwrites the tokens among "NAME=value" variables in place, once they are
// read: OMICSFS_TOKEN_… and OMICSFS_…_TOKEN. `variables` ends with a null.
// REQUIRES: no other thread reads the environment.
void hide_tokens(char** variables);

}  // namespace omicsfs

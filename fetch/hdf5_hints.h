// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "fetch/hint_list.h"
#include "fetch/seen_bytes.h"

namespace omicsfs {

// Adds what a reader of HDF5 asks for after `seen`: what the superblock, and
// index nodes wherever they stand, name by address. What lies in `seen` itself
// is followed; the rest is a hint. Of a chunk index (a version 1 B-tree) the
// children of an inner node are hinted, not the chunks of a leaf, of which a
// reader wants but some; except where the one leaf is the whole index of a
// small dataset. Addresses of 8 bytes, and no user block before the superblock.
//
// HDF5 File Format Specification 3.0: II (superblock), III.A.1 (B-trees), III.B
// and III.C (groups), IV.A (object headers). Pure.
void add_hdf5_hints(const SeenBytes& seen, std::uint64_t file_size,
                    HintList& hints);

}  // namespace omicsfs

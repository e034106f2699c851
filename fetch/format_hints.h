// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/seen_bytes.h"

// Readers of formats with an index jump: the head, the tail, the index, a node
// of it, and each jump waits for a round trip. Where a read's bytes show what
// comes next, it can be under way before it is asked for.

namespace omicsfs {

// Ranges that a reader of this format is likely to ask for next, in order;
// empty where nothing is recognised. Only the bytes are looked at, never a
// name. Each range lies in the file and outside the blocks that `seen` touches;
// no two touch one block, and all together touch at most 8 MiB of blocks. Best
// given whole blocks: what a head names in its own block is followed further.
// Pure.
//
// Known: zip and npz (APPNOTE 6.3.10, 4.3), parquet, BGZF (SAMv1 4.1), bigWig
// and bigBed (Kent et al. 2010, supplement, tables 5 to 7), HDF5 (see
// hdf5_hints.h).
[[nodiscard]] std::vector<ByteRange> format_hints(const SeenBytes& seen,
                                                  std::uint64_t file_size);

}  // namespace omicsfs

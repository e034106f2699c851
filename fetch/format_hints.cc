// SPDX-License-Identifier: MIT
#include "fetch/format_hints.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "fetch/hdf5_hints.h"
#include "fetch/hint_list.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kTail = std::uint64_t{64} << 10;

std::uint64_t seen_end(const SeenBytes& seen) {
  return seen.offset + seen.bytes.size();
}

void add_tail(std::uint64_t length, std::uint64_t file_size, HintList& hints) {
  const std::uint64_t taken = std::min(length, file_size);
  hints.add({file_size - taken, taken});
}

// ---- zip: the end of central directory record (EOCD) is at most a comment of
// 64 KiB from the file's end; it names the central directory.
constexpr std::uint64_t kEocd = 22;
constexpr std::uint64_t kMaxComment = 0xFFFF;
constexpr std::uint64_t kZip64Locator = 20;
constexpr std::uint64_t kZip64Eocd = 56;

// Where the EOCD stands, if the end of the file was seen and shows it.
std::optional<std::uint64_t> find_eocd(const SeenBytes& seen,
                                       std::uint64_t file_size) {
  if (seen_end(seen) != file_size || seen.bytes.size() < kEocd) {
    return std::nullopt;
  }
  const std::uint64_t last = file_size - kEocd;
  const std::uint64_t least =
      std::max(seen.offset, last - std::min(last, kMaxComment));
  for (std::uint64_t at = last + 1; at-- > least;) {
    if (seen.says(at, "PK\5\6") && seen.number(at + 20, 2) == last - at) {
      return at;
    }
  }
  return std::nullopt;
}

// The ZIP64 record says the same in 64 bits; it may lie before what was seen.
void add_zip64_directory(const SeenBytes& seen, std::uint64_t locator,
                         HintList& hints) {
  const auto record = seen.number(locator + 8, 8);
  if (!record || *record >= locator) {
    return;
  }
  const auto length = seen.number(*record + 40, 8);
  const auto start = seen.number(*record + 48, 8);
  if (!length || !start) {
    hints.add({*record, kZip64Eocd});
  } else if (*start < *record && *length <= *record - *start) {
    hints.add({*start, *length});
  }
}

void add_zip_hints(const SeenBytes& seen, std::uint64_t file_size,
                   HintList& hints) {
  if (seen.says(0, "PK\3\4")) {
    add_tail(kTail + kEocd, file_size, hints);
  }
  const auto eocd = find_eocd(seen, file_size);
  if (!eocd) {
    return;
  }
  if (*eocd >= kZip64Locator && seen.says(*eocd - kZip64Locator, "PK\6\7")) {
    add_zip64_directory(seen, *eocd - kZip64Locator, hints);
    return;
  }
  const auto length = seen.number(*eocd + 12, 4);
  const auto start = seen.number(*eocd + 16, 4);
  if (length && start && *start < *eocd && *length <= *eocd - *start) {
    hints.add({*start, *length});
  }
}

// ---- parquet: "PAR1", row groups, footer, its length in 4 bytes, "PAR1".
void add_parquet_hints(const SeenBytes& seen, std::uint64_t file_size,
                       HintList& hints) {
  constexpr std::uint64_t kEnd = 8;
  if (seen.says(0, "PAR1")) {
    add_tail(kTail, file_size, hints);
  }
  if (file_size < kEnd || !seen.says(file_size - 4, "PAR1")) {
    return;
  }
  const auto length = seen.number(file_size - kEnd, 4);
  if (length && *length <= file_size - kEnd) {
    hints.add({file_size - kEnd - *length, *length});
  }
}

// ---- BGZF: gzip whose extra field is "BC", 2 bytes long. samtools looks at
// the end for the empty last block of 28 bytes, then returns to the head.
void add_bgzf_hints(const SeenBytes& seen, std::uint64_t file_size,
                    HintList& hints) {
  constexpr std::uint64_t kEndMarker = 28;
  if (seen.says(0, "\x1F\x8B\x08\x04") && seen.number(12, 4) == 0x24342U) {
    add_tail(kEndMarker, file_size, hints);
  }
}

// ---- bigWig, bigBed: the header names the chromosome tree and the index.
void add_bbi_hints(const SeenBytes& seen, HintList& hints) {
  struct Named {
    std::uint64_t at;      // in the header
    std::uint64_t length;  // of what is read there first
  };
  constexpr std::array<Named, 3> kNamed = {
      Named{8, std::uint64_t{16} << 10},   // chromosome B+ tree
      Named{44, 40},                       // total summary
      Named{24, std::uint64_t{16} << 10},  // index: header and root node
  };
  if (!seen.says(0, "\x26\xFC\x8F\x88") && !seen.says(0, "\xEB\xF2\x89\x87")) {
    return;
  }
  for (const Named& named : kNamed) {
    const auto place = seen.number(named.at, 8);
    if (place && *place != 0) {
      hints.add({*place, named.length});
    }
  }
}

}  // namespace

std::vector<ByteRange> format_hints(const SeenBytes& seen,
                                    std::uint64_t file_size) {
  const bool within =
      file_size <= std::numeric_limits<std::uint64_t>::max() / 2 &&
      seen.offset <= file_size && seen.bytes.size() <= file_size - seen.offset;
  if (!within || seen.bytes.empty()) {
    return {};
  }
  HintList hints({seen.offset, seen.bytes.size()}, file_size);
  add_zip_hints(seen, file_size, hints);
  add_parquet_hints(seen, file_size, hints);
  add_bgzf_hints(seen, file_size, hints);
  add_bbi_hints(seen, hints);
  add_hdf5_hints(seen, file_size, hints);
  return hints.take();
}

}  // namespace omicsfs

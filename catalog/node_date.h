// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace omicsfs {

// In place of a date: the source tells none of that node.
inline constexpr std::int64_t kUndated =
    std::numeric_limits<std::int64_t>::min();

// 1980-01-01T00:00:00Z, the oldest date that a zip archive can hold.
inline constexpr std::int64_t kFixedDate = 315'532'800;

// Where the date of an undated node may come from; seconds since the epoch.
struct DateClues {
  // That of the same node in the snapshot before: a file of the same number, or
  // a directory that also lists the same nodes.
  std::optional<std::int64_t> before{};
  // When the refresh ran that changed the node. None where nothing is known of
  // a snapshot before, and none of a remote file, which is as old as its
  // publisher says.
  std::optional<std::int64_t> changed{};
  // That of the same directory in the snapshot before, where it listed other
  // nodes.
  std::optional<std::int64_t> outdated{};
  // That of the document which lists the remote file; of other nodes, the
  // newest date in the tree.
  std::optional<std::int64_t> document{};
};

// The date of an undated node. It never comes from the clock while the node is
// unchanged, or programs such as make would take it for changed after each
// mount: the first clue that there is, else kFixedDate. A changed directory is
// always later than it was, also where two refreshes run within one second.
[[nodiscard]] constexpr std::int64_t undated_date(const DateClues& clues) {
  if (clues.before) {
    return *clues.before;
  }
  const std::int64_t found =
      clues.changed.value_or(clues.document.value_or(kFixedDate));
  return clues.outdated ? std::max(found, *clues.outdated + 1) : found;
}

}  // namespace omicsfs

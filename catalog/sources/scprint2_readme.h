// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace omicsfs {

// The arrays of a subset of cells, in the order of Scprint2Subset::rows.
inline constexpr std::array<std::string_view, 3> kScprint2Arrays = {
    "embs", "top3", "scores"};

// What is there of a subset of cells.
struct Scprint2Subset {
  std::array<bool, 3> has{};
  // Rows of each array; none where it was not read.
  std::array<std::optional<std::uint64_t>, 3> rows{};

  // What is wrong with it: "lacks top3", "its arrays have 240, 240, 120 rows";
  // "" where all is well.
  [[nodiscard]] std::string trouble() const;
};

// By their directories.
using Scprint2Subsets = std::map<std::string, Scprint2Subset>;

struct Scprint2Facts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::string from;  // where they are published
  // A table of columns, as columns.json has it, of each array.
  bool has_columns = false;
};

// How many have some trouble.
[[nodiscard]] std::uint64_t troubled(const Scprint2Subsets& subsets);

// README.txt, which says what the atlas is and names the subsets that have some
// trouble, up to 200 of them.
[[nodiscard]] std::string scprint2_readme(const Scprint2Facts& facts,
                                          const Scprint2Subsets& subsets);

}  // namespace omicsfs

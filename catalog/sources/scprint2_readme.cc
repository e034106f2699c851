// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2_readme.h"

#include <fmt/format.h>

#include <algorithm>

namespace omicsfs {
namespace {

constexpr std::uint64_t kTroublesTold = 200;

// Of the subsets whose embeddings were read.
std::uint64_t cells_of(const Scprint2Subsets& subsets) {
  std::uint64_t cells = 0;
  for (const auto& [directory, subset] : subsets) {
    const auto rows =
        std::find_if(subset.rows.begin(), subset.rows.end(),
                     [](const auto& count) { return count.has_value(); });
    cells += rows == subset.rows.end() ? 0 : **rows;
  }
  return cells;
}

std::string lacking(const Scprint2Subset& subset) {
  std::string text;
  for (std::size_t index = 0; index < kScprint2Arrays.size(); ++index) {
    if (!subset.has.at(index)) {
      text += text.empty() ? "lacks " : ", ";
      text += kScprint2Arrays.at(index);
    }
  }
  return text;
}

std::string troubles_text(const Scprint2Subsets& subsets) {
  const std::uint64_t all = troubled(subsets);
  if (all == 0) {
    return "All subsets are complete.\n";
  }
  std::string text =
      fmt::format("{} of {} subsets are incomplete:\n\n", all, subsets.size());
  std::uint64_t told = 0;
  for (const auto& [directory, subset] : subsets) {
    const std::string trouble = subset.trouble();
    if (!trouble.empty() && told++ < kTroublesTold) {
      text += fmt::format("  {}: {}\n", directory, trouble);
    }
  }
  return told > kTroublesTold
             ? text + fmt::format("  and {} more\n", told - kTroublesTold)
             : text;
}

constexpr std::string_view kScprint2About = R"(scPRINT-2 embedding atlas
=========================

Embeddings and predicted labels of cells, by the model scPRINT-2. Each subset of
cells has three arrays, whose rows are the same cells: embs (embeddings), top3
(the numbers of the likeliest labels) and scores (theirs).

step_<S>__predict_part_<P>_<G>_<array>.npz   as published
step_<S>/part_<P>/gpu_<G>/<array>.npz        the same files
step_<S>/part_<P>/gpu_<G>/<array>.npy        the array within
)";

constexpr std::string_view kAboutColumns =
    R"(step_<S>/part_<P>/gpu_<G>/<array>/<block>.npy   some of its columns

columns.json says which columns make a block: the first, and the one behind the
last. Arrays and blocks are read in part by
)";

constexpr std::string_view kHowToRead = R"(
  numpy.load("step_0/part_0/gpu_0/embs.npy", mmap_mode="r")[rows]

A block is gathered from the rows of its array, 64 KiB at a time: a page of a
narrow one spans many rows. Labels are numbers; label_decoders.json, which is
published with the model, tells the terms.

)";

}  // namespace

std::string Scprint2Subset::trouble() const {
  std::string text = lacking(*this);
  const auto differs = [this](std::size_t index) {
    return rows.at(index) && rows[0] && *rows.at(index) != *rows[0];
  };
  if (text.empty() && (differs(1) || differs(2))) {
    text = "its arrays have";
    for (std::size_t index = 0; index < rows.size(); ++index) {
      text += index == 0 ? " " : ", ";
      text += rows.at(index) ? std::to_string(*rows.at(index)) : "?";
    }
    text += " rows";
  }
  return text;
}

std::uint64_t troubled(const Scprint2Subsets& subsets) {
  return static_cast<std::uint64_t>(std::count_if(
      subsets.begin(), subsets.end(),
      [](const auto& entry) { return !entry.second.trouble().empty(); }));
}

std::string scprint2_readme(const Scprint2Facts& facts,
                            const Scprint2Subsets& subsets) {
  std::string text(kScprint2About);
  text += facts.has_columns ? kAboutColumns : "";
  text += kHowToRead;
  text += fmt::format(
      "Files:   {}\nBytes:   {}\nSubsets: {}\nCells:   {}\nLicence: not "
      "stated where the files are listed; ask those who published them\n"
      "From:    {}\n\n",
      facts.files, facts.bytes, subsets.size(), cells_of(subsets), facts.from);
  return text + troubles_text(subsets);
}

}  // namespace omicsfs

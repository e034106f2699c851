// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

// Which files of a source are archives that are to be seen as directories, too.
class ArchiveChoice {
 public:
  // Those whose name says so: *.zip and *.npz.
  ArchiveChoice();
  // "PATTERN:PATTERN…" of glob(7) on the path within the source, in any case;
  // '*' also stands for '/'. "none" is none. Errors: kInvalid, no pattern, or
  // an empty one.
  static Result<ArchiveChoice> parse(std::string_view text);

  [[nodiscard]] bool has(const std::string& path) const;
  [[nodiscard]] bool is_none() const { return patterns_.empty(); }
  // As parse() takes it.
  [[nodiscard]] std::string text() const;

 private:
  explicit ArchiveChoice(std::vector<std::string> patterns)
      : patterns_(std::move(patterns)) {}

  std::vector<std::string> patterns_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) {
    return false;
  }
  text.remove_prefix(word.size());
  return true;
}

// The digits that `text` begins with, passed over; "" where there are none.
std::string take_digits(std::string_view& text) {
  const std::size_t end =
      std::min(text.find_first_not_of("0123456789"), text.size());
  std::string digits(text.substr(0, end));
  text.remove_prefix(end);
  return digits;
}

}  // namespace

std::string Scprint2Name::directory() const {
  return fmt::format("{}step_{}/part_{}/gpu_{}", folder, step, part, gpu);
}

std::optional<Scprint2Name> parse_scprint2_name(std::string_view path) {
  std::string_view rest = last_entry_name(path);
  Scprint2Name name;
  name.folder = path.substr(0, path.size() - rest.size());
  if (!take_word(rest, "step_")) {
    return std::nullopt;
  }
  name.step = take_digits(rest);
  if (!take_word(rest, "__predict_part_")) {
    return std::nullopt;
  }
  name.part = take_digits(rest);
  if (!take_word(rest, "_")) {
    return std::nullopt;
  }
  name.gpu = take_digits(rest);
  if (name.step.empty() || name.part.empty() || name.gpu.empty()) {
    return std::nullopt;
  }
  for (const std::string_view array : {"embs", "top3", "scores"}) {
    if (rest.size() == array.size() + 5 && rest.starts_with('_') &&
        rest.substr(1).starts_with(array) && rest.ends_with(".npz")) {
      name.array = array;
      return name;
    }
  }
  return std::nullopt;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omicsfs {

// What the name of a file of the atlas says. Numbers stay as they are written.
struct Scprint2Name {
  std::string folder;  // that it is listed in: "" or ending in '/'
  std::string step;
  std::string part;
  std::string gpu;
  std::string array;  // "embs", "top3" or "scores"

  // Where its subset stands: "<folder>step_<S>/part_<P>/gpu_<G>".
  [[nodiscard]] std::string directory() const;
  bool operator==(const Scprint2Name&) const = default;
};

// The parts of a listed path; none where its last name is not
// step_<S>__predict_part_<P>_<G>_{embs,top3,scores}.npz. The model's name,
// empty in what is published, would stand between the two underscores.
[[nodiscard]] std::optional<Scprint2Name> parse_scprint2_name(
    std::string_view path);

}  // namespace omicsfs

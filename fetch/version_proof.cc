// SPDX-License-Identifier: MIT
#include "fetch/version_proof.h"

#include <algorithm>

namespace omicsfs {

const VersionProof::Shown* VersionProof::find(const Answer& answer) const {
  const auto found =
      std::find_if(shown_.begin(), shown_.end(), [&](const Shown& one) {
        return one.answer.url == answer.url &&
               one.answer.version == answer.version;
      });
  return found == shown_.end() ? nullptr : &*found;
}

std::optional<VersionSample> VersionProof::next(
    const Answer& doubted, const std::vector<VersionSample>& known) {
  // As many machines as may be pinned answer in turn, each for each sample.
  constexpr int kMostAsked = 3 * static_cast<int>(VersionPin::kMostPins);
  if (samples_.empty()) {
    samples_ = known;
  }
  if (asked_ == kMostAsked || shown_.size() > VersionPin::kMostPins) {
    return std::nullopt;
  }
  const Shown* shown = find(doubted);
  for (const VersionSample& sample : samples_) {
    if (shown == nullptr || !shown->offsets.contains(sample.range.offset)) {
      ++asked_;
      return sample;
    }
  }
  return std::nullopt;
}

void VersionProof::note(const Answer& answer, const VersionSample& sample,
                        bool has_bytes) {
  Shown& shown = of(answer);
  if (has_bytes) {
    shown.offsets.insert(sample.range.offset);
  } else {
    shown.offsets.clear();
  }
}

VersionProof::Shown& VersionProof::of(const Answer& answer) {
  const Shown* known = find(answer);
  return known != nullptr
             ? shown_[static_cast<std::size_t>(known - shown_.data())]
             : shown_.emplace_back(Shown{answer, {}});
}

void VersionProof::believe(const Answer& answer) {
  of(answer).is_believed = true;
}

bool VersionProof::is_believed(const Answer& answer) const {
  const Shown* shown = find(answer);
  return shown != nullptr && shown->is_believed;
}

bool VersionProof::is_proved(const Answer& answer) const {
  const Shown* shown = find(answer);
  return shown != nullptr && !samples_.empty() &&
         shown->offsets.size() == samples_.size();
}

}  // namespace omicsfs

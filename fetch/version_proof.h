// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fetch/transport.h"
#include "fetch/version_pin.h"

namespace omicsfs {

// What the answers of one fetch whose versions are unproven (version_rule.h)
// have shown of the bytes that are known. Whichever machine behind an address
// answers, its answer counts for its own version. Decides only; not
// thread-safe.
class VersionProof {
 public:
  struct Answer {
    std::string url;
    Validator version;
  };

  // What to ask for so that `doubted` is proved. None: nothing is known that
  // could prove it, or too much was asked: of servers that give each answer a
  // version of its own, too.
  [[nodiscard]] std::optional<VersionSample> next(
      const Answer& doubted, const std::vector<VersionSample>& known);

  // `answer` to the request for `sample` had its bytes, or others. One that had
  // others must show all samples anew.
  void note(const Answer& answer, const VersionSample& sample, bool has_bytes);

  // Whether `answer`'s version has shown all samples.
  [[nodiscard]] bool is_proved(const Answer& answer) const;

  // Answers like this one are taken for as long as the fetch lasts.
  void believe(const Answer& answer);
  [[nodiscard]] bool is_believed(const Answer& answer) const;

 private:
  struct Shown {
    Answer answer;
    std::set<std::uint64_t> offsets;  // of the samples
    bool is_believed = false;
  };
  [[nodiscard]] const Shown* find(const Answer& answer) const;
  Shown& of(const Answer& answer);

  std::vector<VersionSample> samples_;  // those known at the first question
  std::vector<Shown> shown_;
  int asked_ = 0;
};

}  // namespace omicsfs

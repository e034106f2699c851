// SPDX-License-Identifier: MIT
#include "fs/sibling_watch.h"

#include <algorithm>

namespace omicsfs {

// The run of `directory`; where it has none, a new one in place of that which
// was used least recently.
SiblingWatch::Run& SiblingWatch::run_of(Inode directory) {
  const auto known = std::find_if(
      runs_.begin(), runs_.end(),
      [directory](const Run& run) { return run.directory == directory; });
  if (known != runs_.end()) {
    return *known;
  }
  Run& oldest = *std::min_element(
      runs_.begin(), runs_.end(),
      [](const Run& a, const Run& b) { return a.last_use < b.last_use; });
  oldest = Run{};
  oldest.directory = directory;
  return oldest;
}

SiblingWatch::Ahead SiblingWatch::observe(Inode directory,
                                          std::uint64_t position) {
  Run& run = run_of(directory);
  run.last_use = ++uses_;
  const bool behind =
      position <= run.position && run.position - position <= kMaxStep;
  if (run.opens > 0 && behind) {
    return {};  // opened again, or by another of several readers
  }
  const bool next =
      position > run.position && position - run.position <= kMaxStep;
  if (run.opens == 0 || !next) {
    run.opens = 1;
    run.position = position;
    run.ahead = 0;
    run.asked = 0;
    return {};
  }
  run.position = position;
  if (++run.opens < kRunBegins) {
    return {};
  }
  run.ahead = std::clamp(run.ahead * 2, kFirstAhead, kMostAhead);
  const std::uint64_t after = std::max(run.asked, position);
  run.asked = std::max(run.asked, position + run.ahead);
  return {after, run.asked - after};
}

}  // namespace omicsfs

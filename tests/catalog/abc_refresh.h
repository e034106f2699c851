// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/snapshot.h"
#include "catalog/source.h"
#include "tests/catalog/fake_web.h"
#include "tests/catalog/scratch_dir.h"

namespace omicsfs {

// A refresh of abc-atlas from a web of composed documents below
// "https://origin/".
class AbcRefresh {
 public:
  static constexpr std::int64_t kNow = 1800000000;

  SourceSettings settings{"https://origin", {}};
  FakeWeb web;
  std::vector<std::string> warnings;
  bool allow_empty = false;

  void publish(const std::string& release, const std::string& manifest);
  // Lists all that was published, in one page.
  void list_all();

  Result<SourceSummary> run();
  // The current snapshot. Fails the test where there is none.
  std::shared_ptr<const Snapshot> snapshot();
  [[nodiscard]] std::string state_dir() const { return dir_.path().native(); }

 private:
  ScratchDir dir_;
  std::vector<std::string> published_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "tests/support/origin_fault.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace omicsfs {
namespace {

struct NamedKind {
  std::string_view name;
  FaultKind kind;
};

constexpr std::array<NamedKind, 19> kKinds = {{
    {"status", FaultKind::kStatus},
    {"refuse-range", FaultKind::kRefuseRange},
    {"ignore-conditions", FaultKind::kIgnoreConditions},
    {"changed-etag", FaultKind::kChangedEtag},
    {"wrong-content-range", FaultKind::kWrongContentRange},
    {"wrong-total", FaultKind::kWrongTotal},
    {"wrong-length", FaultKind::kWrongLength},
    {"longer-body", FaultKind::kLongerBody},
    {"truncate", FaultKind::kTruncate},
    {"reset", FaultKind::kReset},
    {"stall-head", FaultKind::kStallHead},
    {"stall-body", FaultKind::kStallBody},
    {"trickle", FaultKind::kTrickle},
    {"gzip-claim", FaultKind::kGzipClaim},
    {"html", FaultKind::kHtml},
    {"redirect", FaultKind::kRedirect},
    {"flip-byte", FaultKind::kFlipByte},
    {"close-unanswered", FaultKind::kCloseUnanswered},
    {"close-on-accept", FaultKind::kCloseOnAccept},
}};

}  // namespace

Result<FaultKind> parse_fault_kind(std::string_view name) {
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(),
                   [&](const NamedKind& kind) { return kind.name == name; });
  if (found == kKinds.end()) {
    return Error{ErrorCode::kInvalid,
                 "no fault is called \"" + std::string(name) + "\""};
  }
  return found->kind;
}

bool FaultRules::Rule::roll() {
  const std::uint64_t number = seen++;
  if (number < fault.skip || struck >= fault.count) {
    return false;
  }
  if ((number - fault.skip) % std::max<std::uint64_t>(fault.every, 1) != 0) {
    return false;
  }
  // The top 53 bits, as a double in [0, 1).
  const double draw = static_cast<double>(dice() >> 11U) * 0x1.0p-53;
  if (draw >= fault.probability) {
    return false;
  }
  ++struck;
  return true;
}

void FaultRules::add(Fault fault) {
  const MutexLock lock(mutex_);
  std::mt19937_64 dice(fault.seed);
  rules_.push_back({std::move(fault), dice});
}

void FaultRules::clear() {
  const MutexLock lock(mutex_);
  rules_.clear();
}

std::vector<Fault> FaultRules::strike(const std::string& path) {
  const MutexLock lock(mutex_);
  std::vector<Fault> struck;
  for (Rule& rule : rules_) {
    const bool matches = rule.fault.kind != FaultKind::kCloseOnAccept &&
                         fnmatch(rule.fault.glob.c_str(), path.c_str(), 0) == 0;
    if (matches && rule.roll()) {
      struck.push_back(rule.fault);
    }
  }
  return struck;
}

bool FaultRules::strikes_connection() {
  const MutexLock lock(mutex_);
  bool struck = false;
  for (Rule& rule : rules_) {
    if (rule.fault.kind == FaultKind::kCloseOnAccept && rule.roll()) {
      struck = true;
    }
  }
  return struck;
}

}  // namespace omicsfs

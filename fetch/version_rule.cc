// SPDX-License-Identifier: MIT
#include "fetch/version_rule.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fetch/retry_after.h"

namespace omicsfs {
namespace {

using Validators = std::span<const Validator>;
using Field = std::string_view (*)(const Validator&);

std::string_view opaque_tag(const Validator& validator) {
  const std::string_view etag = validator.etag;
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

std::string_view date_text(const Validator& validator) {
  return validator.last_modified;
}

bool tells(Validators all, Field field) {
  return std::any_of(all.begin(), all.end(),
                     [&](const Validator& one) { return !field(one).empty(); });
}

bool has_value(Validators all, Field field, std::string_view value) {
  return !value.empty() &&
         std::any_of(all.begin(), all.end(),
                     [&](const Validator& one) { return field(one) == value; });
}

bool share_value(Validators some, Validators others, Field field) {
  return std::any_of(some.begin(), some.end(), [&](const Validator& one) {
    return has_value(others, field, field(one));
  });
}

bool both_tell(Validators some, Validators others, Field field) {
  return tells(some, field) && tells(others, field);
}

bool has_silent(Validators all) {
  return std::any_of(all.begin(), all.end(),
                     [](const Validator& one) { return one.empty(); });
}

// Point 5. A date that cannot be read tells of another version.
bool may_be_copy(const PinnedVersions& known, const Validator& seen) {
  if (seen.last_modified.empty() ||
      has_value(known.pinned, date_text, seen.last_modified)) {
    return true;
  }
  const auto date = parse_http_date(seen.last_modified);
  if (!date || *date >= known.since) {
    return false;
  }
  return !tells(known.pinned, date_text) ||
         std::any_of(known.pinned.begin(), known.pinned.end(),
                     [&](const Validator& one) {
                       const auto other = parse_http_date(one.last_modified);
                       return other &&
                              std::abs(*other - *date) <= kCopySpreadSeconds;
                     });
}

}  // namespace

bool share_version(Validators some, Validators others) {
  for (const Field field : {opaque_tag, date_text}) {
    if (both_tell(some, others, field)) {
      return share_value(some, others, field);
    }
  }
  return has_silent(some) && has_silent(others);
}

VersionVerdict judge_version(const PinnedVersions& known,
                             const Validator& seen) {
  if (known.pinned.empty()) {
    return VersionVerdict::kFirst;
  }
  const Validators answer(&seen, 1);
  const bool once_told =
      tells(known.pinned, opaque_tag) || tells(known.pinned, date_text);
  if (share_version(known.pinned, answer) && !(seen.empty() && once_told)) {
    return VersionVerdict::kSame;
  }
  const bool differs = both_tell(known.pinned, answer, opaque_tag) ||
                       both_tell(known.pinned, answer, date_text);
  const bool may_prove = !differs || known.has_digest;
  return may_prove && may_be_copy(known, seen) ? VersionVerdict::kUnproven
                                               : VersionVerdict::kOther;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/version_pin.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "catalog/url_identity.h"
#include "fetch/pin_text.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

std::string_view opaque_tag(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

bool contradicts(const Validator& pinned, const Validator& seen) {
  if (!pinned.etag.empty() && !seen.etag.empty()) {
    return opaque_tag(pinned.etag) != opaque_tag(seen.etag);
  }
  return !pinned.last_modified.empty() && !seen.last_modified.empty() &&
         pinned.last_modified != seen.last_modified;
}

std::string text_of(const Validator& validator) {
  return validator.etag.empty() ? validator.last_modified : validator.etag;
}

std::string place_of(const std::string& url) {
  return kept_place(printable_url(url));
}

// A url that was kept as its SHA-256 is no url any more, and stays.
VersionPin::Entries kept(VersionPin::Entries entries) {
  for (auto& [place, validator] : entries) {
    place = place_of(place);
    validator = kept_validator(validator);
  }
  return entries;
}

// The characters that RFC 9110 8.8.3 allows between the quotes.
bool is_tag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

}  // namespace

std::string strong_etag(const Validator& validator) {
  const std::string& etag = validator.etag;
  const bool quoted =
      etag.size() >= 2 && etag.front() == '"' && etag.back() == '"' &&
      std::all_of(etag.begin() + 1, etag.end() - 1, is_tag_char);
  return quoted ? etag : std::string();
}

Validator VersionPin::expected(const std::string& url) const {
  const std::string place = place_of(url);
  const MutexLock lock(mutex_);
  const Validator* only = nullptr;
  for (const auto& [known, validator] : entries_) {
    if (known == place) {
      if (only != nullptr) {
        return {};
      }
      only = &validator;
    }
  }
  return only == nullptr ? Validator{} : *only;
}

bool VersionPin::is_pinned(const std::string& url) const {
  const std::string place = place_of(url);
  const MutexLock lock(mutex_);
  return has(place);
}

bool VersionPin::has(const std::string& place) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const auto& entry) { return entry.first == place; });
}

Result<void> VersionPin::note(const std::string& url, const Validator& seen) {
  const MutexLock lock(mutex_);
  return note_at(place_of(url), kept_validator(seen));
}

Result<void> VersionPin::note_at(const std::string& place,
                                 const Validator& seen) {
  if (seen.empty()) {
    return {};
  }
  const Validator* other = nullptr;
  for (const auto& [known, validator] : entries_) {
    if (known == place && !contradicts(validator, seen)) {
      return {};
    }
    other = known == place ? &validator : other;
  }
  if (other != nullptr) {
    return Error{ErrorCode::kChanged,
                 fmt::format("{} has changed: it was {}, now it is {}", place,
                             text_of(*other), text_of(seen))};
  }
  if (entries_.size() < kMostPins) {
    add(place, seen);
  } else if (!is_known(seen)) {
    return Error{ErrorCode::kChanged,
                 fmt::format("{} has another version ({}) than the {} places "
                             "that were read before",
                             place, text_of(seen), kMostPins)};
  }
  return {};
}

void VersionPin::add(const std::string& place, const Validator& seen) {
  entries_.emplace_back(place, seen);
  ++revision_;
}

bool VersionPin::is_known(const Validator& seen) const {
  return std::any_of(
      entries_.begin(), entries_.end(), [&seen](const auto& entry) {
        const Validator& known = entry.second;
        const bool by_tag = !known.etag.empty() && !seen.etag.empty();
        const bool by_date =
            !known.last_modified.empty() && !seen.last_modified.empty();
        return (by_tag || by_date) && !contradicts(known, seen);
      });
}

// Whether one of `others` for `place` is pinned here, too.
bool VersionPin::shares_one(const Entries& others,
                            const std::string& place) const {
  for (const auto& [theirs, validator] : others) {
    for (const auto& [mine, known] : entries_) {
      if (theirs == place && mine == place && !contradicts(known, validator)) {
        return true;
      }
    }
  }
  return false;
}

// A place that several validators were kept for has replicas: each is taken,
// where one of them is known here or none is. One that finds no room must prove
// itself when it answers.
Result<void> VersionPin::merge(const Entries& others) {
  const Entries places = kept(others);
  const MutexLock lock(mutex_);
  for (const auto& [place, validator] : places) {
    if (entries_.size() >= kMostPins && !has(place)) {
      continue;
    }
    auto noted = note_at(place, validator);
    if (noted) {
      continue;
    }
    if (!shares_one(places, place)) {
      return noted;
    }
    if (entries_.size() < kMostPins) {
      add(place, validator);
    }
  }
  return {};
}

void VersionPin::add_replica(const std::string& url, const Validator& seen) {
  const std::string place = place_of(url);
  const Validator version = kept_validator(seen);
  const MutexLock lock(mutex_);
  if (!note_at(place, version) && entries_.size() < kMostPins) {
    add(place, version);
  }
}

void VersionPin::keep_sample(const VersionSample& sample) {
  const MutexLock lock(mutex_);
  if (!sample_) {
    sample_ = sample;
  }
}

std::optional<VersionSample> VersionPin::sample() const {
  const MutexLock lock(mutex_);
  return sample_;
}

VersionPin::Entries VersionPin::entries() const {
  const MutexLock lock(mutex_);
  return entries_;
}

unsigned VersionPin::revision() const {
  const MutexLock lock(mutex_);
  return revision_;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/version_pin.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <span>

#include "catalog/url_identity.h"
#include "fetch/pin_text.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

std::string text_of(const Validator& validator) {
  if (validator.empty()) {
    return "without a version";
  }
  return validator.etag.empty() ? validator.last_modified : validator.etag;
}

std::string place_of(const std::string& url) {
  return kept_place(printable_url(url));
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

std::int64_t VersionPin::clock() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void spread_samples(std::vector<VersionSample>& samples,
                    const VersionSample& sample) {
  constexpr std::size_t kMost = 3;
  const auto offset_of = [](const VersionSample& one) {
    return one.range.offset;
  };
  const auto at =
      std::ranges::lower_bound(samples, sample.range.offset, {}, offset_of);
  if (at != samples.end() && offset_of(*at) == sample.range.offset) {
    return;
  }
  samples.insert(at, sample);
  if (samples.size() <= kMost) {
    return;
  }
  const std::uint64_t ends = offset_of(samples[0]) + offset_of(samples[3]);
  const auto from_middle = [&](std::size_t i) {
    const std::uint64_t twice = 2 * offset_of(samples[i]);
    return std::max(twice, ends) - std::min(twice, ends);
  };
  samples.erase(samples.begin() + (from_middle(1) > from_middle(2) ? 1 : 2));
}

Validator VersionPin::expected(const std::string& url) const {
  const std::string place = place_of(url);
  const MutexLock lock(mutex_);
  const Validator* only = nullptr;
  for (const Pin& pin : pins_) {
    if (pin.place == place) {
      if (only != nullptr) {
        return {};
      }
      only = &pin.validator;
    }
  }
  return only == nullptr ? Validator{} : *only;
}

bool VersionPin::is_pinned(const std::string& url) const {
  const std::string place = place_of(url);
  const MutexLock lock(mutex_);
  return std::any_of(pins_.begin(), pins_.end(), [&](const Pin& pin) {
    return pin.place == place && !pin.validator.empty();
  });
}

bool VersionPin::has(const std::string& place) const {
  return std::any_of(pins_.begin(), pins_.end(),
                     [&](const Pin& pin) { return pin.place == place; });
}

std::vector<Validator> VersionPin::pinned_at(const std::string& place) const {
  const bool all = !has(place) && pins_.size() >= kMostPins;
  std::vector<Validator> pinned;
  for (const Pin& pin : pins_) {
    if (!pin.is_theirs && (all || pin.place == place)) {
      pinned.push_back(pin.validator);
    }
  }
  return pinned;
}

VersionVerdict VersionPin::judge_at(const std::string& place,
                                    const Validator& seen,
                                    bool has_digest) const {
  const auto pinned = pinned_at(place);
  return judge_version({pinned, since_, has_digest}, seen);
}

VersionVerdict VersionPin::judge(const std::string& url, const Validator& seen,
                                 bool has_digest) const {
  const MutexLock lock(mutex_);
  return judge_at(place_of(url), kept_validator(seen), has_digest);
}

Result<void> VersionPin::note(const std::string& url, const Validator& seen) {
  const std::string place = place_of(url);
  const Validator version = kept_validator(seen);
  const MutexLock lock(mutex_);
  switch (judge_at(place, version, false)) {
    case VersionVerdict::kFirst:
      add(place, version, false);
      return {};
    case VersionVerdict::kSame:
      for (Doubted& one : doubted_) {
        one.has_company = one.has_company || one.place == place;
      }
      return {};
    case VersionVerdict::kUnproven:
    case VersionVerdict::kOther:
      doubt(place, version);
      break;
  }
  return changed(place, version);
}

void VersionPin::doubt(const std::string& place, const Validator& seen) {
  const auto known =
      std::find_if(doubted_.begin(), doubted_.end(), [&](const Doubted& one) {
        return one.place == place && one.version == seen;
      });
  if (known != doubted_.end()) {
    return;
  }
  if (doubted_.size() == kMostPins) {
    doubted_.erase(doubted_.begin());
  }
  doubted_.push_back({place, seen});
}

bool VersionPin::has_company(const std::string& url,
                             const Validator& seen) const {
  const std::string place = place_of(url);
  const Validator version = kept_validator(seen);
  const MutexLock lock(mutex_);
  return !needs_company(version) ||
         std::any_of(doubted_.begin(), doubted_.end(), [&](const Doubted& one) {
           return one.place == place && one.version == version &&
                  one.has_company;
         });
}

bool VersionPin::has_shown_end(const std::string& url) const {
  const std::string place = place_of(url);
  const MutexLock lock(mutex_);
  return std::find(ended_.begin(), ended_.end(), place) != ended_.end();
}

void VersionPin::note_end(const std::string& url) {
  std::string place = place_of(url);
  const MutexLock lock(mutex_);
  if (ended_.size() == kMostPins) {
    ended_.erase(ended_.begin());
  }
  ended_.push_back(std::move(place));
}

Error VersionPin::changed(const std::string& place,
                          const Validator& seen) const {
  const auto known =
      std::find_if(pins_.rbegin(), pins_.rend(),
                   [&](const Pin& pin) { return pin.place == place; });
  if (known == pins_.rend()) {
    return {ErrorCode::kChanged,
            fmt::format("{} has another version ({}) than the {} places "
                        "that were read before",
                        place, text_of(seen), kMostPins)};
  }
  return {ErrorCode::kChanged,
          fmt::format("{} has changed: it was {}, now it is {}", place,
                      text_of(known->validator), text_of(seen))};
}

void VersionPin::add(const std::string& place, const Validator& seen,
                     bool is_theirs) {
  pins_.push_back({place, seen, is_theirs});
  ++revision_;
}

// A place that several validators were kept for has replicas. What finds no
// room must prove itself when it answers.
Result<void> VersionPin::merge_at(const std::string& place,
                                  const std::vector<Validator>& theirs) {
  std::vector<Validator> known;
  for (const Pin& pin : pins_) {
    if (pin.place == place) {
      known.push_back(pin.validator);
    }
  }
  if (!known.empty() && !share_version(known, theirs)) {
    return changed(place, theirs.front());
  }
  has_replicas_ = has_replicas_ || theirs.size() > 1;
  const bool must_prove = !known.empty() && !samples_.empty();
  for (const Validator& one : theirs) {
    const bool is_new =
        known.empty() || !share_version(known, std::span(&one, 1));
    if (is_new && pins_.size() < kMostPins) {
      add(place, one, must_prove);
    }
  }
  return {};
}

Result<void> VersionPin::merge(const Entries& others, std::int64_t since) {
  std::map<std::string, std::vector<Validator>> places;
  for (const auto& [place, validator] : others) {
    places[place_of(place)].push_back(kept_validator(validator));
  }
  const MutexLock lock(mutex_);
  for (const auto& [place, validators] : places) {
    if (auto merged = merge_at(place, validators); !merged) {
      return merged;
    }
    since_ = std::min(since_, since);
  }
  return {};
}

void VersionPin::add_replica(const std::string& url, const Validator& seen) {
  const std::string place = place_of(url);
  const Validator version = kept_validator(seen);
  const MutexLock lock(mutex_);
  has_replicas_ = true;
  std::erase_if(doubted_, [&](const Doubted& one) {
    return one.place == place && one.version == version;
  });
  if (version.empty() ||
      judge_at(place, version, true) == VersionVerdict::kSame) {
    return;
  }
  const auto theirs = std::find_if(pins_.begin(), pins_.end(), [&](Pin& pin) {
    return pin.place == place && pin.validator == version;
  });
  if (theirs != pins_.end()) {
    theirs->is_theirs = false;
  } else if (pins_.size() < kMostPins) {
    add(place, version, false);
  }
}

void VersionPin::keep_sample(const VersionSample& sample) {
  const MutexLock lock(mutex_);
  spread_samples(samples_, sample);
}

std::vector<VersionSample> VersionPin::samples() const {
  const MutexLock lock(mutex_);
  return samples_;
}

bool VersionPin::has_replicas() const {
  const MutexLock lock(mutex_);
  return has_replicas_;
}

std::int64_t VersionPin::since() const {
  const MutexLock lock(mutex_);
  return since_;
}

VersionPin::Entries VersionPin::entries() const {
  const MutexLock lock(mutex_);
  Entries entries;
  for (const Pin& pin : pins_) {
    entries.emplace_back(pin.place, pin.validator);
  }
  return entries;
}

unsigned VersionPin::revision() const {
  const MutexLock lock(mutex_);
  return revision_;
}

}  // namespace omicsfs

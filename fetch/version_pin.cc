// SPDX-License-Identifier: MIT
#include "fetch/version_pin.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "catalog/url_identity.h"
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

// The characters that RFC 9110 8.8.3 allows between the quotes.
bool is_tag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

// However the url is signed: it is the same object.
template <typename Pins>
auto pin_of(Pins& entries, const std::string& url) {
  const std::string object = object_url(url);
  return std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.first == url || object_url(entry.first) == object;
  });
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
  const MutexLock lock(mutex_);
  const auto pin = pin_of(entries_, url);
  return pin == entries_.end() ? Validator{} : pin->second;
}

Result<void> VersionPin::note(const std::string& url, const Validator& seen) {
  if (seen.empty()) {
    return {};
  }
  const MutexLock lock(mutex_);
  const auto pin = pin_of(entries_, url);
  if (pin == entries_.end()) {
    entries_.emplace_back(object_url(url), seen);
    ++revision_;
    return {};
  }
  if (contradicts(pin->second, seen)) {
    return Error{
        ErrorCode::kChanged,
        fmt::format("{} has changed: it was {}, now it is {}",
                    printable_url(url), text_of(pin->second), text_of(seen))};
  }
  return {};
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

// SPDX-License-Identifier: MIT
#include "fetch/learned_urls.h"

#include <algorithm>
#include <utility>

namespace omicsfs {

LearnedUrls::State LearnedUrls::of(const std::string& address, Time now) {
  const auto found = entries_.find(address);
  if (found == entries_.end()) {
    return {};
  }
  if (found->second.until <= now) {
    entries_.erase(found);
    return {};
  }
  found->second.used = now;
  return found->second.state;
}

void LearnedUrls::learned(const std::string& address, std::string url,
                          Time until, Time now) {
  keep(address, {{std::move(url), {}}, until, now});
}

void LearnedUrls::failed(const std::string& address, Error why, Time until,
                         Time now) {
  keep(address, {{"", std::move(why)}, until, now});
}

void LearnedUrls::refused(const std::string& address, const std::string& url) {
  const auto found = entries_.find(address);
  if (found != entries_.end() && found->second.state.url == url) {
    entries_.erase(found);
  }
}

void LearnedUrls::keep(const std::string& address, Entry entry) {
  entries_[address] = std::move(entry);
  if (entries_.size() <= most_) {
    return;
  }
  // That is a walk of some thousand entries for each that is learned beyond
  // them, and each of those costs an exchange.
  entries_.erase(std::min_element(entries_.begin(), entries_.end(),
                                  [](const auto& one, const auto& other) {
                                    return one.second.used < other.second.used;
                                  }));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/mirrors.h"

#include <algorithm>

namespace omicsfs {
namespace {

void add_once(std::vector<std::string>& urls, const std::string& url) {
  if (std::find(urls.begin(), urls.end(), url) == urls.end()) {
    urls.push_back(url);
  }
}

const Mirrors::Rule* longest_match(const std::vector<Mirrors::Rule>& rules,
                                   const std::string& url) {
  const Mirrors::Rule* best = nullptr;
  for (const Mirrors::Rule& rule : rules) {
    const bool longer = !best || rule.first.size() > best->first.size();
    if (longer && url.starts_with(rule.first)) {
      best = &rule;
    }
  }
  return best;
}

}  // namespace

std::vector<std::string> Mirrors::candidates(
    const std::vector<std::string>& urls) const {
  std::vector<std::string> out;
  for (const std::string& url : urls) {
    add_once(out, url);
    const Rule* rule = longest_match(rules_, url);
    if (!rule) {
      continue;
    }
    for (const std::string& prefix : rule->second) {
      add_once(out, prefix + url.substr(rule->first.size()));
    }
  }
  return out;
}

}  // namespace omicsfs

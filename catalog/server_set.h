// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "catalog/marked_url.h"
#include "catalog/web_place.h"

namespace omicsfs {

// The servers that the urls of a catalog name, as web_server() writes them: up
// to kMost, which is far more than a catalog of one provider has.
class ServerSet {
 public:
  static constexpr std::size_t kMost = 256;

  // `urls` may be marked (marked_url.h); one that is no url is skipped.
  void note(const std::vector<std::string>& urls) {
    for (const std::string& url : urls) {
      const auto marked = parse_marked_url(url);
      const std::string& place = marked ? marked->url : url;
      if (servers_.size() < kMost && is_web_place(place)) {
        servers_.insert(web_server(place));
      }
    }
  }
  [[nodiscard]] const std::set<std::string>& servers() const {
    return servers_;
  }

 private:
  std::set<std::string> servers_;
};

}  // namespace omicsfs

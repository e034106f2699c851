// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/source.h"

namespace omicsfs {

// Documents by url, and what was asked of them.
class FakeWeb {
 public:
  std::map<std::string, std::string> documents;
  std::vector<std::string> asked;

  // This web as a source sees it; it must outlive the function.
  Download download() {
    return [this](const std::string& url, std::uint64_t max_bytes) {
      return get(url, max_bytes);
    };
  }

 private:
  Result<std::string> get(const std::string& url, std::uint64_t max_bytes) {
    asked.push_back(url);
    const auto found = documents.find(url);
    if (found == documents.end()) {
      return Error{ErrorCode::kNotFound, url + ": 404"};
    }
    if (found->second.size() > max_bytes) {
      return Error{ErrorCode::kInvalid, url + ": too large"};
    }
    return found->second;
  }
};

}  // namespace omicsfs

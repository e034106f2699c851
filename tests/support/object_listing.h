// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "tests/support/http_request.h"
#include "tests/support/object_store.h"

// Pages of S3's ListObjectsV2 (Amazon S3 API Reference, 2006-03-01). Pure.

namespace omicsfs {

struct ListingQuery {
  std::string prefix;
  std::string delimiter;
  std::string after;  // the last item of the page before, or start-after
  std::string token;  // as sent, to be echoed
  std::size_t max_keys = 1000;
  bool url_encoded = false;
};

// `page_size` is the most that max-keys may ask for.
// Errors: kInvalid for a bad max-keys or continuation-token.
Result<ListingQuery> parse_listing_query(const QueryFields& fields,
                                         std::size_t page_size);

// The page's XML. `objects` are in the order of their keys and all begin with
// the query's prefix.
[[nodiscard]] std::string listing_page(
    const ListingQuery& query, const std::vector<ListedObject>& objects);

// An S3 error document.
[[nodiscard]] std::string s3_error(std::string_view code,
                                   std::string_view message);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

namespace omicsfs {

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;           // as listed, quotes included; "" = none
  std::string last_modified;  // as listed; "" = none
};

// An entry of a document that cannot be taken.
struct EntryFault {
  std::string place;  // where it is, or its name, for people
  std::string why;
};

using OnEntryFault = std::function<void(const EntryFault& fault)>;

// One page of a ListObjectsV2 answer (Amazon S3 API Reference, 2006-03-01).
struct S3Page {
  std::vector<S3Object> objects;
  std::vector<std::string> common_prefixes;
  std::vector<EntryFault> faults;  // objects that are left out
  bool is_truncated = false;
  std::string next_token;  // not empty where is_truncated
};

// Parses the page's XML; keys and prefixes are decoded where the page says
// EncodingType url. An object or prefix that is a bad one is left out.
// Errors: for an <Error> document its Code and Message (kNotFound where the
// Code begins with NoSuch, else kUnavailable); kInvalid for anything that is
// not a page, naming what is wrong; kUnavailable, it has fewer keys than its
// KeyCount says.
Result<S3Page> parse_s3_page(std::string_view xml);

}  // namespace omicsfs

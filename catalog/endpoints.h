// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace omicsfs {

// Where the addresses of buckets and of repositories lead: base urls with a
// slash at the end; "" = to the service that all know.
struct Endpoints {
  std::string s3;   // of s3://; each bucket is a folder below it
  std::string hub;  // of hf://; a Hugging Face Hub
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/s3_page.h"
#include "catalog/source.h"

namespace omicsfs {

// A page of 1000 keys of 1 KiB, all of them escaped, is about 4 MiB.
inline constexpr std::uint64_t kMaxS3PageBytes = std::uint64_t{16} << 20U;
// Ends a listing that a server never ends; a million keys at 1000 a page.
inline constexpr std::size_t kMaxS3Pages = 1000;

// The url of one page of the keys that begin with `prefix`, in the bucket whose
// root is `base_url` (which ends with '/'). `token` is the page before's, or
// "".
[[nodiscard]] std::string s3_page_url(std::string_view base_url,
                                      std::string_view prefix,
                                      std::string_view token);

// The url that lists on behind the page at `url`, which names `token`.
[[nodiscard]] std::string s3_next_url(std::string_view url,
                                      std::string_view token);

// Every object whose key begins with `prefix`, in the server's order.
// `on_fault` is told of each that is left out. Errors: those of `download` and
// parse_s3_page; kInvalid where a key does not begin with `prefix`, a token
// comes again, or there are too many pages.
Result<std::vector<S3Object>> list_s3(const std::string& base_url,
                                      const std::string& prefix,
                                      const Download& download,
                                      const OnEntryFault& on_fault = {});

}  // namespace omicsfs

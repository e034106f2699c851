// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/s3_page.h"

namespace omicsfs {

// What a directory index tells of one name.
struct IndexEntry {
  std::string name;  // decoded; fit for a directory of ours (entry_name.h)
  bool is_directory = false;
  // Bytes, where all digits are told: nginx does unless it is set otherwise,
  // Apache only of files below 973 bytes (then 1.2K and the like).
  std::optional<std::uint64_t> size{};
  // Seconds since the epoch, the time that is told being taken for UTC, which
  // nginx tells by default; of other servers it may be hours off.
  std::optional<std::int64_t> modified{};
};

// The page by which a web server shows a directory, as nginx
// (ngx_http_autoindex_module), Apache (mod_autoindex, as a list, preformatted
// or as a table), lighttpd (mod_dirlisting) and Python's http.server write it:
// each link to a name just below the page, in the page's order. Links to
// anywhere else, and those that sort the page, are passed over.
// A link to what no directory can hold is left out, and told to `on_fault`.
// Errors: kInvalid, the page has no link at all.
Result<std::vector<IndexEntry>> parse_directory_index(
    std::string_view html, const OnEntryFault& on_fault = {});

}  // namespace omicsfs

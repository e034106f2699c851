// SPDX-License-Identifier: MIT
#include "catalog/entry_name.h"
#include "catalog/line_reader.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMaxUrlLine = std::size_t{64} << 10U;

// As wget -x would put it: the host, then the names of the url's path. What
// stands at an url that ends in a slash has no name.
Result<void> read_url(ManifestEntry& entry, std::string_view url,
                      const Endpoints& endpoints) {
  if (auto added = add_url(entry, url, endpoints); !added) {
    return added;
  }
  if (url_name(entry.urls.front()).empty()) {
    return Error{ErrorCode::kInvalid, omicsfs::quoted(url) + " names no file"};
  }
  entry.path = url_path(entry.urls.front());
  entry.is_named_by_url = true;
  return {};
}

}  // namespace

Result<void> read_urls_manifest(const ManifestText& text,
                                const ManifestEvents& events) {
  LineReader lines(text.read, kMaxUrlLine);
  while (true) {
    const auto line = lines.next();
    if (!line || !*line) {
      return line ? Result<void>() : line.error();
    }
    const std::size_t begin = (*line)->find_first_not_of(" \t");
    if (begin == std::string_view::npos || (**line)[begin] == '#') {
      continue;
    }
    const std::size_t end = (*line)->find_last_not_of(" \t");
    ManifestEntry entry;
    const auto read = read_url(entry, (*line)->substr(begin, end + 1 - begin),
                               text.endpoints);
    if (auto given = give_entry(events, entry, lines.place(), read); !given) {
      return given;
    }
  }
}

}  // namespace omicsfs

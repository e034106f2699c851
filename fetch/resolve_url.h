// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omicsfs {

// An address whose object lies elsewhere, at a url that is good for a while
// only, and how that is found. Two forms of a text, which may stand wherever a
// RemoteFile has a url:
//   "resolve:<api_url>#<field>": the JSON document at `api_url` tells it, in
//     the member that `field` leads to, as in
//     "resolve:https://h/v1/dataset/7/#download_url" or "…#computed_file.url".
//   "redirect:<api_url>": a GET of `api_url` is redirected to it, as in
//     "redirect:https://h/files/F1/@@download/F1.bam". Where it is not, the
//     object lies at `api_url` itself.
struct ResolveUrl {
  std::string api_url;             // http or https, without a fragment
  std::vector<std::string> field;  // keys, the outermost first; none: redirect
};

// None where `url` is no such text. Pure.
[[nodiscard]] std::optional<ResolveUrl> parse_resolve_url(std::string_view url);

// The text of the first form. REQUIRES: `api_url` has no '#'.
[[nodiscard]] std::string resolve_url(std::string_view api_url,
                                      std::string_view field);
// The text of the second form. REQUIRES: `api_url` has no '#'.
[[nodiscard]] std::string redirect_url(std::string_view api_url);

}  // namespace omicsfs

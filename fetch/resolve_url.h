// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omicsfs {

// An address whose object lies elsewhere, at a url that is good for a while
// only: a JSON document at `api_url` tells it, in the member that `field` leads
// to. As a text "resolve:<api_url>#<field>", as in
// "resolve:https://h/v1/dataset/7/#download_url" or "…#computed_file.url".
struct ResolveUrl {
  std::string api_url;             // http or https
  std::vector<std::string> field;  // keys, the outermost first
};

// None where `url` is no such text. Pure.
[[nodiscard]] std::optional<ResolveUrl> parse_resolve_url(std::string_view url);

// The text. REQUIRES: `api_url` has no '#'.
[[nodiscard]] std::string resolve_url(std::string_view api_url,
                                      std::string_view field);

}  // namespace omicsfs

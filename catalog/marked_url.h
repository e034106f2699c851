// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omicsfs {

// An address whose bytes a GET of it alone does not bring, and what does. Three
// forms of a text, which may stand wherever a RemoteFile has a url:
//   "resolve:<url>#<field>": the JSON document at `url` tells where the object
//     lies, for a while, in the member that `field` leads to, as in
//     "resolve:https://h/v1/dataset/7/#download_url" or "…#computed_file.url".
//   "redirect:<url>": a GET of `url` is redirected to where the object lies,
//     for a while, as in "redirect:https://h/files/F1/@@download/F1.bam". Where
//     it is not, the object lies at `url` itself.
//   "token:<name>:<url>": the object lies at `url`, or where a GET of it is
//     redirected to, and the server of `url` is to be shown the token that the
//     settings call so.
struct MarkedUrl {
  enum class Kind { kResolve, kRedirect, kToken };

  Kind kind;
  std::string url;                   // http or https, without a fragment
  std::vector<std::string> field{};  // of kResolve: keys, the outermost first
  std::string token{};               // of kToken: a name, and never a secret
};

// None where `text` is no such address. Pure, as are all of these.
[[nodiscard]] std::optional<MarkedUrl> parse_marked_url(std::string_view text);

// The texts of the three forms. REQUIRES: `url` is one of http or https without
// a '#', `field` is not empty, and is_token_name(name).
[[nodiscard]] std::string resolve_url(std::string_view url,
                                      std::string_view field);
[[nodiscard]] std::string redirect_url(std::string_view url);
[[nodiscard]] std::string token_url(std::string_view name,
                                    std::string_view url);

// The url that `text` marks; `text` itself where it is no such address.
[[nodiscard]] std::string_view plain_url(std::string_view text);

// Whether a token may be called so: lower case letters, digits and '-', 1 to
// 64, of which the first is a letter.
[[nodiscard]] bool is_token_name(std::string_view name);

}  // namespace omicsfs

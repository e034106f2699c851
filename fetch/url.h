// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/remote_file.h"
#include "fetch/byte_range.h"

// What this layer needs to know of a url's text. Pure.

namespace omicsfs {

// What stands between a url's scheme and its server.
inline constexpr std::string_view kSchemeEnd = "://";

// Whether `url` begins with http:// or https:// in any case, names a host and
// holds neither spaces nor control characters.
[[nodiscard]] bool is_http_url(std::string_view url);

// "scheme://host:port" in lower case, without user and password: what shares
// one server. REQUIRES: is_http_url(url).
[[nodiscard]] std::string server_of(std::string_view url);

// What shares one server with `url`, which may be marked
// (catalog/marked_url.h);
// "" where it is neither.
[[nodiscard]] std::string server_or_none(std::string_view url);

// What `reference`, in an answer to `base`, means (RFC 3986 5.2), without a
// fragment. REQUIRES: is_http_url(base).
[[nodiscard]] std::string resolved_reference(std::string_view base,
                                             std::string_view reference);

// `url` as a message may show it: without its mark, without user and password,
// and without the query and fragment, which may hold a signature.
[[nodiscard]] std::string printable_url(std::string_view url);

// Where the bytes of `file` come from, for people: its first url as
// printable_url has it, or its path; of an archive's member, the archive's.
[[nodiscard]] std::string origin_text(const RemoteFile& file);

// "GET <printable url> bytes=<first>-<last>", for messages.
[[nodiscard]] std::string describe_get(std::string_view url,
                                       std::optional<ByteRange> range);

}  // namespace omicsfs

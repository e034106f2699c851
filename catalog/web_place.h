// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/endpoints.h"
#include "catalog/result.h"

// Where a document of a catalogue lies, and where what it names lies. Pure.

namespace omicsfs {

// Whether `place` begins with http:// or https:// in any case, names a host and
// holds neither white space nor control characters.
[[nodiscard]] bool is_web_place(std::string_view place);

// Why `url`, which is no web place, is none: kInvalid, with what to write in
// its place where that is known. A user and what follows a '?' may be secret
// and are not told.
[[nodiscard]] Error no_web_place(std::string_view url);

// Whether `text` begins with a scheme (RFC 3986 3.1) and a colon.
[[nodiscard]] bool has_scheme(std::string_view text);

// `url` as one of http or https: such a one as it is; s3://bucket/key and
// gs://bucket/key as the public address of that object, or as the one below
// `endpoints.s3`. Errors: kInvalid, of another scheme, as file:, or no url.
Result<std::string> web_url(std::string_view url,
                            const Endpoints& endpoints = {});

// What shares one server with `url`: "scheme://host:port" in lower case,
// without a user, and without the port that its scheme has anyway. REQUIRES:
// is_web_place(url).
[[nodiscard]] std::string web_server(std::string_view url);

// The folder of the document at `place`, an http(s) url or an absolute path,
// with a slash at its end; of a url without its query.
[[nodiscard]] std::string folder_of(std::string_view place);

// The last name of the path of `url`, decoded; "" where there is none.
[[nodiscard]] std::string url_name(std::string_view url);
// Its host and path, decoded, as in "h/a/b".
[[nodiscard]] std::string url_path(std::string_view url);

// The value of `name` in the query of `url`, decoded; none where it has none.
[[nodiscard]] std::optional<std::string> query_value(std::string_view url,
                                                     std::string_view name);

}  // namespace omicsfs

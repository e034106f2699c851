// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace omicsfs {

// The same object, at the endpoint of S3 in `region`. `url` is of one of
// Amazon's endpoints, "[bucket.]s3.amazonaws.com", "…s3.<region>.amazonaws.com"
// or "…s3-<region>.amazonaws.com" (AWS General Reference, "Amazon S3 endpoints
// and quotas"); "" where it is of none, or of `region` already, or where that
// is no name of a region. Pure. REQUIRES: is_http_url(url).
[[nodiscard]] std::string url_in_region(std::string_view url,
                                        std::string_view region);

}  // namespace omicsfs

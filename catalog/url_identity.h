// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

// Which object a url names, and whose it is: what the block cache may share.
// Pure.

namespace omicsfs {

// `url` without what only shows that one may read it: the parameters of a
// signature of Amazon S3 (both kinds), CloudFront, Google Cloud Storage (both
// kinds), Azure (SAS), Alibaba's OSS or Tencent's COS. All other parameters
// stay, in their order, and so does every parameter of a url that is not
// signed. `url` may be marked (catalog/marked_url.h).
[[nodiscard]] std::string object_url(std::string_view url);

// Who publishes the object at `url`: its server, and where many publish on one
// server (a bucket in a path, a repository of a hub) the first names of its
// path. `url` may be marked.
[[nodiscard]] std::string publisher_of(std::string_view url);

// The publishers of all `urls`, each once, in the order of their names: any of
// them may fill the file, so all must be trusted alike.
[[nodiscard]] std::vector<std::string> publishers_of(
    const std::vector<std::string>& urls);

}  // namespace omicsfs

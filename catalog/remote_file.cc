// SPDX-License-Identifier: MIT
#include "catalog/remote_file.h"

#include <span>

namespace omicsfs {

std::string content_key(const RemoteFile& file) {
  const std::string size = std::to_string(file.size);
  if (file.digest.has_value()) {
    return std::string(digest_kind_name(file.digest->kind)) + "-" +
           file.digest->hex + "-" + size;
  }
  // NUL occurs in neither a url nor a header, so the parts cannot run together.
  std::string identity = file.urls.empty() ? "" : file.urls.front();
  identity += '\0' + file.validator;
  identity += '\0' + size;
  return "url-" +
         digest_of(DigestKind::kSha256, std::as_bytes(std::span(identity))).hex;
}

}  // namespace omicsfs

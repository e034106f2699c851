// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "catalog/result.h"
#include "fetch/resolving_transport.h"
#include "fs/settings.h"

// Tokens of providers' APIs, and those that manifests name: secrets of the
// user's, in files that nobody else may read, or in the environment.

namespace omicsfs {

// The token of `source`: of OMICSFS_REFINE_BIO_TOKEN and the like, else of
// <state_dir>/tokens/<source>; "" where there is none. Errors: kInvalid, others
// may read the file, or it holds no token; kIo.
Result<std::string> load_token(const std::filesystem::path& state_dir,
                               std::string_view source);
// The token `name` of the settings, likewise: of OMICSFS_TOKEN_<NAME>, else of
// <state_dir>/tokens/<name>. Errors: as above; kInvalid also where there is
// none.
Result<std::string> named_token(const std::filesystem::path& state_dir,
                                std::string_view name);
// Keeps that of `source`, with mode 0600. Errors: kIo, kNoSpace.
Result<void> save_token(const std::filesystem::path& state_dir,
                        std::string_view source, const std::string& token);

// Where refine.bio's API is, by the settings.
[[nodiscard]] std::string refine_api_base(const Settings& settings);

// Which header an address is to be asked for with. A document of an API: the
// token of its source, and only at that source's own server; none is read where
// no archive of the settings needs one. What names a token: that one, and only
// at the server that the settings tell; all are read now, and where one is
// missing that is told when it is needed. Errors: as load_token.
Result<ResolvingTransport::HeaderFor> secret_headers(const Settings& settings);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "catalog/listing_page.h"
#include "catalog/source.h"

// Sources that are driven by a list of the files that a server has.

namespace omicsfs {

// More bytes, of all its pages, are no listing: a million names of 64 bytes.
inline constexpr std::uint64_t kMaxListingBytes = std::uint64_t{64} << 20U;

// Ends a listing that a server never ends.
inline constexpr std::size_t kMaxListingPages = 10'000;

// The files that the setting `listing` names, or, where it is not set, all of
// the bucket at base_url. A listing of the web goes on where its Link header
// leads, or where S3 says that it does. base_url is the setting of that name;
// where it is not set, it is told by the listing's own url if that is of a
// directory index or of the Hugging Face Hub; else it is `default_url`, and
// where that is "", too, the bucket of S3's pages and the folder of a list of
// names.
// An entry that is a bad one is left out with a warning, as is a path that
// comes again. Errors: those of parse_listing_page, of list_s3 and of
// read_document; kInvalid, it has bad entries only, is over kMaxListingBytes,
// does not end, goes on although it is no url, or does not tell where its files
// are; kUnavailable, a further page is of another form, or it has none of the
// files that the current catalog has.
Result<std::vector<ListedFile>> list_files(const SourceInput& input,
                                           std::string_view default_url);

// Asks for the sizes that the listing does not tell, one by one. Files that are
// not there are left out, with a warning. Errors: kInterrupted; kUnavailable;
// kInvalid, together they have more bytes than can be counted.
Result<void> find_sizes(const SourceInput& input,
                        std::vector<ListedFile>& files);

// The file as it is fetched. REQUIRES: its size is known.
[[nodiscard]] RemoteFile remote_file_of(const ListedFile& file);

}  // namespace omicsfs

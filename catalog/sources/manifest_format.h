// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace omicsfs {

// What a list of files may be. In brackets, what it is known by.
enum class ManifestFormat {
  kUnknown,
  kPackage,    // Frictionless Data Package, ours [an object, "resources"]
  kLines,      // ours as JSON Lines [an object a line, "path" or "data"]
  kHub,        // Hugging Face's tree [an array]
  kCrate,      // RO-Crate [an object, "@graph"]
  kCroissant,  // [an object, "@context", "distribution"]
  kDrs,        // GA4GH DRS [an object, "access_methods" or "contents"]
  kS3,         // ListObjectsV2 [XML]
  kBag,        // BagIt's fetch.txt [url, size, path in a line]
  kTable,      // of GDC and IGS [tabs, "id" and "md5" or "size" in its header]
  kUrls,       // [an url a line]
};

// As many first bytes tell what a document is.
inline constexpr std::size_t kFormatBytes = std::size_t{64} << 10U;

// What the document is that begins with `first`: kFormatBytes, or all of it
// where it is shorter. Pure.
[[nodiscard]] ManifestFormat manifest_format(std::string_view first);

// "an S3 listing" and the like.
[[nodiscard]] std::string_view format_title(ManifestFormat format);

}  // namespace omicsfs

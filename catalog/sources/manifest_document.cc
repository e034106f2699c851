// SPDX-License-Identifier: MIT
#include <algorithm>
#include <span>

#include "catalog/document_text.h"
#include "catalog/sources/manifest_format.h"
#include "catalog/sources/manifest_readers.h"

namespace omicsfs {
namespace {

constexpr std::string_view kMarkOfUtf8 = "\xEF\xBB\xBF";

Result<void> read_format(ManifestFormat format, const ManifestText& text,
                         const ManifestEvents& events) {
  switch (format) {
    case ManifestFormat::kUnknown:
      break;
    case ManifestFormat::kPackage:
      return read_package_manifest(text, events);
    case ManifestFormat::kLines:
      return read_lines_manifest(text, events);
    case ManifestFormat::kHub:
      return read_hub_manifest(text, events);
    case ManifestFormat::kCrate:
      return read_crate_manifest(text, events);
    case ManifestFormat::kCroissant:
      return read_croissant_manifest(text, events);
    case ManifestFormat::kDrs:
      return read_drs_manifest(text, events);
    case ManifestFormat::kS3:
      return read_s3_manifest(text, events);
    case ManifestFormat::kBag:
      return read_bag_manifest(text, events);
    case ManifestFormat::kTable:
      return read_table_manifest(text, events);
    case ManifestFormat::kUrls:
      return read_urls_manifest(text, events);
  }
  return Error{ErrorCode::kInvalid,
               "it is none of the manifests that are known: a Data Package, "
               "JSON lines, an RO-Crate, a Croissant description, a DRS "
               "object, a tree of Hugging Face's, an S3 listing, a fetch.txt "
               "of BagIt, a table of GDC's or IGS's, a list of urls"};
}

}  // namespace

Result<void> read_manifest(const ManifestText& text,
                           const ManifestEvents& events) {
  auto first = first_bytes(text.read, kFormatBytes);
  if (!first) {
    return first.error();
  }
  const ManifestFormat format = manifest_format(*first);
  if (first->starts_with(kMarkOfUtf8)) {
    first->erase(0, kMarkOfUtf8.size());
  }
  std::size_t given = 0;
  ManifestText whole = text;
  whole.read = [&](std::span<char> out) -> Result<std::size_t> {
    if (given == first->size()) {
      return text.read(out);
    }
    const std::size_t count = first->copy(out.data(), out.size(), given);
    given += count;
    return count;
  };
  auto done = read_format(format, whole, events);
  const bool told = done || format == ManifestFormat::kUnknown;
  return told ? done : done.error().within(std::string(format_title(format)));
}

}  // namespace omicsfs

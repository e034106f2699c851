// SPDX-License-Identifier: MIT
#pragma once

#include "catalog/sources/manifest_entry.h"

// Reads a manifest of one format each, in the file of its name. All stream:
// memory is what one file's description takes, but where it says otherwise.
// Errors of all: those of what they read and of ManifestEvents::file; kInvalid,
// the document as a whole breaks its format.

namespace omicsfs {

// Frictionless Data Package v2 (https://datapackage.org/standard/data-package/)
// with our keys, omicsfs-manifest(5).
Result<void> read_package_manifest(const ManifestText& text,
                                   const ManifestEvents& events);
// The same, a resource a line.
Result<void> read_lines_manifest(const ManifestText& text,
                                 const ManifestEvents& events);
// The tree of a repository as the Hub of Hugging Face lists it:
// https://huggingface.co/api/datasets/OWNER/NAME/tree/REVISION?recursive=true
// With all its pages where text.linked is given. The base of a document that
// does not lie there must be.
Result<void> read_hub_manifest(const ManifestText& text,
                               const ManifestEvents& events);
// RO-Crate 1.2, ro-crate-metadata.json: its entities of the type File.
Result<void> read_crate_manifest(const ManifestText& text,
                                 const ManifestEvents& events);
// Croissant 1.1: its FileObjects that lie by themselves.
Result<void> read_croissant_manifest(const ManifestText& text,
                                     const ManifestEvents& events);
// An object of GA4GH's Data Repository Service 1.4, or a bundle, whose objects
// are asked for at the server.
Result<void> read_drs_manifest(const ManifestText& text,
                               const ManifestEvents& events);
// A ListObjectsV2 answer and those that follow it. Memory is what a page takes.
Result<void> read_s3_manifest(const ManifestText& text,
                              const ManifestEvents& events);
// BagIt's fetch.txt (RFC 8493 2.2.3) and the payload manifests beside it.
Result<void> read_bag_manifest(const ManifestText& text,
                               const ManifestEvents& events);
// The manifests of GDC's and of IGS's portals, tables with a header.
Result<void> read_table_manifest(const ManifestText& text,
                                 const ManifestEvents& events);
// A list of urls, each at the path of its own; '#' begins a comment.
Result<void> read_urls_manifest(const ManifestText& text,
                                const ManifestEvents& events);

// Reads a manifest of any of these formats, by what it begins with
// (manifest_format). Errors: those of the format; kInvalid, of none.
Result<void> read_manifest(const ManifestText& text,
                           const ManifestEvents& events);

}  // namespace omicsfs

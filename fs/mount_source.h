// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/endpoints.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "fs/settings.h"

namespace omicsfs {

// Says what is wrong with a word that begins as a url but is none: taken for
// the path of a file, it would only not be there. Errors: kInvalid.
Result<void> check_url_word(const std::string& word);

// Whether `word` means a place and no source: it has a '/', as every url has,
// or ends as an archive or a manifest does. Pure.
[[nodiscard]] bool means_place(std::string_view word);
// Whether a place is that of a manifest, and not of an archive: s3:// and hf://
// are, and what ends in .json, .jsonl, .ndjson, .txt, .tsv or .xml, be it
// gzip'd, or asks for a bucket's listing ("?list-type=2"). Pure.
[[nodiscard]] bool means_manifest(std::string_view place);

// One thing to mount, by the word that the user gave.
struct MountSource {
  // Of its snapshots: a source's, "archive-<hex>" or "manifest-<hex>".
  std::string name;
  std::string shown;  // its directory's, where several are mounted
  SourceKind kind;    // its name is that of the source, "" of a place
  std::string place;  // a url or an absolute path; "" of a source

  // Whether what is there has to be looked at at each mount, for it may be
  // another one by now: so of a document, which is read in one go.
  [[nodiscard]] bool may_have_changed() const;
  // `kind` by the name of this source. REQUIRES: this outlives it.
  [[nodiscard]] SourceKind named_kind() const;
};

// What the words of a mount mean. A place at other endpoints is another one,
// and so its snapshots have another name. Errors: kInvalid, no known source, no
// bucket or repository, or two of one name.
Result<std::vector<MountSource>> mount_sources(
    const std::vector<std::string>& words, const Endpoints& endpoints = {});

// `settings` with the places among `sources`, as those of a source.
[[nodiscard]] Settings with_places(Settings settings,
                                   const std::vector<MountSource>& sources);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/sources/manifest_readers.h"
#include "catalog/sources/manifest_view.h"
#include "tests/catalog/fake_web.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"

namespace omicsfs {

// What a manifest tells of, as text.
struct ToldManifest {
  // A line a file: "<path> <size or ?> <digest or -> <mtime or -> <where>…",
  // then "<attribute>=<value>"; of inline data, "data:<bytes>"; then
  // view_text.
  std::string files;
  std::string problems;  // "<place>: <why>\n"
  std::string odd;       // likewise
  std::string about;     // "<what>: <text>\n"
  std::string error;     // of the document as a whole
};

// Reads manifests from documents that it holds.
class ManifestReading {
 public:
  // By url or path: those that are opened, and those that are downloaded.
  std::map<std::string, std::string> documents;
  FakeWeb web;
  std::map<std::string, LinkedDocument> pages;  // that tell where they go on
  Endpoints endpoints;

  [[nodiscard]] ToldManifest read(const std::string& text,
                                  const std::string& place,
                                  const std::string& base = "",
                                  std::size_t piece = 1000) {
    ToldManifest told;
    TextPieces pieces(text, piece);
    const Download download = web.download();
    std::vector<std::unique_ptr<TextPieces>> opened;
    const OpenDocument open =
        [&](const std::string& other) -> Result<ReadPiece> {
      const auto found = documents.find(other);
      if (found == documents.end()) {
        return Error{ErrorCode::kNotFound, "no " + other};
      }
      opened.push_back(std::make_unique<TextPieces>(found->second));
      return opened.back()->reader();
    };
    const ReadLinked linked = [&](const std::string& url, std::uint64_t) {
      const auto found = pages.find(url);
      return found != pages.end() ? Result<LinkedDocument>(found->second)
                                  : Error{ErrorCode::kNotFound, "no " + url};
    };
    const ManifestText manifest{pieces.reader(),
                                place,
                                base,
                                &download,
                                &open,
                                scratch_.path(),
                                pages.empty() ? nullptr : &linked,
                                endpoints};
    const auto line = [](std::string& out) {
      return [&out](const std::string& where, const std::string& why) {
        out += where + ": " + why + "\n";
      };
    };
    const auto done = read_manifest(
        manifest, {[&told](ManifestEntry& entry, const std::string&) {
                     told.files += shown(entry) + "\n";
                     return Result<void>();
                   },
                   line(told.problems), line(told.odd),
                   [&told](std::string_view what, const std::string& about) {
                     told.about += std::string(what) + ": " + about + "\n";
                   }});
    told.error = done ? "" : done.error().message;
    return told;
  }

 private:
  static std::string shown(const ManifestEntry& entry) {
    std::string text = entry.path + " " +
                       (entry.size ? std::to_string(*entry.size) : "?") + " " +
                       (entry.digest ? to_string(*entry.digest) : "-") + " " +
                       (entry.mtime ? std::to_string(*entry.mtime) : "-");
    for (const std::string& url : entry.urls) {
      text += " " + url;
    }
    if (!entry.local_path.empty()) {
      text += " " + entry.local_path;
    }
    if (entry.data) {
      text += " data:" + *entry.data;
    }
    for (const auto& [name, value] : entry.attributes) {
      text += " " + name;
      text += "=" + value;
    }
    return text + view_text(entry);
  }

  ScratchDir scratch_;
};

}  // namespace omicsfs

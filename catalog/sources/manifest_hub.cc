// SPDX-License-Identifier: MIT
#include <set>

#include "catalog/document_text.h"
#include "catalog/file_listing.h"
#include "catalog/hub_tree.h"
#include "catalog/json_elements.h"
#include "catalog/marked_url.h"
#include "catalog/percent_encoding.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

// As many names does the Hub tell at a time.
constexpr std::uint64_t kHubPage = 1000;

ManifestEntry entry_of(const HubFile& file, std::string_view files,
                       std::string_view hidden) {
  ManifestEntry entry;
  // The files of the Hub are redirected to urls that are good for a while.
  entry.urls.push_back(
      redirect_url(std::string(files).append(percent_encode(file.path, "/"))));
  entry.path =
      file.path.substr(file.path.starts_with(hidden) ? hidden.size() : 0);
  entry.size = file.size;
  entry.digest = file.digest;
  return entry;
}

// Reads the pages of a tree one after another. The files of a folder's tree
// stand below that folder, as those of a bucket's folder do.
class HubPages {
 public:
  HubPages(const ManifestText& text, const ManifestEvents& events,
           std::string files)
      : text_(text),
        events_(events),
        files_(std::move(files)),
        hidden_(hub_tree_folder(text.place)) {}

  // Only the header of a page's answer says whether the tree goes on, however
  // few names the page has.
  Result<void> read() {
    if (text_.linked != nullptr && is_web_place(text_.place)) {
      return follow();
    }
    auto done = read_page(text_.read);
    if (done && names_ != 0 && names_ % kHubPage == 0) {
      events_.odd("/" + std::to_string(names_),
                  "what follows the names that the Hub tells at a time is not "
                  "read; there may be more files");
    }
    return done;
  }

 private:
  Result<void> read_page(const ReadPiece& read) {
    return stream_json_elements(
        read, {[this](const JsonElement& one) { return take(one); }});
  }

  Result<void> take(const JsonElement& one) {
    ++names_;
    const auto file = parse_hub_entry(one.value);
    if (file && !*file) {
      return {};
    }
    ManifestEntry entry =
        file ? entry_of(**file, files_, hidden_) : ManifestEntry{};
    return give_entry(events_, entry, one.place(),
                      file ? Result<void>() : file.error());
  }

  Result<void> follow() {
    std::set<std::string> seen;
    std::string next = text_.place;
    while (!next.empty()) {
      if (seen.size() == kMaxListingPages || !seen.insert(next).second) {
        return Error{ErrorCode::kInvalid, "the tree does not end"};
      }
      auto page = (*text_.linked)(next, kMaxListingBytes);
      auto done = page ? read_page(pieces_of(page->text)) : page.error();
      if (!done) {
        return done;
      }
      next = std::move(page->next);
    }
    return {};
  }

  const ManifestText& text_;
  const ManifestEvents& events_;
  const std::string files_;   // the url of the repository's files
  const std::string hidden_;  // the folder that is mounted, with a slash
  std::uint64_t names_ = 0;
};

}  // namespace

Result<void> read_hub_manifest(const ManifestText& text,
                               const ManifestEvents& events) {
  const std::string folder =
      text.base.empty() ? hub_tree_files(text.place) : text.base;
  if (!is_web_place(folder)) {
    return Error{
        ErrorCode::kInvalid,
        "it is not known where the files of this tree are: set "
        "sources.manifest.base_url to "
        "https://huggingface.co/datasets/OWNER/NAME/resolve/REVISION/"};
  }
  return HubPages(text, events, folder).read();
}

}  // namespace omicsfs

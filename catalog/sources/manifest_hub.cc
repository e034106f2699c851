// SPDX-License-Identifier: MIT
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

ManifestEntry entry_of(const HubFile& file, std::string_view folder) {
  ManifestEntry entry;
  // The files of the Hub are redirected to urls that are good for a while.
  entry.urls.push_back(
      redirect_url(std::string(folder).append(percent_encode(file.path, "/"))));
  entry.path = file.path;
  entry.size = file.size;
  entry.digest = file.digest;
  return entry;
}

// The pages of a tree, one after another.
class HubPages {
 public:
  HubPages(const ManifestText& text, const ManifestEvents& events,
           std::string folder)
      : text_(text), events_(events), folder_(std::move(folder)) {}

  Result<void> read() {
    auto done = read_page(text_.read);
    if (!done || names_ == 0 || names_ % kHubPage != 0) {
      return done;
    }
    if (text_.linked != nullptr && is_web_place(text_.place)) {
      return follow();
    }
    events_.odd("/" + std::to_string(names_),
                "what follows the names that the Hub tells at a time is not "
                "read; there may be more files");
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
    ManifestEntry entry = file ? entry_of(**file, folder_) : ManifestEntry{};
    return give_entry(events_, entry, one.place(),
                      file ? Result<void>() : file.error());
  }

  // Where a page goes on, the header of its answer says; so the first is asked
  // for again.
  Result<void> follow() {
    auto page = (*text_.linked)(text_.place, kMaxListingBytes);
    for (std::size_t pages = 1; page && !page->next.empty(); ++pages) {
      if (pages == kMaxListingPages) {
        return Error{ErrorCode::kInvalid, "the tree does not end"};
      }
      page = (*text_.linked)(page->next, kMaxListingBytes);
      auto done = page ? read_page(pieces_of(page->text)) : page.error();
      if (!done) {
        return done;
      }
    }
    return page ? Result<void>() : page.error();
  }

  const ManifestText& text_;
  const ManifestEvents& events_;
  const std::string folder_;
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

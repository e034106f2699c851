// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"
#include "catalog/s3_listing.h"
#include "catalog/s3_page.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::size_t kPieceOfPage = std::size_t{64} << 10U;

// The whole document. Errors: kInvalid, it is longer than a page can be.
Result<std::string> whole_page(const ReadPiece& read) {
  std::string text;
  while (text.size() <= kMaxS3PageBytes) {
    const std::size_t held = text.size();
    text.resize(held + kPieceOfPage);
    const auto got = read(std::span(text).subspan(held));
    text.resize(held + (got ? *got : 0));
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return text;
    }
  }
  return Error{ErrorCode::kInvalid, "it is longer than a listing's page"};
}

// Where the objects of the listing at `place` lie: in the bucket that was
// asked.
std::string bucket_of(const ManifestText& text) {
  if (!text.base.empty() || !is_web_place(text.place)) {
    return text.base;
  }
  std::string bucket = text.place.substr(0, text.place.find_first_of("?#"));
  bucket += bucket.ends_with('/') ? "" : "/";
  return bucket;
}

// The keys' own folders: those of the prefix that was asked for are not shown.
std::size_t hidden_bytes(const ManifestText& text) {
  const std::string prefix = query_value(text.place, "prefix").value_or("");
  const std::size_t slash = prefix.rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

// Gives the objects of a listing. An object is held back until it is known
// whether its key is a folder, too, as of "out" and "out/x": keys come in byte
// order, so those that may follow below a key begin with it. The folder keeps
// the name; its object comes after what is in it and gets another one.
class ObjectGiver {
 public:
  ObjectGiver(std::string bucket, std::size_t hidden,
              const ManifestEvents& events)
      : bucket_(std::move(bucket)), hidden_(hidden), events_(events) {}

  Result<void> take(S3Page page) {
    for (const EntryFault& fault : page.faults) {
      any_ = true;
      events_.problem(fault.place, fault.why);
    }
    for (S3Object& object : page.objects) {
      any_ = true;
      if (auto given = give_before(object.key); !given) {
        return given;
      }
      held_.push_back({std::move(object)});
    }
    return {};
  }
  Result<void> end() { return give_before(""); }
  [[nodiscard]] bool any() const { return any_; }

 private:
  struct Held {
    S3Object object;
    bool is_folder = false;
  };

  // Gives those that no further key can lie below, `key` being the next.
  Result<void> give_before(std::string_view key) {
    while (!held_.empty() &&
           (key.empty() || !key.starts_with(held_.back().object.key))) {
      const Held held = std::move(held_.back());
      held_.pop_back();
      if (auto given = give(held); !given) {
        return given;
      }
    }
    for (Held& held : held_) {
      held.is_folder = held.is_folder || key.starts_with(held.object.key + "/");
    }
    return {};
  }

  Result<void> give(const Held& held) {
    const S3Object& object = held.object;
    const std::string place = omicsfs::quoted(object.key);
    ManifestEntry entry;
    entry.path = object.key.substr(std::min(hidden_, object.key.size()));
    const bool is_marker = entry.path.empty() || entry.path.ends_with('/');
    if (is_marker && object.size == 0) {
      return {};
    }
    if (held.is_folder && object.size == 0) {
      events_.odd(place, "it is empty, and its key is that of a folder");
      return {};
    }
    if (!split_path(entry.path)) {
      events_.odd(place, "its key is no path that a directory tree can hold");
      return {};
    }
    entry.is_named_by_url = held.is_folder;
    entry.size = object.size;
    entry.validator = object.etag;
    entry.mtime = manifest_date(object.last_modified);
    const auto read =
        add_url(entry, bucket_ + percent_encode(object.key, "/"), {});
    return give_entry(events_, entry, place, read);
  }

  const std::string bucket_;
  const std::size_t hidden_;  // bytes of a key that are not shown
  const ManifestEvents& events_;
  std::vector<Held> held_;  // each key begins with that before it
  bool any_ = false;
};

// The page behind `token`.
Result<std::string> next_page(const ManifestText& text,
                              const std::string& token) {
  if (text.download == nullptr || !is_web_place(text.place)) {
    return Error{ErrorCode::kUnsupported, ""};
  }
  const char* between = text.place.find('?') == std::string::npos ? "?" : "&";
  return (*text.download)(
      text.place + between + "continuation-token=" + percent_encode(token, ""),
      kMaxS3PageBytes);
}

// Gives the objects of all pages.
Result<void> read_pages(const ManifestText& text, const ManifestEvents& events,
                        ObjectGiver& giver) {
  std::set<std::string> tokens;
  auto xml = whole_page(text.read);
  while (xml) {
    auto page = parse_s3_page(*xml);
    if (!page) {
      return page.error();
    }
    const std::string token = page->is_truncated ? page->next_token : "";
    auto taken = giver.take(*std::move(page));
    if (!taken || token.empty()) {
      return taken;
    }
    if (!tokens.insert(token).second || tokens.size() == kMaxS3Pages) {
      return Error{ErrorCode::kInvalid,
                   "its pages come again, or there are too many"};
    }
    xml = next_page(text, token);
    if (!xml && xml.error().code == ErrorCode::kUnsupported) {
      events.odd("NextContinuationToken",
                 "the listing goes on, and only this page is here");
      return {};
    }
  }
  return xml.error();
}

}  // namespace

Result<void> read_s3_manifest(const ManifestText& text,
                              const ManifestEvents& events) {
  const std::string bucket = bucket_of(text);
  if (!is_web_place(bucket)) {
    return Error{ErrorCode::kInvalid,
                 "it is not known where the bucket is: set "
                 "sources.manifest.base_url to its address"};
  }
  ObjectGiver giver(bucket, hidden_bytes(text), events);
  auto done = read_pages(text, events, giver);
  done = done ? giver.end() : done;
  // A bucket answers a prefix that nothing has with an empty list.
  return done && !giver.any()
             ? Error{ErrorCode::kNotFound,
                     "it lists no object; look at the names of the bucket and "
                     "of the folder"}
             : done;
}

}  // namespace omicsfs

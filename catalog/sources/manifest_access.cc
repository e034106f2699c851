// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest_access.h"

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/marked_url.h"

namespace omicsfs {
namespace {

// The member of `access` that says how its url is used; none: as it is.
std::optional<std::pair<std::string_view, JsonValue>> mark_of(
    const JsonValue& access) {
  for (const std::string_view key : {"token", "resolve", "redirect"}) {
    if (auto member = access.is_object() ? access.find(key) : std::nullopt) {
      return std::pair(key, *std::move(member));
    }
  }
  return std::nullopt;
}

// REQUIRES: `url` has no '#'.
Result<std::string> marked_text(std::string_view key, const JsonValue& value,
                                const std::string& url) {
  if (key == "redirect") {
    return redirect_url(url);
  }
  const auto text = value.as_string();
  if (!text) {
    return text.error();
  }
  std::string marked =
      key == "token" ? token_url(*text, url) : resolve_url(url, *text);
  return parse_marked_url(marked)
             ? Result<std::string>(std::move(marked))
             : value.error(omicsfs::quoted(*text) +
                           (key == "token" ? " is no name of a token"
                                           : " leads to no member"));
}

// The url that `reference` means. Errors: as add_origin; kInvalid, it is none
// without a fragment.
Result<std::string> access_url(const std::string& reference,
                               const ManifestBase& base) {
  ManifestEntry alone;
  if (auto added = add_origin(alone, reference, base); !added) {
    return added.error();
  }
  const bool whole =
      !alone.urls.empty() && alone.urls.front().find('#') == std::string::npos;
  return whole
             ? Result<std::string>(std::move(alone.urls.front()))
             : Error{ErrorCode::kInvalid, omicsfs::quoted(reference) +
                                              " is no url without a fragment"};
}

void add_marked(ManifestEntry& entry, const std::string& url,
                std::string marked) {
  const auto same = [&](const std::string& one) {
    return one == url || one == marked;
  };
  const auto there = std::find_if(entry.urls.begin(), entry.urls.end(), same);
  if (there == entry.urls.end()) {
    entry.urls.push_back(std::move(marked));
  } else {
    *there = std::move(marked);
  }
}

}  // namespace

Result<void> add_access(ManifestEntry& entry, const JsonValue& access,
                        const ManifestBase& base) {
  const auto member =
      access.is_string() ? Result<JsonValue>(access) : access.at("url");
  const auto reference = member ? member->as_string() : member.error();
  if (!reference) {
    return reference.error();
  }
  const auto mark = mark_of(access);
  if (!mark) {
    auto added = add_origin(entry, *reference, base);
    return added ? added : member->error(added.error().message);
  }
  const auto url = access_url(*reference, base);
  if (!url) {
    return member->error(url.error().message);
  }
  auto marked = marked_text(mark->first, mark->second, *url);
  if (!marked) {
    return marked.error();
  }
  add_marked(entry, *url, *std::move(marked));
  return {};
}

}  // namespace omicsfs

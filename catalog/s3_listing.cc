// SPDX-License-Identifier: MIT
#include "catalog/s3_listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

Result<S3Page> fetch_page(const std::string& url, std::string_view prefix,
                          const Download& download) {
  const Result<std::string> xml = download(url, kMaxS3PageBytes);
  if (!xml) {
    return xml.error();
  }
  Result<S3Page> page = parse_s3_page(*xml);
  if (!page) {
    return page.error().within(url);
  }
  for (const S3Object& object : page->objects) {
    if (!object.key.starts_with(prefix)) {
      return Error{ErrorCode::kInvalid, url + ": lists " +
                                            omicsfs::quoted(object.key) +
                                            ", which was not asked for"};
    }
  }
  return page;
}

void append(std::vector<S3Object>& all, std::vector<S3Object>&& more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
}

}  // namespace

std::string s3_page_url(std::string_view base_url, std::string_view prefix,
                        std::string_view token) {
  std::string url(base_url);
  // Keys may hold characters that XML cannot; asked for, they come encoded.
  url += "?list-type=2&encoding-type=url&prefix=" + percent_encode(prefix, "/");
  if (!token.empty()) {
    url += "&continuation-token=" + percent_encode(token, "");
  }
  return url;
}

std::string s3_next_url(std::string_view url, std::string_view token) {
  constexpr std::string_view kToken = "continuation-token=";
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string next(url.substr(0, query));
  char separator = '?';
  std::string_view rest = url.substr(std::min(query + 1, url.size()));
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('&'));
    if (!word.empty() && !word.starts_with(kToken)) {
      next += std::exchange(separator, '&');
      next += word;
    }
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  next += separator;
  next += kToken;
  next += percent_encode(token, "");
  return next;
}

Result<std::vector<S3Object>> list_s3(const std::string& base_url,
                                      const std::string& prefix,
                                      const Download& download,
                                      const OnEntryFault& on_fault) {
  std::vector<S3Object> all;
  std::set<std::string> tokens = {""};
  std::string token;
  while (tokens.size() <= kMaxS3Pages) {
    Result<S3Page> page =
        fetch_page(s3_page_url(base_url, prefix, token), prefix, download);
    if (!page) {
      return page.error();
    }
    append(all, std::move(page->objects));
    if (on_fault) {
      std::for_each(page->faults.begin(), page->faults.end(), on_fault);
    }
    if (!page->is_truncated) {
      return all;
    }
    token = page->next_token;
    if (!tokens.insert(token).second) {
      return Error{ErrorCode::kInvalid,
                   base_url + ": the listing's continuation token repeats"};
    }
  }
  return Error{ErrorCode::kInvalid, base_url + ": the listing has more than " +
                                        std::to_string(kMaxS3Pages) + " pages"};
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "tests/support/object_listing.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

constexpr std::string_view kProlog =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string xml_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{0}>{1}</{0}>", name, xml_escape(text));
}

// Tokens are opaque to clients: the last item's bytes in hex.
std::string token_of(std::string_view item) {
  std::string token;
  for (const char c : item) {
    token += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return token;
}

Result<std::string> item_of(std::string_view token) {
  std::string item;
  for (; token.size() >= 2; token.remove_prefix(2)) {
    unsigned code = 0;
    const char* end = token.data() + 2;
    const auto [stop, error] = std::from_chars(token.data(), end, code, 16);
    if (error != std::errc() || stop != end) {
      break;
    }
    item += static_cast<char>(code);
  }
  if (!token.empty()) {
    return Error{ErrorCode::kInvalid, "the continuation token is incorrect"};
  }
  return item;
}

// As encoding-type=url asks; S3 writes a space as "+".
std::string form_encoded(std::string_view key) {
  std::string encoded = percent_encode(key, "/ ");
  std::replace(encoded.begin(), encoded.end(), ' ', '+');
  return encoded;
}

// One page, as it is filled.
struct Page {
  std::vector<const ListedObject*> contents;
  std::vector<std::string> common_prefixes;
  std::string last;
  bool truncated = false;

  [[nodiscard]] std::size_t count() const {
    return contents.size() + common_prefixes.size();
  }
};

// The common prefix that `key` is rolled up in, or "".
std::string common_prefix(const ListingQuery& query, const std::string& key) {
  if (query.delimiter.empty()) {
    return "";
  }
  const std::size_t end = key.find(query.delimiter, query.prefix.size());
  return end == std::string::npos ? ""
                                  : key.substr(0, end + query.delimiter.size());
}

Page fill_page(const ListingQuery& query,
               const std::vector<ListedObject>& objects) {
  Page page;
  for (const ListedObject& object : objects) {
    const std::string rolled = common_prefix(query, object.key);
    const std::string& item = rolled.empty() ? object.key : rolled;
    if (item <= query.after || (!rolled.empty() && rolled == page.last)) {
      continue;
    }
    if (page.count() == query.max_keys) {
      page.truncated = query.max_keys > 0;
      break;
    }
    page.last = item;
    if (rolled.empty()) {
      page.contents.push_back(&object);
    } else {
      page.common_prefixes.push_back(rolled);
    }
  }
  return page;
}

class PageWriter {
 public:
  explicit PageWriter(const ListingQuery& query) : query_(query) {}

  [[nodiscard]] std::string name(const std::string& key) const {
    return query_.url_encoded ? form_encoded(key) : key;
  }

  [[nodiscard]] std::string header(const Page& page) const {
    std::string xml = element("Name", "origin") +
                      element("Prefix", name(query_.prefix)) +
                      element("KeyCount", std::to_string(page.count())) +
                      element("MaxKeys", std::to_string(query_.max_keys));
    if (!query_.delimiter.empty()) {
      xml += element("Delimiter", name(query_.delimiter));
    }
    if (query_.url_encoded) {
      xml += element("EncodingType", "url");
    }
    if (!query_.token.empty()) {
      xml += element("ContinuationToken", query_.token);
    }
    xml += element("IsTruncated", page.truncated ? "true" : "false");
    if (page.truncated) {
      xml += element("NextContinuationToken", token_of(page.last));
    }
    return xml;
  }

  [[nodiscard]] std::string contents(const ListedObject& object) const {
    const std::string time =
        fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", fmt::gmtime(object.modified));
    return "<Contents>" + element("Key", name(object.key)) +
           element("LastModified", time) + element("ETag", object.etag) +
           element("Size", std::to_string(object.size)) +
           element("StorageClass", "STANDARD") + "</Contents>";
  }

 private:
  const ListingQuery& query_;
};

}  // namespace

Result<ListingQuery> parse_listing_query(const QueryFields& fields,
                                         std::size_t page_size) {
  ListingQuery query;
  query.prefix = query_field(fields, "prefix");
  query.delimiter = query_field(fields, "delimiter");
  query.token = query_field(fields, "continuation-token");
  query.url_encoded = query_field(fields, "encoding-type") == "url";
  auto item = item_of(query.token);
  if (!item) {
    return item.error();
  }
  query.after = query.token.empty() ? query_field(fields, "start-after")
                                    : *std::move(item);
  const std::string most = query_field(fields, "max-keys", "1000");
  const char* end = most.data() + most.size();
  const auto [stop, error] = std::from_chars(most.data(), end, query.max_keys);
  if (error != std::errc() || stop != end) {
    return Error{ErrorCode::kInvalid, "max-keys is not a number"};
  }
  query.max_keys = std::min(query.max_keys, page_size);
  return query;
}

std::string listing_page(const ListingQuery& query,
                         const std::vector<ListedObject>& objects) {
  const PageWriter writer(query);
  const Page page = fill_page(query, objects);
  std::string xml(kProlog);
  xml +=
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
      writer.header(page);
  for (const ListedObject* object : page.contents) {
    xml += writer.contents(*object);
  }
  for (const std::string& prefix : page.common_prefixes) {
    xml += "<CommonPrefixes>" + element("Prefix", writer.name(prefix)) +
           "</CommonPrefixes>";
  }
  return xml + "</ListBucketResult>";
}

std::string s3_error(std::string_view code, std::string_view message) {
  return std::string(kProlog) + "<Error>" + element("Code", code) +
         element("Message", message) + "</Error>";
}

}  // namespace omicsfs

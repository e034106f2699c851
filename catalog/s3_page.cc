// SPDX-License-Identifier: MIT
#include "catalog/s3_page.h"

#include <charconv>
#include <limits>
#include <optional>
#include <pugixml.hpp>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/percent_encoding.h"

namespace omicsfs {
namespace {

Error invalid_page(const std::string& what) {
  return {ErrorCode::kInvalid, "not an S3 listing: " + what};
}

std::string_view text_of(const pugi::xml_node& parent, const char* name) {
  return parent.child(name).text().get();
}

Error service_error(const pugi::xml_node& document) {
  const std::string code(text_of(document, "Code"));
  const ErrorCode kind = code.starts_with("NoSuch") ? ErrorCode::kNotFound
                                                    : ErrorCode::kUnavailable;
  return {kind, "S3 says " + printable(code, 80) + ": " +
                    printable(text_of(document, "Message"), 200)};
}

Result<bool> parse_truncated(const pugi::xml_node& root) {
  const std::string_view text = text_of(root, "IsTruncated");
  if (text != "true" && text != "false") {
    return invalid_page("IsTruncated is " + omicsfs::quoted(text));
  }
  return text == "true";
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::int64_t size = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || stop != end || size < 0 || text.front() == '-') {
    return invalid_page("Size is " + omicsfs::quoted(text));
  }
  return static_cast<std::uint64_t>(size);
}

// Turns the page's elements into ours, with its way of writing keys.
class PageReader {
 public:
  static Result<PageReader> create(const pugi::xml_node& root) {
    const std::string_view encoding = text_of(root, "EncodingType");
    if (!encoding.empty() && encoding != "url") {
      return invalid_page("EncodingType is " + omicsfs::quoted(encoding));
    }
    return PageReader(!encoding.empty());
  }

  [[nodiscard]] Result<std::string> name(std::string_view text) const {
    std::optional<std::string> decoded =
        url_encoded_ ? percent_decode(text, PlusSign::kSpace)
                     : std::string(text);
    if (!decoded.has_value() || decoded->empty()) {
      return invalid_page("a key is " + omicsfs::quoted(text));
    }
    return *std::move(decoded);
  }

  [[nodiscard]] Result<S3Object> object(const pugi::xml_node& contents) const {
    Result<std::string> key = name(text_of(contents, "Key"));
    if (!key) {
      return key.error();
    }
    const Result<std::uint64_t> size = parse_size(text_of(contents, "Size"));
    if (!size) {
      return size.error().within(omicsfs::quoted(*key));
    }
    return S3Object{*std::move(key), *size,
                    std::string(text_of(contents, "ETag")),
                    std::string(text_of(contents, "LastModified"))};
  }

 private:
  explicit PageReader(bool url_encoded) : url_encoded_(url_encoded) {}
  bool url_encoded_;
};

void read_objects(const pugi::xml_node& root, const PageReader& reader,
                  S3Page& page) {
  for (const pugi::xml_node& contents : root.children("Contents")) {
    Result<S3Object> object = reader.object(contents);
    if (object) {
      page.objects.push_back(*std::move(object));
    } else {
      page.faults.push_back(
          {omicsfs::quoted(text_of(contents, "Key")), object.error().message});
    }
  }
}

void read_prefixes(const pugi::xml_node& root, const PageReader& reader,
                   S3Page& page) {
  for (const pugi::xml_node& prefixes : root.children("CommonPrefixes")) {
    for (const pugi::xml_node& prefix : prefixes.children("Prefix")) {
      Result<std::string> name = reader.name(prefix.text().get());
      if (name) {
        page.common_prefixes.push_back(*std::move(name));
      } else {
        page.faults.push_back(
            {omicsfs::quoted(prefix.text().get()), name.error().message});
      }
    }
  }
}

// `xml` with another control character where a NUL is, which no XML can hold
// and which would end a key; "" where it has none.
std::string without_nul(std::string_view xml) {
  std::string text;
  for (const std::string_view nul :
       {std::string_view("\0", 1), std::string_view("&#0;"),
        std::string_view("&#x0;")}) {
    if (text.empty() && xml.find(nul) == std::string_view::npos) {
      continue;
    }
    text = text.empty() ? std::string(xml) : text;
    for (std::size_t at = text.find(nul); at != std::string::npos;
         at = text.find(nul, at)) {
      text.replace(at, nul.size(), "\x01");
    }
  }
  return text;
}

// KeyCount is how many keys and prefixes a page has (S3 API Reference,
// ListObjectsV2). A page of fewer is torn.
Result<void> check_key_count(const pugi::xml_node& root, const S3Page& page) {
  const auto told = root.child("KeyCount").text().as_ullong();
  const auto here =
      page.objects.size() + page.common_prefixes.size() + page.faults.size();
  return told <= here ? Result<void>()
                      : Error{ErrorCode::kUnavailable,
                              "the S3 listing says that a page has " +
                                  std::to_string(told) + " keys, and it has " +
                                  std::to_string(here)};
}

Result<S3Page> read_page(const pugi::xml_node& root) {
  const Result<PageReader> reader = PageReader::create(root);
  if (!reader) {
    return reader.error();
  }
  const Result<bool> truncated = parse_truncated(root);
  if (!truncated) {
    return truncated.error();
  }
  S3Page page;
  page.is_truncated = *truncated;
  page.next_token = text_of(root, "NextContinuationToken");
  if (page.is_truncated && page.next_token.empty()) {
    return invalid_page("it is truncated and lacks NextContinuationToken");
  }
  read_objects(root, *reader, page);
  read_prefixes(root, *reader, page);
  const auto whole = check_key_count(root, page);
  return whole ? Result<S3Page>(std::move(page)) : whole.error();
}

}  // namespace

Result<S3Page> parse_s3_page(std::string_view given) {
  const std::string checked = without_nul(given);
  const std::string_view xml = checked.empty() ? given : checked;
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(
      xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    return invalid_page(std::string(parsed.description()) + " at byte " +
                        std::to_string(parsed.offset));
  }
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name == "Error") {
    return service_error(root);
  }
  if (name != "ListBucketResult") {
    return invalid_page("its root is " + omicsfs::quoted(name));
  }
  return read_page(root);
}

}  // namespace omicsfs

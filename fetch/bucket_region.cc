// SPDX-License-Identifier: MIT
#include "fetch/bucket_region.h"

#include <algorithm>

#include "catalog/ascii_case.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

constexpr std::string_view kDomain = ".amazonaws.com";
constexpr std::string_view kService = "s3";

// "eu-west-1"
bool is_region(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  return plain && !text.empty() && text.size() <= 40 &&
         text.find('-') != std::string_view::npos && !text.starts_with('-') &&
         !text.ends_with('-');
}

// The last label of a host's name, which is taken off, with the dot before it.
std::string_view take_last_label(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view label =
      dot == std::string_view::npos ? name : name.substr(dot + 1);
  name = dot == std::string_view::npos ? "" : name.substr(0, dot);
  return label;
}

struct Endpoint {
  bool of_s3 = false;
  std::string_view bucket;  // "" where the path names it
  std::string_view region;  // "" where none is told
};

// Of a host's name in lower case.
Endpoint endpoint_of(std::string_view host) {
  if (!host.ends_with(kDomain)) {
    return {};
  }
  host.remove_suffix(kDomain.size());
  std::string_view label = take_last_label(host);
  std::string_view region;
  if (is_region(label) && label != kService && !label.starts_with("s3-")) {
    region = label;
    label = take_last_label(host);
  }
  const bool dashed = label.starts_with("s3-") && region.empty();
  return {label == kService || dashed, host, dashed ? label.substr(3) : region};
}

}  // namespace

std::string url_in_region(std::string_view url, std::string_view region) {
  const std::size_t begin = url.find(kSchemeEnd) + kSchemeEnd.size();
  const std::size_t end =
      std::min(url.find_first_of("/?#:@", begin), url.size());
  const std::string host = lower(url.substr(begin, end - begin));
  const Endpoint endpoint = endpoint_of(host);
  if (!endpoint.of_s3 || endpoint.region == region || !is_region(region)) {
    return "";
  }
  std::string out(url.substr(0, begin));
  out.append(endpoint.bucket).append(endpoint.bucket.empty() ? "" : ".");
  out.append(kService).append(".").append(region).append(kDomain);
  return out.append(url.substr(end));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catalog/marked_url.h"
#include "catalog/web_place.h"

// What is read as an address leads to the web and is written as it was; what is
// not is its own plain url. The plain url is a part of the text.

namespace {

std::string marked_again(const omicsfs::MarkedUrl& address) {
  using Kind = omicsfs::MarkedUrl::Kind;
  if (address.kind == Kind::kRedirect) {
    return omicsfs::redirect_url(address.url);
  }
  if (address.kind == Kind::kToken) {
    return omicsfs::token_url(address.token, address.url);
  }
  std::string field;
  for (const std::string& key : address.field) {
    field += field.empty() ? "" : ".";
    field += key;
  }
  return omicsfs::resolve_url(address.url, field);
}

}  // namespace

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto address = omicsfs::parse_marked_url(text);
  const std::string_view plain = omicsfs::plain_url(text);
  const bool right =
      address ? plain == address->url && omicsfs::is_web_place(plain) &&
                    plain.find('#') == std::string_view::npos &&
                    marked_again(*address) == text &&
                    address->token.empty() ==
                        (address->kind != omicsfs::MarkedUrl::Kind::kToken)
              : plain == text;
  if (!right) {
    std::abort();
  }
  return 0;
}

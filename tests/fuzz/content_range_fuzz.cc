// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fetch/content_range.h"

namespace {

std::string text_of(const omicsfs::ContentRange& field) {
  std::string text = "bytes ";
  text += field.range ? std::to_string(field.range->offset) + "-" +
                            std::to_string(field.range->end() - 1)
                      : "*";
  text += "/";
  text += field.total ? std::to_string(*field.total) : "*";
  return text;
}

}  // namespace

// Whatever is accepted makes sense, and reads the same when written anew.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto field = omicsfs::parse_content_range(text);
  if (!field) {
    return 0;
  }
  const bool sound =
      (field->range || field->total) &&
      (!field->range ||
       (field->range->length > 0 &&
        field->range->end() > field->range->offset &&
        (!field->total || field->range->end() <= *field->total)));
  if (!sound || omicsfs::parse_content_range(text_of(*field)) != field) {
    std::abort();
  }
  return 0;
}

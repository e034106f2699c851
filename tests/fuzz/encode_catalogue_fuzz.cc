// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "catalog/entry_name.h"
#include "catalog/sources/encode_catalogue.h"
#include "catalog/sources/encode_rules.h"
#include "catalog/sources/encode_text.h"

// Whatever the bytes, a file that is accepted has names that a tree can hold
// and comes back as it was packed, and what is refused says why.

namespace {

void check_file(omicsfs::EncodeFile& file) {
  if (!omicsfs::complete_encode_file(file, "https://portal/")) {
    return;
  }
  std::string packed;
  file.pack(packed);
  omicsfs::EncodeFile copy;
  copy.unpack(packed);
  std::string again;
  copy.pack(again);
  const std::string dataset = omicsfs::encode_dataset_path(file);
  // One whose name nothing tells is unavailable.
  const bool named =
      (!file.has(omicsfs::EncodeField::kHref) ||
       omicsfs::check_entry_name(omicsfs::encode_file_name(file))) &&
      omicsfs::check_entry_name(file.get(omicsfs::EncodeField::kId)) &&
      (dataset.empty() || omicsfs::split_path(dataset)) &&
      omicsfs::check_entry_name(omicsfs::encode_term_name(
          file.get(omicsfs::EncodeField::kBiosample)));
  std::string line;
  omicsfs::append_encode_files_line(line, file);
  omicsfs::append_encode_metadata_line(line, file);
  omicsfs::EncodeExperimentText text;
  text.add(file);
  line += text.finish("/experiments/E/", "https://portal/");
  if (!named || packed != again || line.empty()) {
    std::abort();
  }
}

}  // namespace

// libFuzzer gives the name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  std::size_t given = 0;
  const omicsfs::ReadPiece read =
      [&](std::span<char> out) -> omicsfs::Result<std::size_t> {
    const std::size_t count =
        std::min({out.size(), size - given, std::size_t{61}});
    if (count != 0) {
      std::memcpy(out.data(), bytes + given, count);
    }
    given += count;
    return count;
  };
  const omicsfs::EncodeRows rows{
      [](omicsfs::EncodeFile& file, const std::string&) {
        check_file(file);
        return omicsfs::Result<void>();
      },
      [](const std::string& place, const std::string& why) {
        if (place.empty() || why.empty()) {
          std::abort();
        }
      },
      [](const std::string&) {}};
  const auto done = omicsfs::read_encode_catalogue(read, rows);
  if (!done && done.error().message.empty()) {
    std::abort();
  }
  return 0;
}

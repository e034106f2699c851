// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "catalog/entry_name.h"
#include "catalog/sources/genomekit_names.h"

// Whatever the bytes, an assembly is a name that a directory may hold, and what
// a name is about is a part of it.

// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto assembly = omicsfs::genomekit_assembly_of(text);
  if (assembly && !omicsfs::check_entry_name(*assembly)) {
    std::abort();
  }
  const auto name = omicsfs::parse_genomekit_name(text);
  const bool other = name.kind == omicsfs::GenomekitKind::kOther;
  if (other != name.subject.empty() ||
      text.find(name.subject) == std::string_view::npos) {
    std::abort();
  }
  return 0;
}

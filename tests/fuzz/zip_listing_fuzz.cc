// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "catalog/archive_guard.h"
#include "catalog/archive_tree.h"
#include "catalog/entry_name.h"
#include "fetch/zip_listing.h"
#include "fetch/zip_local_header.h"

namespace {

class Bytes final : public omicsfs::ByteSource {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  omicsfs::Result<void> read_at(
      std::uint64_t offset, std::span<std::byte> out,
      const omicsfs::ReadLimits& /*limits*/) override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      std::abort();
    }
    if (!out.empty()) {
      std::memcpy(out.data(), bytes_.data() + offset, out.size());
    }
    return {};
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

// Whatever the archive, its listing reads nothing outside of it, and each
// member gets a path that a tree can hold, or none.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  Bytes archive(bytes);
  const omicsfs::ReadLimits limits{std::chrono::steady_clock::time_point::max(),
                                   {}};
  auto members = omicsfs::list_zip(archive, limits);
  if (!members) {
    return 0;
  }
  static_cast<void>(omicsfs::guard_archive(*members, size));
  for (const omicsfs::ArchiveMember& member : *members) {
    const std::string path = omicsfs::member_path(member.name);
    if (path.starts_with('/') || path.ends_with('/') ||
        (!path.empty() && path.size() < omicsfs::kMaxPathBytes &&
         !omicsfs::split_path(path) &&
         std::count(path.begin(), path.end(), '/') < 60)) {
      std::abort();
    }
    if (member.header_offset < size) {
      static_cast<void>(omicsfs::local_header_length(
          bytes.subspan(member.header_offset), member.method));
    }
  }
  return 0;
}

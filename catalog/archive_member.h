// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/remote_file.h"

namespace omicsfs {

// An entry of an archive's directory.
struct ArchiveMember {
  // As the archive has it, in UTF-8, with slashes between its parts; a
  // directory's ends in one.
  std::string name;
  std::uint64_t size = 0;             // bytes, unpacked
  std::uint64_t compressed_size = 0;  // bytes
  std::uint64_t header_offset = 0;    // see MemberPlace
  std::uint32_t crc32 = 0;            // of the unpacked bytes
  std::int64_t mtime = 0;  // seconds since the epoch; zip tells no zone: UTC
  MemberMethod method = MemberMethod::kStored;
  std::string why_unreadable{};  // where the method is kUnreadable
  // A symbolic link, and where it leads as the archive has it; "" where that
  // cannot be read. Its method is kUnreadable: its bytes are no file's.
  bool is_link = false;
  std::string link_target{};

  [[nodiscard]] bool is_directory() const { return name.ends_with('/'); }
};

using ArchiveMembers = std::vector<ArchiveMember>;

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/archive_guard.h"

namespace omicsfs {
namespace {

// Whether `sum` + `more` stays within `limit`; then `sum` is that.
bool add_within(std::uint64_t& sum, std::uint64_t more, std::uint64_t limit) {
  if (more > limit || sum > limit - more) {
    return false;
  }
  sum += more;
  return true;
}

}  // namespace

Result<void> guard_archive(ArchiveMembers& members, std::uint64_t archive_size,
                           const ArchiveLimits& limits) {
  std::uint64_t unpacked = 0;
  std::uint64_t packed = 0;
  for (ArchiveMember& member : members) {
    if (!add_within(unpacked, member.size, limits.total)) {
      return Error{ErrorCode::kInvalid,
                   "the archive's members would unpack to more than " +
                       std::to_string(limits.total) + " bytes"};
    }
    if (!add_within(packed, member.compressed_size, archive_size)) {
      return Error{ErrorCode::kInvalid,
                   "the archive's members overlap: they take more bytes than "
                   "it has"};
    }
    if (member.size > limits.ratio_from &&
        member.size / limits.ratio > member.compressed_size) {
      member.method = MemberMethod::kUnreadable;
      member.why_unreadable = "it would unpack to more than " +
                              std::to_string(limits.ratio) + " times its size";
    }
  }
  return {};
}

}  // namespace omicsfs

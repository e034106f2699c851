// SPDX-License-Identifier: MIT
#include "fetch/file_charge.h"

#include <algorithm>

namespace omicsfs {

std::uint64_t FileCharge::claim(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  claimed_ += bytes;
  return claimed_ > granted_ ? claimed_ - granted_ : 0;
}

void FileCharge::grant(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  granted_ += bytes;
}

void FileCharge::give_back(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  claimed_ -= bytes;
}

Result<void> FileCharge::reserve(CacheSpace& space, const CachedFile& file,
                                 std::uint64_t bytes) {
  const std::uint64_t lacking = claim(bytes);
  if (lacking == 0) {
    return {};
  }
  const std::uint64_t size = file.remote().size;
  // A small file is asked for whole, a large one in steps.
  const std::uint64_t whole = size + kFirstBytes;
  const std::uint64_t step = std::max(lacking, std::min(kGrantStep, whole));
  for (const std::uint64_t ask : {step, lacking}) {
    auto reserved = space.reserve(file.key(), size, ask);
    if (reserved) {
      grant(ask);
      return {};
    }
    if (reserved.error().code != ErrorCode::kNoSpace || ask == lacking) {
      give_back(bytes);
      return reserved;
    }
  }
  return {};
}

}  // namespace omicsfs

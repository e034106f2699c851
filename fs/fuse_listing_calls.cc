// SPDX-License-Identifier: MIT
#include <cstddef>
#include <span>
#include <vector>

#include "fs/fuse_calls.h"

namespace omicsfs {
namespace {

// The least that an entry takes in a readdirplus reply (fuse_direntplus: 128
// bytes of entry, 24 of dirent, a name padded to 8), and in a plain one.
constexpr std::size_t kLeastPlusEntry = 160;
constexpr std::size_t kLeastEntry = 32;

enum class Listing { kPlain, kPlus };

// Appends one entry; returns what it takes, which is more than is left where it
// did not fit.
std::size_t add_entry(fuse_req_t request, std::span<char> left, Listing listing,
                      const ListedEntry& entry) {
  const auto cookie = static_cast<off_t>(entry.cookie);
  if (listing == Listing::kPlain) {
    return fuse_add_direntry(request, left.data(), left.size(),
                             entry.name.c_str(), &entry.facts, cookie);
  }
  fuse_entry_param param = entry_of(entry.facts);
  if (entry.name == "." || entry.name == "..") {
    param.ino = 0;  // not looked up: the kernel knows them
  }
  return fuse_add_direntry_plus(request, left.data(), left.size(),
                                entry.name.c_str(), &param, cookie);
}

void reply_listing(fuse_req_t request, fuse_ino_t inode, std::size_t size,
                   off_t offset, Listing listing) {
  const std::size_t least =
      listing == Listing::kPlus ? kLeastPlusEntry : kLeastEntry;
  const auto entries = context_of(request).files.list(
      inode, static_cast<std::uint64_t>(offset), size / least + 1);
  if (!entries) {
    reply_error(request, "readdir", inode, entries.error());
    return;
  }
  std::vector<char> buffer(size);
  std::size_t used = 0;
  for (const ListedEntry& entry : *entries) {
    const std::size_t took =
        add_entry(request, std::span(buffer).subspan(used), listing, entry);
    if (took > size - used) {
      break;
    }
    used += took;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

}  // namespace

void on_opendir(fuse_req_t request, fuse_ino_t /*inode*/,
                fuse_file_info* file) {
  file->cache_readdir = 1;
  file->keep_cache = 1;
  fuse_reply_open(request, file);
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                fuse_file_info* /*file*/) {
  reply_listing(request, inode, size, offset, Listing::kPlain);
}

void on_readdirplus(fuse_req_t request, fuse_ino_t inode, size_t size,
                    off_t offset, fuse_file_info* /*file*/) {
  reply_listing(request, inode, size, offset, Listing::kPlus);
}

}  // namespace omicsfs

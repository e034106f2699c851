// SPDX-License-Identifier: MIT
#include "fs/entry_stat.h"

#include "fetch/byte_range.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kSmallBlock = 4096;

mode_t mode_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kDirectory:
      return S_IFDIR | 0555;
    case NodeKind::kSymlink:
      return S_IFLNK | 0777;
    case NodeKind::kRemoteFile:
    case NodeKind::kInlineFile:
      return S_IFREG | 0444;
  }
  return S_IFREG;
}

}  // namespace

struct stat stat_of(const NodeFacts& node, Inode inode, const Owner& owner) {
  struct stat facts {};
  facts.st_ino = inode;
  facts.st_mode = mode_of(node.kind);
  facts.st_nlink = node.links;
  facts.st_uid = owner.uid;
  facts.st_gid = owner.gid;
  facts.st_size = static_cast<off_t>(node.size);
  facts.st_blocks =
      static_cast<blkcnt_t>(node.size / 512 + (node.size % 512 != 0 ? 1 : 0));
  // Programs read so much of a file at a time, where they want its header
  // alone, too; of columns each byte may cost a hundred of their array's.
  facts.st_blksize =
      static_cast<blksize_t>(node.is_mapped ? kSmallBlock : kBlockBytes);
  facts.st_atim.tv_sec = node.mtime;
  facts.st_mtim.tv_sec = node.mtime;
  facts.st_ctim.tv_sec = node.mtime;
  return facts;
}

}  // namespace omicsfs

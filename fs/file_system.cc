// SPDX-License-Identifier: MIT
#include "fs/file_system.h"

#include <algorithm>
#include <utility>

#include "fetch/patient_source.h"
#include "fetch/url.h"
#include "fs/inline_source.h"
#include "fs/xattrs.h"

namespace omicsfs {
namespace {

// Cookies 1 and 2 are "." and ".."; entries follow by their position.
constexpr std::uint64_t kDotCookies = 2;
constexpr std::uint64_t kStatvfsBlock = 4096;

Error no_inode() { return {ErrorCode::kNotFound, "no such inode"}; }

std::uint16_t generation_of(const Snapshot& snapshot) {
  return static_cast<std::uint16_t>(snapshot.header().generation);
}

std::shared_ptr<ByteSource> reader_of(std::shared_ptr<CachedSource> source,
                                      const RemoteFile& remote) {
  auto reader = std::make_shared<CacheReader>(std::move(source));
  if (!remote.is_mapped) {
    return reader;
  }
  return std::make_shared<PatientSource>(std::move(reader));
}

}  // namespace

FileSystem::FileSystem(std::vector<MountedSource> sources, BlockCache& cache,
                       Owner owner, Passthrough* passthrough)
    : sources_(std::move(sources)),
      cache_(cache),
      owner_(owner),
      passthrough_(passthrough) {}

Inode FileSystem::inode_at(const MountedSource& source, NodeId node) const {
  if (single() && node == kRootNode) {
    return kRootInode;
  }
  const auto slot = static_cast<std::uint8_t>(&source - sources_.data() + 1);
  return inode_of({slot, generation_of(*source.snapshot), node});
}

Result<FileSystem::Place> FileSystem::place_of(Inode inode) const {
  if (inode == kRootInode) {
    return single() ? Place{&sources_.front(), kRootNode} : Place{};
  }
  const InodeParts parts = parts_of(inode);
  if (parts.slot == 0 || parts.slot > sources_.size()) {
    return no_inode();
  }
  const MountedSource& source = sources_[parts.slot - 1U];
  if (parts.generation != generation_of(*source.snapshot)) {
    return no_inode();
  }
  return Place{&source, parts.node};
}

struct stat FileSystem::top_stat() const {
  NodeFacts top;
  top.kind = NodeKind::kDirectory;
  top.links = static_cast<std::uint32_t>(2 + sources_.size());
  for (const MountedSource& source : sources_) {
    top.mtime = std::max(top.mtime, source.snapshot->header().created_at);
  }
  return stat_of(top, kRootInode, owner_);
}

Result<struct stat> FileSystem::source_root(const MountedSource& source) const {
  const auto root = source.snapshot->node(kRootNode);
  if (!root) {
    return root.error();
  }
  return stat_of(*root, inode_at(source, kRootNode), owner_);
}

Result<struct stat> FileSystem::lookup(Inode parent,
                                       std::string_view name) const {
  const auto place = place_of(parent);
  if (!place) {
    return place.error();
  }
  if (place->source == nullptr) {
    const auto found = std::find_if(
        sources_.begin(), sources_.end(),
        [&](const MountedSource& source) { return source.name == name; });
    return found == sources_.end() ? Result<struct stat>(no_inode())
                                   : source_root(*found);
  }
  const auto node = place->source->snapshot->lookup(place->node, name);
  if (!node) {
    return node.error();
  }
  return stat_of(*node, inode_at(*place->source, node->id), owner_);
}

Result<struct stat> FileSystem::attributes(Inode inode) const {
  const auto place = place_of(inode);
  if (!place) {
    return place.error();
  }
  if (place->source == nullptr) {
    return top_stat();
  }
  const auto node = place->source->snapshot->node(place->node);
  if (!node) {
    return node.error();
  }
  return stat_of(*node, inode, owner_);
}

Result<std::string> FileSystem::link_target(Inode inode) const {
  const auto place = place_of(inode);
  if (!place || place->source == nullptr) {
    return no_inode();
  }
  return place->source->snapshot->symlink_target(place->node);
}

Result<Inode> FileSystem::parent_inode(const Place& place) const {
  if (place.source == nullptr || place.node == kRootNode) {
    return kRootInode;
  }
  const auto parent = place.source->snapshot->parent_of(place.node);
  if (!parent) {
    return parent.error();
  }
  return inode_at(*place.source, *parent);
}

Result<struct stat> FileSystem::dot_stat(Inode directory,
                                         std::uint64_t cookie) const {
  if (cookie == 1) {
    return attributes(directory);
  }
  const auto place = place_of(directory);
  if (!place) {
    return place.error();
  }
  const auto parent = parent_inode(*place);
  if (!parent) {
    return parent.error();
  }
  return attributes(*parent);
}

Result<std::vector<ListedEntry>> FileSystem::list(Inode directory,
                                                  std::uint64_t cookie,
                                                  std::size_t limit) const {
  const auto place = place_of(directory);
  if (!place) {
    return place.error();
  }
  std::vector<ListedEntry> entries;
  for (; cookie < kDotCookies && entries.size() < limit; ++cookie) {
    const auto facts = dot_stat(directory, cookie + 1);
    if (!facts) {
      return facts.error();
    }
    entries.push_back({cookie == 0 ? "." : "..", *facts, cookie + 1});
  }
  if (entries.size() == limit) {
    return entries;
  }
  const std::uint64_t after = cookie - kDotCookies;
  auto rest = place->source == nullptr
                  ? list_top(after, limit - entries.size())
                  : list_node(*place, after, limit - entries.size());
  if (!rest) {
    return rest;
  }
  std::move(rest->begin(), rest->end(), std::back_inserter(entries));
  return entries;
}

Result<std::vector<ListedEntry>> FileSystem::list_top(std::uint64_t after,
                                                      std::size_t limit) const {
  std::vector<ListedEntry> entries;
  for (std::size_t i = after; i < sources_.size() && entries.size() < limit;
       ++i) {
    const auto facts = source_root(sources_[i]);
    if (!facts) {
      return facts.error();
    }
    entries.push_back({sources_[i].name, *facts, i + 1 + kDotCookies});
  }
  return entries;
}

Result<std::vector<ListedEntry>> FileSystem::list_node(
    const Place& place, std::uint64_t after, std::size_t limit) const {
  const auto listed = place.source->snapshot->list(place.node, after, limit);
  if (!listed) {
    return listed.error();
  }
  std::vector<ListedEntry> entries;
  entries.reserve(listed->size());
  for (const DirectoryEntry& entry : *listed) {
    entries.push_back(
        {entry.name,
         stat_of(entry.node, inode_at(*place.source, entry.node.id), owner_),
         entry.position + kDotCookies});
  }
  return entries;
}

Result<FileSystem::Opened> FileSystem::open(Inode inode) {
  const auto place = place_of(inode);
  if (!place || place->source == nullptr) {
    return no_inode();
  }
  const auto& snapshot = place->source->snapshot;
  const auto node = snapshot->node(place->node);
  if (!node) {
    return node.error();
  }
  if (node->kind == NodeKind::kInlineFile) {
    auto source = std::make_shared<InlineSource>(snapshot, *node);
    return Opened{open_files_.add({std::move(source), {}})};
  }
  const auto remote = snapshot->remote_file(place->node);
  if (!remote) {
    return remote.error();
  }
  if (remote->member && remote->member->method == MemberMethod::kUnreadable) {
    return Error{ErrorCode::kUnsupported,
                 "a member of " + origin_text(*remote) + " cannot be read"};
  }
  siblings_.opened(inode, *snapshot, *remote);
  return open_remote(inode, *remote);
}

FileSystem::Opened FileSystem::open_remote(Inode inode,
                                           const RemoteFile& remote) {
  auto source = cache_.open(remote);
  OpenFile file{reader_of(source, remote), {}};
  Opened opened;
  opened.keep_pages = !cache_.was_dropped(source->file().key());
  if (passthrough_ != nullptr) {
    file.kernel = passthrough_->enter(inode, [&] {
      return opened.keep_pages ? source->open_whole() : UniqueFd();
    });
    opened.backing = file.kernel.backing();
  }
  opened.handle = open_files_.add(std::move(file));
  return opened;
}

Result<std::size_t> FileSystem::read(OpenFiles::Handle handle,
                                     std::uint64_t offset,
                                     std::span<std::byte> out,
                                     const ReadLimits& limits) {
  ByteSource& source = *OpenFiles::at(handle).source;
  const ByteRange range = clip({offset, out.size()}, source.size());
  const auto read =
      source.read_at(range.offset, out.first(range.length), limits);
  if (!read) {
    return read.error();
  }
  return range.length;
}

struct statvfs FileSystem::space() const {
  const CacheUse use = cache_.use();
  struct statvfs facts {};
  facts.f_bsize = kStatvfsBlock;
  facts.f_frsize = kStatvfsBlock;
  facts.f_blocks = use.limit / kStatvfsBlock;
  facts.f_bfree = (use.limit - std::min(use.used, use.limit)) / kStatvfsBlock;
  facts.f_bavail = facts.f_bfree;
  facts.f_files = use.files;
  facts.f_namemax = 255;
  facts.f_flag = ST_RDONLY;
  return facts;
}

Result<std::string> FileSystem::xattr(Inode inode,
                                      std::string_view name) const {
  const auto place = place_of(inode);
  if (!place || place->source == nullptr) {
    return no_inode();
  }
  const auto node = place->source->snapshot->node(place->node);
  if (!node) {
    return node.error();
  }
  return xattr_value({*place->source->snapshot, place->source->name, *node},
                     cache_, name);
}

Result<std::vector<std::string>> FileSystem::xattr_names(Inode inode) const {
  const auto place = place_of(inode);
  if (!place) {
    return place.error();
  }
  if (place->source == nullptr) {
    return std::vector<std::string>();
  }
  const auto node = place->source->snapshot->node(place->node);
  if (!node) {
    return node.error();
  }
  return xattr_list({*place->source->snapshot, place->source->name, *node});
}

}  // namespace omicsfs

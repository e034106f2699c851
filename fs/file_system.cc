// SPDX-License-Identifier: MIT
#include "fs/file_system.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "fetch/column_source.h"
#include "fetch/patient_source.h"
#include "fetch/url.h"
#include "fs/errno_of.h"
#include "fs/inline_source.h"
#include "fs/snapshot_path.h"
#include "fs/xattrs.h"

namespace omicsfs {
namespace {

// Cookies 1 and 2 are "." and ".."; entries follow by their position.
constexpr std::uint64_t kDotCookies = 2;
constexpr std::uint64_t kStatvfsBlock = 4096;

// A handle that outlived its file, which NFS keeps over a restart: ESTALE.
Error stale_inode() {
  return {ErrorCode::kChanged, "the catalog has no such file any more"};
}

std::vector<std::string> names_of(const std::vector<MountedSource>& sources) {
  std::vector<std::string> names;
  names.reserve(sources.size());
  for (const MountedSource& source : sources) {
    names.push_back(source.name);
  }
  return names;
}

bool is_unreadable(const RemoteFile& file) {
  return file.member && file.member->method == MemberMethod::kUnreadable;
}

constexpr std::string_view kErrorXattr = "user.omicsfs.error";

// Keeps why it failed for those who ask later; an interrupted read tells
// nothing of the file.
Error failed_read(const OpenFile& file, const Error& error) {
  if (file.failures != nullptr && error.code != ErrorCode::kInterrupted) {
    file.failures->failed(file.inode, error.message);
  }
  return of_listed_file(error);
}

// Reads of a mapped file that cost this many bytes of the network at most are
// never refused.
constexpr std::uint64_t kSmallRead = 2 * kBlockBytes;

std::uint64_t page_bytes() {
  const long bytes = ::sysconf(_SC_PAGESIZE);
  return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 4096;
}

std::unique_ptr<MappedFile> mapped_array(std::shared_ptr<CachedSource> array) {
  return std::make_unique<MappedFile>(
      kSmallRead, [array = std::move(array)](ByteRange range) {
        return array->has(range);
      });
}

// Their bytes lie apart in the array's, which is what is fetched.
std::unique_ptr<MappedFile> mapped_columns(
    const RemoteFile& remote, std::shared_ptr<CachedSource> array) {
  const ColumnPlace& place = *remote.columns;
  const std::uint64_t small =
      std::max(page_bytes(), kSmallRead / place.row_bytes * place.width);
  return std::make_unique<MappedFile>(
      small, [place, array = std::move(array)](ByteRange range) {
        return columns_present(place, range, [&array](ByteRange part) {
          return array->has(part);
        });
      });
}

std::shared_ptr<ByteSource> reader_of(std::shared_ptr<CachedSource> source,
                                      bool is_patient) {
  auto reader = std::make_shared<CacheReader>(std::move(source));
  if (!is_patient) {
    return reader;
  }
  return std::make_shared<PatientSource>(std::move(reader));
}

}  // namespace

FileSystem::FileSystem(std::vector<MountedSource> sources, BlockCache& cache,
                       Owner owner, Passthrough* passthrough)
    : sources_(std::move(sources)),
      slots_(source_slots(names_of(sources_))),
      cache_(cache),
      owner_(owner),
      passthrough_(passthrough) {}

Inode FileSystem::inode_at(const MountedSource& source,
                           const NodeFacts& node) const {
  if (single() && node.id == kRootNode) {
    return kRootInode;
  }
  const auto index = static_cast<std::size_t>(&source - sources_.data());
  return inode_of({slots_[index], node.number});
}

Result<FileSystem::Place> FileSystem::root_place() const {
  if (!single()) {
    return Place{};
  }
  const auto root = sources_.front().snapshot->node(kRootNode);
  return root ? Result<Place>(Place{&sources_.front(), *root}) : root.error();
}

Result<FileSystem::Place> FileSystem::place_of(Inode inode) const {
  if (inode == kRootInode) {
    return root_place();
  }
  const InodeParts parts = parts_of(inode);
  const auto slot = std::find(slots_.begin(), slots_.end(), parts.slot);
  if (slot == slots_.end()) {
    return stale_inode();
  }
  const MountedSource& source =
      sources_[static_cast<std::size_t>(slot - slots_.begin())];
  const auto node = source.snapshot->numbered(parts.number);
  if (!node) {
    return node.error().code == ErrorCode::kNotFound ? stale_inode()
                                                     : node.error();
  }
  return Place{&source, *node};
}

Result<FileSystem::Place> FileSystem::node_place(Inode inode) const {
  auto place = place_of(inode);
  if (place && place->source == nullptr) {
    return Error{ErrorCode::kNotFound, "the root has nothing of the kind"};
  }
  return place;
}

struct stat FileSystem::top_stat() const {
  NodeFacts top;
  top.kind = NodeKind::kDirectory;
  top.links = static_cast<std::uint32_t>(2 + sources_.size());
  for (const MountedSource& source : sources_) {
    const auto root = source.snapshot->node(kRootNode);
    top.mtime = std::max(top.mtime, root ? root->mtime : 0);
  }
  return stat_of(top, kRootInode, owner_);
}

Result<struct stat> FileSystem::source_root(const MountedSource& source) const {
  const auto root = source.snapshot->node(kRootNode);
  if (!root) {
    return root.error();
  }
  return stat_of(*root, inode_at(source, *root), owner_);
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
    return found == sources_.end()
               ? Result<struct stat>(
                     Error{ErrorCode::kNotFound,
                           "no source " + std::string(name) + " is mounted"})
               : source_root(*found);
  }
  const auto node = place->source->snapshot->lookup(place->node.id, name);
  if (!node) {
    return node.error();
  }
  return stat_of(*node, inode_at(*place->source, *node), owner_);
}

Result<struct stat> FileSystem::attributes(Inode inode) const {
  const auto place = place_of(inode);
  if (!place) {
    return place.error();
  }
  if (place->source == nullptr) {
    return top_stat();
  }
  return stat_of(place->node, inode, owner_);
}

Result<std::string> FileSystem::link_target(Inode inode) const {
  const auto place = node_place(inode);
  return place ? place->source->snapshot->symlink_target(place->node.id)
               : place.error();
}

std::string FileSystem::path_of(Inode inode) const {
  const auto place = place_of(inode);
  const bool is_top = place && place->source == nullptr;
  const auto below = place && !is_top
                         ? first_path(*place->source->snapshot, place->node.id)
                         : Result<std::string>(stale_inode());
  if (is_top) {
    return ".";
  }
  if (!below) {
    return "inode " + std::to_string(inode);
  }
  if (single()) {
    return below->empty() ? "." : *below;
  }
  return place->source->name + (below->empty() ? "" : "/") + *below;
}

Result<Inode> FileSystem::parent_inode(const Place& place) const {
  if (place.source == nullptr || place.node.id == kRootNode) {
    return kRootInode;
  }
  const Snapshot& snapshot = *place.source->snapshot;
  const auto id = snapshot.parent_of(place.node.id);
  const auto parent = id ? snapshot.node(*id) : id.error();
  return parent ? Result<Inode>(inode_at(*place.source, *parent))
                : parent.error();
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
  const auto listed = place.source->snapshot->list(place.node.id, after, limit);
  if (!listed) {
    return listed.error();
  }
  std::vector<ListedEntry> entries;
  entries.reserve(listed->size());
  for (const DirectoryEntry& entry : *listed) {
    entries.push_back(
        {entry.name,
         stat_of(entry.node, inode_at(*place.source, entry.node), owner_),
         entry.position + kDotCookies});
  }
  return entries;
}

Result<FileSystem::Opened> FileSystem::open(Inode inode) {
  auto opened = open_listed(inode);
  return opened ? std::move(opened) : of_listed_file(opened.error());
}

OpenFiles::Handle FileSystem::add_open(Inode inode, OpenFile file) {
  file.failures = &failures_;
  file.inode = inode;
  return open_files_.add(std::move(file));
}

Result<FileSystem::Opened> FileSystem::open_listed(Inode inode) {
  const auto place = node_place(inode);
  if (!place) {
    return place.error();
  }
  const auto& snapshot = place->source->snapshot;
  if (place->node.kind == NodeKind::kInlineFile) {
    auto source = std::make_shared<InlineSource>(snapshot, place->node);
    return Opened{add_open(inode, {std::move(source), {}})};
  }
  const auto remote = snapshot->remote_file(place->node.id);
  if (!remote) {
    return remote.error();
  }
  if (is_unreadable(*remote)) {
    return Error{ErrorCode::kUnsupported,
                 "a member of " + origin_text(*remote) + " cannot be read"};
  }
  const bool is_patient = place->source->is_patient;
  if (remote->columns) {
    return open_columns(inode, *remote, is_patient);
  }
  siblings_.opened({*snapshot, parts_of(inode).slot, place->node.id}, *remote);
  return open_remote(inode, *remote, is_patient);
}

// The kernel has no file to read past us: the bytes lie apart in the array's.
FileSystem::Opened FileSystem::open_columns(Inode inode,
                                            const RemoteFile& remote,
                                            bool is_patient) {
  auto array = cache_.open(*remote.columns->array);
  Opened opened;
  opened.keep_pages = !cache_.was_dropped(array->file().key());
  opened.awaits_first_block = is_patient;
  OpenFile file{std::make_shared<ColumnSource>(
      remote, reader_of(array, is_patient || remote.is_mapped))};
  file.repeated = std::make_unique<RepeatedFile>(remote.is_mapped);
  if (remote.is_mapped) {
    file.mapped = mapped_columns(remote, std::move(array));
  }
  opened.handle = add_open(inode, std::move(file));
  return opened;
}

FileSystem::Opened FileSystem::open_remote(Inode inode,
                                           const RemoteFile& remote,
                                           bool is_patient) {
  auto source = cache_.open(remote);
  OpenFile file{reader_of(source, is_patient || remote.is_mapped), {}};
  file.repeated = std::make_unique<RepeatedFile>(remote.is_mapped);
  Opened opened;
  opened.keep_pages = !cache_.was_dropped(source->file().key());
  if (passthrough_ != nullptr) {
    file.kernel = passthrough_->enter(inode, [&] {
      return opened.keep_pages ? source->open_whole() : UniqueFd();
    });
    opened.backing = file.kernel.backing();
  }
  opened.awaits_first_block =
      is_patient && remote.size > 0 && !opened.backing && !source->has({0, 1});
  if (remote.is_mapped && !opened.backing) {
    file.mapped = mapped_array(std::move(source));
  }
  opened.handle = add_open(inode, std::move(file));
  return opened;
}

bool FileSystem::refuses(OpenFiles::Handle handle, ByteRange range) {
  const OpenFile& file = OpenFiles::at(handle);
  range = clip(range, file.source->size());
  if (file.mapped == nullptr || range.empty()) {
    return false;
  }
  const bool is_here = file.mapped->has(range);
  const MutexLock lock(file.mapped->mutex);
  return file.mapped->reads.refuses(range, is_here);
}

Result<std::size_t> FileSystem::read(OpenFiles::Handle handle,
                                     std::uint64_t offset,
                                     std::span<std::byte> out,
                                     const ReadLimits& limits) {
  const OpenFile& file = OpenFiles::at(handle);
  ByteSource& source = *file.source;
  const ByteRange range = clip({offset, out.size()}, source.size());
  const auto read =
      source.read_at(range.offset, out.first(range.length), limits);
  if (!read) {
    return failed_read(file, read.error());
  }
  if (file.failures != nullptr) {
    file.failures->succeeded(file.inode);
  }
  return range.length;
}

FileSystem::BegunRead FileSystem::begin_read(OpenFiles::Handle handle,
                                             ByteRange range) {
  const OpenFile& file = OpenFiles::at(handle);
  range = clip(range, file.source->size());
  BegunRead begun{file.source->begin_read(range), range};
  if (file.repeated != nullptr && !range.empty()) {
    const auto now = std::chrono::steady_clock::now();
    const MutexLock lock(file.repeated->mutex);
    begun.failed = file.repeated->reads.tried_again(range, now);
  }
  return begun;
}

Result<void> FileSystem::end_read(OpenFiles::Handle handle, ByteRange range,
                                  const Result<void>& outcome, Way way) {
  const OpenFile& file = OpenFiles::at(handle);
  if (outcome) {
    if (file.failures != nullptr) {
      file.failures->succeeded(file.inode);
    }
    return {};
  }
  const Error& why = outcome.error();
  if (way == Way::kPageCache && file.repeated != nullptr &&
      why.code != ErrorCode::kInterrupted) {
    const auto now = std::chrono::steady_clock::now();
    const MutexLock lock(file.repeated->mutex);
    file.repeated->reads.note(range, why, now);
  }
  return failed_read(file, why);
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
  const auto place = node_place(inode);
  if (!place) {
    return place.error();
  }
  if (name == kErrorXattr) {
    auto why = failures_.why(inode);
    return why ? Result<std::string>(*std::move(why))
               : Error{ErrorCode::kNotFound, "no read of the file has failed"};
  }
  return xattr_value(
      {*place->source->snapshot, place->source->name, place->node}, cache_,
      name);
}

Result<std::vector<std::string>> FileSystem::xattr_names(Inode inode) const {
  const auto place = place_of(inode);
  if (!place) {
    return place.error();
  }
  if (place->source == nullptr) {
    return std::vector<std::string>();
  }
  auto names =
      xattr_list({*place->source->snapshot, place->source->name, place->node});
  if (names && failures_.why(inode)) {
    names->emplace_back(kErrorXattr);
  }
  return names;
}

}  // namespace omicsfs

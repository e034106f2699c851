// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"
#include "catalog/snapshot.h"
#include "fetch/block_cache.h"
#include "fetch/byte_range.h"
#include "fs/entry_stat.h"
#include "fs/inode.h"
#include "fs/open_files.h"
#include "fs/passthrough.h"
#include "fs/read_failures.h"
#include "fs/sibling_fetch.h"

namespace omicsfs {

struct MountedSource {
  std::string name;  // "abc-atlas"
  std::shared_ptr<const Snapshot> snapshot;
  // Its programs take an error of a read for the end of the file (as
  // GenomeKit's line reader does), but do report a failed open. So reads of its
  // files are tried until their deadline (PatientSource), and a file is open
  // only once its first block is here.
  bool is_patient = false;
};

struct ListedEntry {
  std::string name;
  struct stat facts {};
  std::uint64_t cookie = 0;  // lists on after this entry
};

// The mounted tree: inode numbers in, `struct stat`, names and bytes out. It
// knows nothing of FUSE. One source stands at the root itself, several each in
// a directory of its name. Thread-safe.
//
// A read travels: fuse_ops on_read -> FileSystem::read -> ByteSource::read_at
// (CachedSource: present blocks from CachedFile, missing ones by a Flight that
// RangeFetcher fills and the storer stores) -> bytes, or the error that
// errno_of turns to an errno.
//
// Only read() of a remote file waits for the network. Errors of all: kChanged,
// the catalog has no node of that inode number; kNotFound, no such name or
// attribute; kCorrupt, kIo as the snapshot gives them.
class FileSystem {
 public:
  // `cache` and `passthrough` must outlive it; where `passthrough` is null, the
  // kernel asks for all bytes. REQUIRES: 1 to 255 sources, names unique.
  FileSystem(std::vector<MountedSource> sources, BlockCache& cache, Owner owner,
             Passthrough* passthrough = nullptr);

  [[nodiscard]] Result<struct stat> lookup(Inode parent,
                                           std::string_view name) const;
  [[nodiscard]] Result<struct stat> attributes(Inode inode) const;
  [[nodiscard]] Result<std::string> link_target(Inode inode) const;
  // The first path of `inode` below the mount point, for messages: "." is the
  // root. Names the inode number where the snapshot cannot tell the path.
  [[nodiscard]] std::string path_of(Inode inode) const;
  // Up to `limit` entries after `cookie` (0 = from the start), "." and ".."
  // first. The same cookie always gives the same entries.
  [[nodiscard]] Result<std::vector<ListedEntry>> list(Inode directory,
                                                      std::uint64_t cookie,
                                                      std::size_t limit) const;

  struct Opened {
    OpenFiles::Handle handle = 0;
    // Pages that the kernel has are still right. Where not, this open makes it
    // drop them. (Telling it at once would wait for reads, in a sleep that not
    // even SIGKILL ends.)
    bool keep_pages = true;
    // What the kernel is to read in our place, from now to the release.
    std::optional<BackingId> backing = {};
    // The open may succeed only once a read of the first byte has.
    bool awaits_first_block = false;
  };
  // Errors: never kNotFound, see of_listed_file.
  Result<Opened> open(Inode inode);
  // Fills the start of `out` with the bytes at `offset`; returns how many: less
  // than out.size() only at the end of the file. Errors: as ByteSource, but
  // never kNotFound; the last one of a file is its user.omicsfs.error.
  static Result<std::size_t> read(OpenFiles::Handle handle,
                                  std::uint64_t offset,
                                  std::span<std::byte> out,
                                  const ReadLimits& limits);
  // The same read, for whoever must hold no thread while it waits.
  struct BegunRead {
    std::unique_ptr<Reading> reading;
    ByteRange range;
    // Why the read failed that the kernel tries again by this one, which then
    // is not to wait; none where it is the first.
    std::optional<Error> failed = {};
  };
  static BegunRead begin_read(OpenFiles::Handle handle, ByteRange range);
  // How such a read comes: what fails in the kernel's page cache is tried
  // again.
  enum class Way { kPageCache, kDirect };
  // To be called at its end, with how it ended; returns what the reader is
  // told, as read() does.
  static Result<void> end_read(OpenFiles::Handle handle, ByteRange range,
                               const Result<void>& outcome, Way way);
  // Whether a read of that range must fail so that the kernel asks for its
  // pages one by one (mapped_reads.h); takes note of it. REQUIRES: it is one of
  // the kernel's page cache: no other is tried again.
  static bool refuses(OpenFiles::Handle handle, ByteRange range);
  void release(OpenFiles::Handle handle) { open_files_.remove(handle); }
  [[nodiscard]] OpenFiles& open_files() { return open_files_; }

  // The cache's limit and use: what df shows. Never waits for anything.
  [[nodiscard]] struct statvfs space() const;

  // Extended attributes, names with their "user." prefix (see xattrs.h).
  [[nodiscard]] Result<std::string> xattr(Inode inode,
                                          std::string_view name) const;
  [[nodiscard]] Result<std::vector<std::string>> xattr_names(Inode inode) const;

 private:
  // An inode number resolved: a node of a source, or (no source) the root above
  // several sources.
  struct Place {
    const MountedSource* source = nullptr;
    NodeFacts node{};
  };

  Result<Opened> open_listed(Inode inode);
  OpenFiles::Handle add_open(Inode inode, OpenFile file);
  [[nodiscard]] Result<Place> place_of(Inode inode) const;
  [[nodiscard]] Opened open_columns(Inode inode, const RemoteFile& remote,
                                    bool is_patient);
  [[nodiscard]] Opened open_remote(Inode inode, const RemoteFile& remote,
                                   bool is_patient);
  [[nodiscard]] Result<Place> root_place() const;
  // Likewise, where it is a node of a source. Errors: also kNotFound.
  [[nodiscard]] Result<Place> node_place(Inode inode) const;
  [[nodiscard]] Inode inode_at(const MountedSource& source,
                               const NodeFacts& node) const;
  [[nodiscard]] bool single() const { return sources_.size() == 1; }
  [[nodiscard]] struct stat top_stat() const;
  [[nodiscard]] Result<struct stat> source_root(
      const MountedSource& source) const;
  [[nodiscard]] Result<Inode> parent_inode(const Place& place) const;
  [[nodiscard]] Result<struct stat> dot_stat(Inode directory,
                                             std::uint64_t cookie) const;
  [[nodiscard]] Result<std::vector<ListedEntry>> list_top(
      std::uint64_t after, std::size_t limit) const;
  [[nodiscard]] Result<std::vector<ListedEntry>> list_node(
      const Place& place, std::uint64_t after, std::size_t limit) const;

  std::vector<MountedSource> sources_;
  std::vector<std::uint16_t> slots_;  // of the sources, likewise
  BlockCache& cache_;
  Owner owner_;
  Passthrough* passthrough_;
  ReadFailures failures_;
  OpenFiles open_files_;
  SiblingFetch siblings_{cache_};
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "catalog/snapshot.h"
#include "catalog/sqlite.h"
#include "catalog/unique_fd.h"

namespace omicsfs {

// The reads that a snapshot is asked for; each connection has all prepared.
enum class SnapshotQuery : std::size_t {
  kNode,
  kNumbered,
  kDated,
  kLookup,
  kSignpost,
  kList,
  kParent,
  kFirstEntry,
  kContentOf,
  kContent,
  kColumns,
  kInlineBytes,
  kChunk,
  kSymlink,
  kXattrs,
  kXattr,
  kRecord,
  kField,
  kText,
  kProperty,
};
inline constexpr std::size_t kSnapshotQueries = 20;

struct SnapshotConnection {
  Database database;
  std::vector<Statement> statements;  // by SnapshotQuery

  Rows rows(SnapshotQuery query, std::initializer_list<SqlValue> values) {
    return statements[static_cast<std::size_t>(query)].rows(values);
  }
};

// Connections to one snapshot file, opened as they are needed. The mutex is
// held to take or give back one, never while SQLite works.
class Snapshot::Pool {
 public:
  // As many as a mount has threads that read.
  static constexpr std::size_t kMaxConnections = 64;

  // `lock` is the flocked descriptor of the file at `path`.
  Pool(std::filesystem::path path, UniqueFd lock, SnapshotHeader header)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        header_(std::move(header)) {}

  // A connection borrowed for a scope.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<SnapshotConnection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) {
        pool_->give_back(std::move(connection_));
      }
    }
    SnapshotConnection& operator*() const { return *connection_; }
    SnapshotConnection* operator->() const { return connection_.get(); }

   private:
    Pool* pool_;
    std::unique_ptr<SnapshotConnection> connection_;
  };

  // Waits where all connections are lent out and no further one can be opened.
  // Errors: kCorrupt, kIo where not even a first one can be.
  Result<Lease> borrow();

  [[nodiscard]] const SnapshotHeader& header() const { return header_; }

 private:
  [[nodiscard]] Result<std::unique_ptr<SnapshotConnection>> open_connection()
      const;
  void give_back(std::unique_ptr<SnapshotConnection> connection);

  std::filesystem::path path_;
  UniqueFd lock_;
  SnapshotHeader header_;
  std::mutex mutex_;  // guards the two below
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SnapshotConnection>> idle_;
  std::size_t open_ = 0;  // lent out, idle or being opened
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/cache_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <system_error>
#include <utility>

#include "fetch/index_charges.h"
#include "fetch/index_connection.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

Result<void> make_directory(const stdfs::path& dir) {
  std::error_code error;
  stdfs::create_directories(dir / "files", error);
  if (error) {
    return system_error("cannot make the cache directory " + dir.string(),
                        error.value());
  }
  // Backup programs skip a directory so tagged (bford.info/cachedir).
  const stdfs::path tag = dir / "CACHEDIR.TAG";
  if (!stdfs::exists(tag, error)) {
    std::ofstream(tag) << "Signature: 8a477f597d28d172789f06886806bc55\n";
  }
  return {};
}

Result<FileUse> use_of(IndexPool& pool, const std::string& key) {
  auto lease = pool.lease();
  if (!lease) {
    return lease.error();
  }
  auto rows = (*lease)->use.rows({key});
  auto found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? FileUse{unsigned64(rows.integer(0)), rows.integer(1) != 0}
                : FileUse{};
}

Result<std::uint64_t> stamp_of_verified(IndexPool& pool,
                                        const std::string& key) {
  auto lease = pool.lease();
  if (!lease) {
    return lease.error();
  }
  auto rows = (*lease)->verified.rows({key});
  auto found = rows.step();
  if (!found) {
    return found.error();
  }
  return *found ? std::bit_cast<std::uint64_t>(rows.integer(0)) : 0;
}

}  // namespace

CacheIndex::CacheIndex(std::unique_ptr<IndexPool> pool,
                       std::unique_ptr<IndexPool> impatient, ProcessMark mark,
                       bool was_free)
    : pool_(std::move(pool)),
      impatient_(std::move(impatient)),
      mark_(std::move(mark)),
      was_free_(was_free) {}
CacheIndex::~CacheIndex() = default;

Result<std::unique_ptr<CacheIndex>> CacheIndex::open(
    const stdfs::path& dir, std::chrono::milliseconds patience) {
  const stdfs::path versioned = dir / "v1";
  if (auto made = make_directory(versioned); !made) {
    return made.error();
  }
  auto pool = std::make_unique<IndexPool>(versioned, patience);
  auto connection = open_index(versioned, pool->wait_for_lock());
  if (!connection && connection.error().code == ErrorCode::kCorrupt) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;  // what stays is reported by the next open
      stdfs::remove(versioned / (std::string("index.sqlite") + suffix),
                    ignored);
    }
    connection = open_index(versioned, pool->wait_for_lock());
  }
  if (!connection && connection.error().code != ErrorCode::kTimedOut) {
    return connection.error();
  }
  auto impatient = std::make_unique<IndexPool>(
      versioned, std::chrono::milliseconds{0}, IndexPool::Makes::kNothing);
  const bool was_free = connection.has_value();
  if (was_free) {
    pool->adopt(*std::move(connection));
    // Opened now, where there is time.
    static_cast<void>(impatient->lease());
  }
  return std::unique_ptr<CacheIndex>(
      new CacheIndex(std::move(pool), std::move(impatient),
                     ProcessMark(versioned / "processes"), was_free));
}

// Runs `work` on a connection within a transaction that writes.
template <typename Work>
auto CacheIndex::transact(const Work& work)
    -> decltype(work(std::declval<IndexConnection&>())) {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  IndexConnection& connection = **lease;
  if (auto begun = connection.database.execute("BEGIN IMMEDIATE"); !begun) {
    return begun.error();
  }
  auto done = work(connection);
  const auto ended = connection.database.execute(done ? "COMMIT" : "ROLLBACK");
  if (done && !ended) {
    static_cast<void>(connection.database.execute("ROLLBACK"));
    return ended.error();
  }
  return done;
}

Result<std::uint64_t> CacheIndex::charge(const ChargedFile& file,
                                         const GrantChange& change,
                                         const CacheLimits& limits) {
  return transact([&](IndexConnection& connection) {
    return IndexCharges(connection, pool_->dir())
        .change(mark_.number(), file, change, limits);
  });
}

Result<std::uint64_t> CacheIndex::forget(const std::string& key) {
  return transact([&](IndexConnection& connection) {
    return IndexCharges(connection, pool_->dir()).forget(key);
  });
}

Result<void> CacheIndex::settle_for_the_dead() {
  return transact([&](IndexConnection& connection) {
    return IndexCharges(connection, pool_->dir()).settle_for_the_dead(mark_);
  });
}

Result<std::uint64_t> CacheIndex::lacking(const CacheLimits& limits) {
  auto lease = pool_->lease();
  return lease ? IndexCharges(**lease, pool_->dir()).lacking(limits, 0)
               : lease.error();
}

Result<void> CacheIndex::note_uses(const std::map<std::string, FileUse>& uses) {
  if (uses.empty()) {
    return {};
  }
  return transact([&](IndexConnection& connection) -> Result<void> {
    for (const auto& [key, use] : uses) {
      auto noted = connection.note_use.run(
          {key, signed64(use.last_use), std::int64_t{use.hot}});
      if (!noted) {
        return noted;
      }
    }
    return {};
  });
}

Result<FileUse> CacheIndex::use_of(const std::string& key) {
  return omicsfs::use_of(*pool_, key);
}

Result<FileUse> CacheIndex::use_at_once(const std::string& key) {
  return omicsfs::use_of(*impatient_, key);
}

Result<void> CacheIndex::set_verified(const std::string& key,
                                      std::uint64_t stamp) {
  auto lease = pool_->lease();
  return lease ? (*lease)->verify.run({key, std::bit_cast<std::int64_t>(stamp)})
               : lease.error();
}

Result<std::uint64_t> CacheIndex::verified_stamp(const std::string& key) {
  return stamp_of_verified(*pool_, key);
}

Result<std::uint64_t> CacheIndex::verified_stamp_at_once(
    const std::string& key) {
  return stamp_of_verified(*impatient_, key);
}

Result<void> CacheIndex::clear_verified(const std::string& key) {
  auto lease = pool_->lease();
  return lease ? (*lease)->unverify.run({key}) : lease.error();
}

Result<std::vector<IndexedFile>> CacheIndex::least_recent(
    Heat heat, const UseCursor& after, std::size_t count) {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  auto rows = (*lease)->oldest.rows({std::int64_t{heat == Heat::kHot},
                                     signed64(after.last_use), after.key,
                                     signed64(count)});
  std::vector<IndexedFile> files;
  for (;;) {
    auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return files;
    }
    files.push_back({std::string(rows.text(0)),
                     unsigned64(rows.integer(1)),
                     unsigned64(rows.integer(2)),
                     {unsigned64(rows.integer(3)), rows.integer(5) != 0},
                     rows.integer(4) != 0});
  }
}

Result<IndexShares> CacheIndex::shares() {
  auto lease = pool_->lease();
  return lease ? IndexCharges(**lease, pool_->dir()).shares() : lease.error();
}

Result<std::uint64_t> CacheIndex::latest_use() {
  auto lease = impatient_->lease();
  if (!lease) {
    return lease.error();
  }
  const auto latest = (*lease)->database.query_integer(
      "SELECT coalesce(max(last_use), 0) FROM files");
  return latest ? Result<std::uint64_t>(unsigned64(*latest)) : latest.error();
}

void CacheIndex::end_by(std::chrono::steady_clock::time_point time) {
  pool_->end_by(time);
}

Result<IndexTotals> CacheIndex::totals() {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  auto rows = (*lease)->totals.rows();
  if (auto stepped = rows.step(); !stepped) {
    return stepped.error();
  }
  return IndexTotals{unsigned64(rows.integer(0)), unsigned64(rows.integer(1)),
                     unsigned64(rows.integer(2))};
}

Result<void> CacheIndex::report(const CacheReport& report) {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  auto insert = (*lease)->database.prepare(
      "INSERT INTO reports(time, key, message) VALUES(?1, ?2, ?3)");
  if (!insert) {
    return insert.error();
  }
  if (auto added = insert->run({report.time, report.key, report.message});
      !added) {
    return added;
  }
  return (*lease)->database.execute(
      "DELETE FROM reports WHERE id <= (SELECT max(id) - 100 FROM reports)");
}

Result<std::vector<CacheReport>> CacheIndex::reports() {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  auto select = (*lease)->database.prepare(
      "SELECT time, key, message FROM reports ORDER BY id");
  if (!select) {
    return select.error();
  }
  auto rows = select->rows();
  std::vector<CacheReport> reports;
  for (;;) {
    auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return reports;
    }
    reports.push_back({rows.integer(0), std::string(rows.text(1)),
                       std::string(rows.text(2))});
  }
}

std::uint64_t CacheIndex::growth() const {
  const stdfs::path& dir = pool_->dir();
  const std::uint64_t now = disk_bytes(dir / "index.sqlite") +
                            disk_bytes(dir / "index.sqlite-wal") +
                            disk_bytes(dir / "index.sqlite-shm");
  const std::uint64_t most = own_bytes();
  return most - std::min(most, now);
}

std::uint64_t CacheIndex::own_bytes() const {
  // The log goes on to about this size between two checkpoints.
  constexpr std::uint64_t kLogBytes = std::uint64_t{600} << 10;
  constexpr std::uint64_t kGrowth = std::uint64_t{64} << 10;
  const stdfs::path& dir = pool_->dir();
  return disk_bytes(dir / "index.sqlite") + kGrowth +
         std::max(disk_bytes(dir / "index.sqlite-wal"), kLogBytes) +
         disk_bytes(dir / "index.sqlite-shm");
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/cache_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <system_error>
#include <utility>

#include "fetch/eviction.h"
#include "fetch/index_connection.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

std::int64_t signed64(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

std::uint64_t unsigned64(std::int64_t value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

std::uint64_t disk_bytes(const stdfs::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0
             ? static_cast<std::uint64_t>(facts.st_blocks) * 512
             : 0;
}

Result<void> make_directory(const stdfs::path& dir) {
  std::error_code error;
  stdfs::create_directories(dir / "files", error);
  if (error) {
    return system_error("cannot make the cache directory " + dir.string(),
                        error.value());
  }
  stdfs::permissions(dir, stdfs::perms::owner_all, error);
  // Backup programs skip a directory so tagged (bford.info/cachedir).
  const stdfs::path tag = dir / "CACHEDIR.TAG";
  if (!stdfs::exists(tag, error)) {
    std::ofstream(tag) << "Signature: 8a477f597d28d172789f06886806bc55\n";
  }
  return {};
}

}  // namespace

CacheIndex::CacheIndex(std::unique_ptr<IndexPool> pool)
    : pool_(std::move(pool)) {}
CacheIndex::~CacheIndex() = default;

Result<std::unique_ptr<CacheIndex>> CacheIndex::open(const stdfs::path& dir) {
  const stdfs::path versioned = dir / "v1";
  if (auto made = make_directory(versioned); !made) {
    return made.error();
  }
  auto connection = open_index(versioned);
  if (!connection && connection.error().code == ErrorCode::kCorrupt) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;  // what stays is reported by the next open
      stdfs::remove(versioned / (std::string("index.sqlite") + suffix),
                    ignored);
    }
    connection = open_index(versioned);
  }
  if (!connection) {
    return connection.error();
  }
  auto pool = std::make_unique<IndexPool>(versioned);
  pool->adopt(*std::move(connection));
  return std::unique_ptr<CacheIndex>(new CacheIndex(std::move(pool)));
}

namespace {

// The sum of all charges. Errors: those of the index.
Result<std::uint64_t> charged_now(IndexConnection& connection) {
  auto rows = connection.used.rows();
  auto stepped = rows.step();
  if (!stepped) {
    return stepped.error();
  }
  return unsigned64(rows.integer(0));
}

Result<std::uint64_t> charge_within(IndexConnection& connection,
                                    const IndexedFile& file,
                                    std::uint64_t limit) {
  const auto used = charged_now(connection);
  if (!used) {
    return used.error();
  }
  if (*used > limit || file.charged > limit - *used) {
    return deficit({limit, *used, 0, UINT64_MAX}, file.charged);
  }
  auto charged = connection.charge.run(
      {file.key, signed64(file.size), signed64(file.charged)});
  if (!charged) {
    return charged.error();
  }
  return std::uint64_t{0};
}

}  // namespace

Result<std::uint64_t> CacheIndex::charge(const std::string& key,
                                         std::uint64_t size,
                                         std::uint64_t bytes,
                                         std::uint64_t limit) {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  Database& database = (*lease)->database;
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) {
    return begun.error();
  }
  auto passed =
      charge_within(*lease->operator->(), {key, size, bytes, 0, false}, limit);
  const auto ended =
      database.execute(passed && *passed == 0 ? "COMMIT" : "ROLLBACK");
  if (passed && !ended) {
    return ended.error();
  }
  return passed;
}

Result<void> CacheIndex::settle(const std::string& key, std::uint64_t size,
                                std::uint64_t bytes) {
  if (bytes == 0) {
    return forget(key);
  }
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  return (*lease)->settle.run({key, signed64(size), signed64(bytes)});
}

Result<void> CacheIndex::touch(const std::vector<std::string>& keys) {
  if (keys.empty()) {
    return {};
  }
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  if (auto begun = (*lease)->database.execute("BEGIN IMMEDIATE"); !begun) {
    return begun;
  }
  for (const std::string& key : keys) {
    if (auto touched = (*lease)->touch.run({key}); !touched) {
      static_cast<void>((*lease)->database.execute("ROLLBACK"));
      return touched;
    }
  }
  return (*lease)->database.execute("COMMIT");
}

Result<void> CacheIndex::set_verified(const std::string& key,
                                      std::uint64_t stamp) {
  auto lease = pool_->lease();
  return lease ? (*lease)->verify.run({key, std::bit_cast<std::int64_t>(stamp)})
               : lease.error();
}

Result<std::uint64_t> CacheIndex::verified_stamp(const std::string& key) {
  auto lease = pool_->lease();
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

Result<void> CacheIndex::forget(const std::string& key) {
  auto lease = pool_->lease();
  return lease ? (*lease)->forget.run({key}) : lease.error();
}

Result<std::vector<IndexedFile>> CacheIndex::least_recent(
    std::uint64_t after_use, std::size_t count) {
  auto lease = pool_->lease();
  if (!lease) {
    return lease.error();
  }
  auto rows = (*lease)->oldest.rows({signed64(after_use), signed64(count)});
  std::vector<IndexedFile> files;
  for (;;) {
    auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return files;
    }
    files.push_back({std::string(rows.text(0)), unsigned64(rows.integer(1)),
                     unsigned64(rows.integer(2)), unsigned64(rows.integer(3)),
                     rows.integer(4) != 0});
  }
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

std::uint64_t CacheIndex::own_bytes() const {
  std::uint64_t bytes = 0;
  for (const char* name :
       {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm"}) {
    bytes += disk_bytes(pool_->dir() / name);
  }
  return bytes;
}

}  // namespace omicsfs

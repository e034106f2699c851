// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "fetch/block_cache.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {

// Bytes that no two places of a file share by chance.
inline std::string random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(engine());
  }
  return bytes;
}

inline RemoteFile remote_of(const std::string& url, const std::string& bytes) {
  return {{url},
          bytes.size(),
          digest_of(DigestKind::kMd5, std::as_bytes(std::span(bytes))),
          ""};
}

inline RemoteFile without_digest(RemoteFile remote) {
  remote.digest.reset();
  return remote;
}

// A slow machine only waits longer.
inline ReadLimits patient() {
  return {std::chrono::steady_clock::now() + std::chrono::minutes(4), {}};
}

// What a read gave: its bytes, or its error.
struct ReadOutcome {
  std::string bytes;
  std::optional<Error> error;
};

inline ReadOutcome read_range(ByteSource& source, ByteRange range,
                              const ReadLimits& limits = patient()) {
  std::string bytes(range.length, '\0');
  const auto read = source.read_at(
      range.offset, std::as_writable_bytes(std::span(bytes)), limits);
  if (!read) {
    return {"", read.error()};
  }
  return {std::move(bytes), std::nullopt};
}

inline ReadOutcome read_all(ByteSource& source) {
  return read_range(source, {0, source.size()});
}

// One session of a block cache over a fake network. A second one on the same
// directory is a restart, or another process.
class CacheWorld {
 public:
  static constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

  explicit CacheWorld(const std::filesystem::path& dir,
                      CacheLimits limits = {kPlenty, 0}, int retries = 0,
                      const FetchLimits& fetch = {},
                      const ChangeVerdicts& verdicts = {})
      : fetcher_(*network_, mirrors_, policy(retries), counters_, 1),
        cache_(dir, limits, {fetcher_, fetch, verdicts}, counters_,
               [this](const CacheReport& report) {
                 const MutexLock lock(mutex_);
                 reports_.push_back(report);
               }) {}
  ~CacheWorld() {
    cache_.end_unpacking();
    network_.reset();
  }
  CacheWorld(const CacheWorld&) = delete;
  CacheWorld& operator=(const CacheWorld&) = delete;

  [[nodiscard]] FakeTransport& network() { return *network_; }
  [[nodiscard]] BlockCache& cache() { return cache_; }
  [[nodiscard]] Counters& counters() { return counters_; }
  [[nodiscard]] std::vector<CacheReport> reports() {
    cache_.wait_until_idle();
    const MutexLock lock(mutex_);
    return reports_;
  }

 private:
  static RetryPolicy policy(int retries) {
    return {retries, std::chrono::milliseconds(1),
            std::chrono::milliseconds(1)};
  }

  Mutex mutex_;
  std::vector<CacheReport> reports_ GUARDED_BY(mutex_);
  std::unique_ptr<FakeTransport> network_ = std::make_unique<FakeTransport>();
  Mirrors mirrors_;
  Counters counters_;
  RangeFetcher fetcher_;
  BlockCache cache_;
};

}  // namespace omicsfs

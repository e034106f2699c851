// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/url_identity.h"
#include "fetch/byte_range.h"
#include "fetch/link_speed.h"
#include "fetch/mutex.h"
#include "fetch/range_fetch.h"
#include "fetch/version_pin.h"

namespace omicsfs {

// Where the bytes of one cached file come from: a server, an archive, a disk.
// Thread-safe.
class BlockOrigin {
 public:
  virtual ~BlockOrigin() = default;
  // Starts to fetch `range` and returns at once; `sink` is told by one thread
  // at a time, never from within. What it returns is RangeFetcher::AskAgain's.
  // Errors that the sink gets: those of RangeSink::on_done; kCorrupt, kIo.
  virtual RangeFetcher::AskAgain fetch(ByteRange range,
                                       std::shared_ptr<RangeSink> sink) = 0;
  // How fast it has been of late.
  [[nodiscard]] virtual LinkSpeed speed() const = 0;
  // See RangeFetcher::late_after.
  [[nodiscard]] virtual std::optional<std::chrono::microseconds> late_after()
      const {
    return std::nullopt;
  }
  // The same objects, signed anew: those urls are asked from now on. Others,
  // and origins that have none, stay as they are.
  virtual void renew_urls(const std::vector<std::string>& /*urls*/) {}
};

// Whether both name the same objects, however they are signed.
[[nodiscard]] inline bool are_same_objects(const std::vector<std::string>& a,
                                           const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const std::string& one, const std::string& other) {
                      return one == other ||
                             object_url(one) == object_url(other);
                    });
}

// The urls of a remote file. `fetcher` must outlive it.
class UrlOrigin final : public BlockOrigin {
 public:
  UrlOrigin(RangeFetcher& fetcher, std::vector<std::string> urls,
            std::uint64_t file_size, std::shared_ptr<VersionPin> pin,
            bool has_digest)
      : fetcher_(fetcher),
        urls_(std::move(urls)),
        file_size_(file_size),
        pin_(std::move(pin)),
        has_digest_(has_digest) {}

  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink) override {
    return fetcher_.fetch({urls(), file_size_, range, pin_, has_digest_},
                          std::move(sink));
  }
  [[nodiscard]] LinkSpeed speed() const override {
    return fetcher_.speed_of(urls().front());
  }
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after()
      const override {
    return fetcher_.late_after(urls().front());
  }
  void renew_urls(const std::vector<std::string>& urls) override {
    const MutexLock lock(mutex_);
    if (are_same_objects(urls, urls_)) {
      urls_ = urls;
    }
  }

 private:
  [[nodiscard]] std::vector<std::string> urls() const {
    const MutexLock lock(mutex_);
    return urls_;
  }

  RangeFetcher& fetcher_;
  mutable Mutex mutex_;
  std::vector<std::string> urls_ GUARDED_BY(mutex_);
  const std::uint64_t file_size_;
  const std::shared_ptr<VersionPin> pin_;
  const bool has_digest_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/byte_range.h"
#include "fetch/link_speed.h"
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
};

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
    return fetcher_.fetch({urls_, file_size_, range, pin_, has_digest_},
                          std::move(sink));
  }
  [[nodiscard]] LinkSpeed speed() const override {
    return fetcher_.speed_of(urls_.front());
  }
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after()
      const override {
    return fetcher_.late_after(urls_.front());
  }

 private:
  RangeFetcher& fetcher_;
  const std::vector<std::string> urls_;
  const std::uint64_t file_size_;
  const std::shared_ptr<VersionPin> pin_;
  const bool has_digest_;
};

}  // namespace omicsfs

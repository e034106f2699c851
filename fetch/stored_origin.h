// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>

#include "fetch/block_origin.h"
#include "fetch/inflated_origin.h"
#include "fetch/member_bytes.h"

namespace omicsfs {

// Where the blocks of a stored member come from: out of the archive's cache
// where they are there, else over the network as a range of the archive, which
// is then cached as the member's alone.
class StoredOrigin final : public BlockOrigin,
                           public std::enable_shared_from_this<StoredOrigin> {
 public:
  // `remote` fetches the archive; null where the archive is a local file.
  StoredOrigin(std::unique_ptr<MemberBytes> bytes,
               std::unique_ptr<BlockOrigin> remote, UnpackTools tools)
      : bytes_(std::move(bytes)),
        remote_(std::move(remote)),
        tools_(std::move(tools)) {}

  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink) override;
  [[nodiscard]] LinkSpeed speed() const override;
  [[nodiscard]] std::optional<std::chrono::microseconds> late_after()
      const override;
  void renew_urls(const std::vector<std::string>& urls) override {
    if (remote_ != nullptr) {
      remote_->renew_urls(urls);
    }
  }

 private:
  class Fallback;
  [[nodiscard]] bool must_fetch(ByteRange in_archive) const;
  RangeFetcher::AskAgain fetch_member(ByteRange range, ByteRange in_archive,
                                      std::shared_ptr<RangeSink> sink);
  void serve_later(ByteRange range, std::shared_ptr<RangeSink> sink);
  Result<void> serve(ByteRange range, const std::shared_ptr<RangeSink>& sink,
                     const std::stop_token& stop);
  Result<void> copy(ByteRange range, RangeSink& sink, const ReadLimits& limits);

  const std::unique_ptr<MemberBytes> bytes_;
  const std::unique_ptr<BlockOrigin> remote_;
  UnpackTools tools_;
  // The archive's server ignores Range: the archive's cache is filled by one
  // stream, and has the member's bytes.
  std::atomic<bool> ranges_ignored_{false};
};

}  // namespace omicsfs

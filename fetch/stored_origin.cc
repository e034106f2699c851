// SPDX-License-Identifier: MIT
#include "fetch/stored_origin.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::uint64_t kStoredPiece = 16 * kBlockBytes;

}  // namespace

LinkSpeed StoredOrigin::speed() const {
  return remote_ == nullptr ? LinkSpeed{} : remote_->speed();
}

std::optional<std::chrono::microseconds> StoredOrigin::late_after() const {
  return remote_ == nullptr ? std::nullopt : remote_->late_after();
}

bool StoredOrigin::must_fetch(ByteRange in_archive) const {
  return remote_ != nullptr && !ranges_ignored_.load() &&
         !bytes_->archive().has(in_archive);
}

RangeFetcher::AskAgain StoredOrigin::fetch(ByteRange range,
                                           std::shared_ptr<RangeSink> sink) {
  const std::uint64_t begin = bytes_->known_data_offset();
  const ByteRange in_archive{begin + range.offset, range.length};
  if (begin != 0 && must_fetch(in_archive)) {
    return fetch_member(range, in_archive, std::move(sink));
  }
  serve_later(range, std::move(sink));
  return [] {};
}

// A range of the archive that its server does not give: the rest of the
// member's range comes out of the archive's cache.
class StoredOrigin::Fallback final : public RangeSink {
 public:
  Fallback(std::shared_ptr<StoredOrigin> origin, ByteRange rest,
           std::shared_ptr<RangeSink> sink)
      : origin_(std::move(origin)), rest_(rest), sink_(std::move(sink)) {}

  void on_started() override { sink_->on_started(); }
  Result<void> on_bytes(std::span<const std::byte> bytes) override {
    rest_ = {rest_.offset + bytes.size(), rest_.length - bytes.size()};
    return sink_->on_bytes(bytes);
  }
  void on_done(Result<void> result) override {
    if (!result && result.error().code == ErrorCode::kUnsupported) {
      origin_->ranges_ignored_.store(true);
      origin_->serve_later(rest_, sink_);
      return;
    }
    sink_->on_done(std::move(result));
  }
  [[nodiscard]] bool wanted() const override { return sink_->wanted(); }
  [[nodiscard]] bool urgent() const override { return sink_->urgent(); }

 private:
  const std::shared_ptr<StoredOrigin> origin_;
  ByteRange rest_;
  const std::shared_ptr<RangeSink> sink_;
};

RangeFetcher::AskAgain StoredOrigin::fetch_member(
    ByteRange range, ByteRange in_archive, std::shared_ptr<RangeSink> sink) {
  return remote_->fetch(
      in_archive,
      std::make_shared<Fallback>(shared_from_this(), range, std::move(sink)));
}

void StoredOrigin::serve_later(ByteRange range,
                               std::shared_ptr<RangeSink> sink) {
  tools_.pool.add(
      [self = shared_from_this(), range,
       sink = std::move(sink)](const std::stop_token& stop) {
        if (auto served = self->serve(range, sink, stop); !served) {
          sink->on_done(served);
        }
      },
      tools_.archive);
}

// An error where the sink has not been told the end, nor ever will be.
Result<void> StoredOrigin::serve(ByteRange range,
                                 const std::shared_ptr<RangeSink>& sink,
                                 const std::stop_token& stop) {
  const ReadLimits limits{std::chrono::steady_clock::now() + tools_.patience,
                          stop};
  const auto begin = bytes_->data_offset(limits);
  if (!begin) {
    return begin.error();
  }
  const ByteRange in_archive{*begin + range.offset, range.length};
  if (must_fetch(in_archive)) {
    static_cast<void>(fetch_member(range, in_archive, sink));
    return {};
  }
  sink->on_started();
  if (auto copied = copy(range, *sink, limits); !copied) {
    return copied;
  }
  sink->on_done({});
  return {};
}

Result<void> StoredOrigin::copy(ByteRange range, RangeSink& sink,
                                const ReadLimits& limits) {
  std::vector<std::byte> piece(std::min(range.length, kStoredPiece));
  for (std::uint64_t done = 0; done < range.length; done += piece.size()) {
    piece.resize(std::min(range.length - done, kStoredPiece));
    if (!sink.wanted()) {
      return Error{ErrorCode::kInterrupted, "not wanted any more"};
    }
    auto read = bytes_->read_at(range.offset + done, piece, limits);
    if (read) {
      read = sink.on_bytes(piece);
    }
    if (!read) {
      return read;
    }
  }
  return {};
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "fetch/block_origin.h"
#include "fetch/inflate_index.h"
#include "fetch/member_bytes.h"
#include "fetch/member_stream.h"
#include "fetch/mutex.h"
#include "fetch/worker_pool.h"

namespace omicsfs {

// What members of archives are unpacked with; outlives them.
struct UnpackTools {
  WorkerPool& pool;
  Counters& counters;
  std::string archive;                // whose members share a part of the pool
  std::chrono::seconds patience{60};  // with one read of an archive
};

// Where the blocks of a deflated member come from: passes over its stream, each
// from the last checkpoint before what is asked for. Who asks for what a pass
// is about to reach joins it, so that no stretch is inflated by two at once.
class InflatedOrigin final
    : public BlockOrigin,
      public std::enable_shared_from_this<InflatedOrigin> {
 public:
  // `points` is the file of its checkpoints, "" where there is no cache.
  InflatedOrigin(std::unique_ptr<MemberBytes> bytes, MemberFacts facts,
                 std::filesystem::path points, UnpackTools tools);

  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink) override;
  [[nodiscard]] LinkSpeed speed() const override;

 private:
  struct Request {
    ByteRange range;  // what of it is still to be given
    std::shared_ptr<RangeSink> sink;
  };
  using Requests = std::list<Request>;
  // Its stream belongs to the thread that runs it, all else to mutex_.
  struct Pass {
    std::uint64_t position = 0;  // that the stream is at, or about to reach
    bool running = true;         // else it waits for who reads on
    Requests requests;           // by offset; the first is served first
    std::unique_ptr<MemberStream> stream;
  };
  using PassPointer = std::shared_ptr<Pass>;
  // What a pass does next: bytes that nobody asked for, or some for `request`.
  struct Turn {
    Requests::iterator request;
    ByteRange bytes;
    bool skips;
  };

  void serve(Request request, const std::stop_token& stop);
  PassPointer join_or_begin(Request request);
  void run(const PassPointer& pass, const std::stop_token& stop);
  std::optional<Turn> next_turn(const PassPointer& pass);
  void send_away_overtaken(Pass& pass);
  Result<void> bring(Pass& pass, std::uint64_t offset, std::span<std::byte> out,
                     const std::stop_token& stop);
  void give(Pass& pass, Requests::iterator request,
            std::span<const std::byte> bytes);
  void end_request(Pass& pass, Requests::iterator request,
                   const Result<void>& result);
  void end_pass(const PassPointer& pass, const Error& error);
  void park(const PassPointer& pass) REQUIRES_LOCK(mutex_);

  const std::unique_ptr<MemberBytes> bytes_;
  const MemberFacts facts_;
  UnpackTools tools_;
  InflateIndex index_;
  Mutex mutex_;
  std::vector<PassPointer> passes_ GUARDED_BY(mutex_);  // last used, last
};

}  // namespace omicsfs

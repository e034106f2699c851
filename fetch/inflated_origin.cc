// SPDX-License-Identifier: MIT
#include "fetch/inflated_origin.h"

#include <algorithm>
#include <array>
#include <utility>

namespace omicsfs {
namespace {

// What a pass gives or skips before it looks who waits: two blocks.
constexpr std::size_t kInflatedPiece = 2 * kBlockBytes;
// Passes that wait to be taken up, by who reads on: some 300 KiB each.
constexpr std::ptrdiff_t kParkedPasses = 2;
// As fast as zlib inflates text, and nothing to wait for beforehand.
constexpr LinkSpeed kInflating{std::chrono::microseconds(0), 300'000'000};

}  // namespace

InflatedOrigin::InflatedOrigin(std::unique_ptr<MemberBytes> bytes,
                               MemberFacts facts, std::filesystem::path points,
                               UnpackTools tools)
    : bytes_(std::move(bytes)),
      facts_(std::move(facts)),
      tools_(std::move(tools)),
      index_(std::move(points), {facts_.size, bytes_->size()}) {}

LinkSpeed InflatedOrigin::speed() const { return kInflating; }

RangeFetcher::AskAgain InflatedOrigin::fetch(ByteRange range,
                                             std::shared_ptr<RangeSink> sink) {
  tools_.pool.add(
      [self = shared_from_this(),
       request = Request{range, std::move(sink)}](const std::stop_token& stop) {
        self->index_.attach();
        request.sink->on_started();
        self->serve(request, stop);
      },
      tools_.archive);
  return [] {};
}

void InflatedOrigin::serve(Request request, const std::stop_token& stop) {
  if (const auto pass = join_or_begin(std::move(request))) {
    run(pass, stop);
  }
}

// The pass that the caller is to run; none where one that runs has taken the
// request.
InflatedOrigin::PassPointer InflatedOrigin::join_or_begin(Request request) {
  const std::uint64_t offset = request.range.offset;
  const std::uint64_t checkpoint = index_.nearest(offset);
  const MutexLock lock(mutex_);
  PassPointer best;
  for (const PassPointer& pass : passes_) {
    const bool may = pass->position <= offset && pass->position >= checkpoint;
    if (may && (best == nullptr || pass->position > best->position)) {
      best = pass;
    }
  }
  if (best == nullptr) {
    best = std::make_shared<Pass>();
    best->position = checkpoint;
    best->running = false;
    passes_.push_back(best);
  }
  const auto behind = std::find_if(
      best->requests.begin(), best->requests.end(),
      [offset](const Request& other) { return other.range.offset > offset; });
  best->requests.insert(behind, std::move(request));
  return std::exchange(best->running, true) ? nullptr : best;
}

void InflatedOrigin::run(const PassPointer& pass, const std::stop_token& stop) {
  std::vector<std::byte> piece(kInflatedPiece);
  while (const auto turn = next_turn(pass)) {
    if (!turn->request->sink->wanted()) {
      end_request(*pass, turn->request,
                  Error{ErrorCode::kInterrupted, "not wanted any more"});
      continue;
    }
    const auto out = std::span(piece).first(turn->bytes.length);
    if (auto brought = bring(*pass, turn->bytes.offset, out, stop); !brought) {
      end_pass(pass, brought.error());
      return;
    }
    if (!turn->skips) {
      give(*pass, turn->request, out);
    }
  }
}

// None, and the pass is parked, where nobody waits for it any more.
std::optional<InflatedOrigin::Turn> InflatedOrigin::next_turn(
    const PassPointer& pass) {
  send_away_overtaken(*pass);
  const MutexLock lock(mutex_);
  if (pass->requests.empty()) {
    park(pass);
    return std::nullopt;
  }
  const ByteRange wanted = pass->requests.front().range;
  const bool skips = pass->position < wanted.offset;
  const std::uint64_t most =
      skips ? wanted.offset - pass->position : wanted.length;
  const Turn turn{
      pass->requests.begin(),
      {pass->position, std::min<std::uint64_t>(most, kInflatedPiece)},
      skips};
  // From now on nobody joins who wants a part of this.
  pass->position = turn.bytes.end();
  return turn;
}

// Requests that the pass has gone by, as others overlapped them, find another.
void InflatedOrigin::send_away_overtaken(Pass& pass) {
  Requests overtaken;
  {
    const MutexLock lock(mutex_);
    while (!pass.requests.empty() &&
           pass.requests.front().range.offset < pass.position) {
      overtaken.splice(overtaken.end(), pass.requests, pass.requests.begin());
    }
  }
  for (Request& request : overtaken) {
    tools_.pool.add(
        [self = shared_from_this(), again = std::move(request)](
            const std::stop_token& stop) { self->serve(again, stop); },
        tools_.archive);
  }
}

// Fills `out` with the bytes from `offset`. The stream may have to catch up:
// from the checkpoint where it begins, and over what nobody wanted any more.
Result<void> InflatedOrigin::bring(Pass& pass, std::uint64_t offset,
                                   std::span<std::byte> out,
                                   const std::stop_token& stop) {
  if (pass.stream == nullptr) {
    pass.stream = std::make_unique<MemberStream>(*bytes_, index_, facts_,
                                                 tools_.counters);
    if (auto started = pass.stream->start(offset); !started) {
      return started;
    }
  }
  MemberStream& stream = *pass.stream;
  while (stream.position() < offset + out.size()) {
    const std::uint64_t at = stream.position();
    const auto next =
        at < offset
            ? out.first(std::min<std::uint64_t>(out.size(), offset - at))
            : out.subspan(at - offset);
    const auto read = stream.read(
        next, {std::chrono::steady_clock::now() + tools_.patience, stop});
    if (!read) {
      return read.error();
    }
  }
  return {};
}

void InflatedOrigin::give(Pass& pass, Requests::iterator request,
                          std::span<const std::byte> bytes) {
  auto taken = request->sink->on_bytes(bytes);
  {
    const MutexLock lock(mutex_);
    request->range.offset += bytes.size();
    request->range.length -= bytes.size();
  }
  if (!taken || request->range.empty()) {
    end_request(pass, request, taken);
  }
}

void InflatedOrigin::end_request(Pass& pass, Requests::iterator request,
                                 const Result<void>& result) {
  const auto sink = std::move(request->sink);
  {
    const MutexLock lock(mutex_);
    pass.requests.erase(request);
  }
  sink->on_done(result);
}

void InflatedOrigin::end_pass(const PassPointer& pass, const Error& error) {
  Requests left;
  {
    const MutexLock lock(mutex_);
    std::erase(passes_, pass);
    left.swap(pass->requests);
  }
  for (const Request& request : left) {
    request.sink->on_done(error);
  }
}

// Who reads on takes it up again, or somebody near; the oldest go.
void InflatedOrigin::park(const PassPointer& pass) {
  pass->running = false;
  std::erase(passes_, pass);
  passes_.push_back(pass);
  const auto parked =
      std::count_if(passes_.begin(), passes_.end(),
                    [](const PassPointer& other) { return !other->running; });
  if (parked > kParkedPasses) {
    passes_.erase(
        std::find_if(passes_.begin(), passes_.end(),
                     [](const PassPointer& other) { return !other->running; }));
  }
}

}  // namespace omicsfs

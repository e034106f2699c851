// SPDX-License-Identifier: MIT
#include <utility>

#include "fetch/cache_files.h"
#include "fetch/cached_file.h"
#include "fetch/file_stamp.h"
#include "fetch/local_io.h"

// How a cached file finds what is on disk: its own files, or those of another
// server whose bytes have been checked.

namespace omicsfs {

void CachedFile::attach() {
  const std::string verified = verified_key(remote_);
  const std::string shared =
      verified.empty() ? std::string() : shared_key(dir_, verified);
  if (!shared.empty() && shared != key_ && attach_borrowed(shared)) {
    return;
  }
  auto backing = open_backing(MissingFile::kLeave);
  if (!backing) {
    return;  // nothing usable there; create() says so when it matters
  }
  map_.load((*backing)->map.get());
  rewritten_.store(true, std::memory_order_relaxed);
  publish(*std::move(backing));
}

bool CachedFile::attach_borrowed(const std::string& key) {
  auto backing = open_cached(cache_paths(dir_, key), MissingFile::kLeave);
  return backing && borrow(key, *std::move(backing));
}

// The pins of those servers say nothing of ours.
bool CachedFile::borrow(const std::string& key,
                        std::unique_ptr<Backing> backing) {
  MapHeaderBytes bytes;
  const std::size_t got = read_up_to(backing->map.get(), 0, bytes);
  const auto header = decode_map_header(std::span(bytes).first(got));
  if (!header || header->file_size != remote_.size) {
    return false;
  }
  map_.trust_sealed_alone();
  map_.load(backing->map.get());
  if (!complete()) {
    map_.trust_all();
    return false;
  }
  paths_ = cache_paths(dir_, key);
  borrowed_key_ = key;
  borrowed_.store(true, std::memory_order_release);
  rewritten_.store(true, std::memory_order_relaxed);
  publish(std::move(backing));
  return true;
}

// Its cells were right when its data was, and the data has not changed since.
void CachedFile::attach_earlier(
    const std::function<std::uint64_t(const std::string&)>& verified_stamp) {
  const std::string key = verified_key(remote_);
  if (key.empty() || backing_.load(std::memory_order_acquire) != nullptr) {
    return;
  }
  auto backing = open_cached(cache_paths(dir_, key), MissingFile::kLeave);
  if (!backing) {
    return;
  }
  const std::uint64_t stamp = stamp_of((*backing)->data.get());
  if (stamp == 0 || verified_stamp(key) != stamp) {
    return;
  }
  BlockMap map(blocks());
  map.load((*backing)->map.get());
  if (map.count() == blocks() && map.seal((*backing)->map.get(), map.crcs()) &&
      borrow(key, *std::move(backing))) {
    share_verified(dir_, key, key);
  }
}

Result<void> CachedFile::create() {
  if (backing_.load(std::memory_order_acquire) != nullptr) {
    return {};
  }
  auto backing = open_backing(MissingFile::kCreate);
  if (!backing) {
    return backing.error();
  }
  publish(*std::move(backing));
  return {};
}

Result<std::unique_ptr<CachedFile::Backing>> CachedFile::open_backing(
    MissingFile missing) {
  constexpr int kTries = 2;
  Error last{ErrorCode::kIo, paths_.map.string() + ": cannot be opened"};
  for (int i = 0; i < kTries; ++i) {
    auto backing = open_cached(paths_, missing);
    if (!backing) {
      return backing.error();
    }
    auto adopted = adopt_header(**backing);
    if (adopted) {
      return backing;
    }
    last = adopted.error();
    backing->reset();
    // Of another version, or damaged: worth nothing, but to those who may have
    // it open.
    if (last.code != ErrorCode::kInvalid || !remove_cached(dir_, key_) ||
        missing == MissingFile::kLeave) {
      break;
    }
  }
  return last;
}

}  // namespace omicsfs

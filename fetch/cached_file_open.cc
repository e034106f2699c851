// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "fetch/cache_files.h"
#include "fetch/cached_file.h"
#include "fetch/file_stamp.h"
#include "fetch/local_io.h"

// How a cached file finds what is on disk: its own files, or those of another
// server whose bytes have been checked.

namespace omicsfs {
namespace {

// Whether this process, or the machine, has no descriptor left.
bool lacks_descriptors() {
  const UniqueFd probe(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  return !probe.valid() && (errno == EMFILE || errno == ENFILE);
}

}  // namespace

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
  sample_what_is_here();
  rewritten_.store(true, std::memory_order_relaxed);
  publish(*std::move(backing));
}

bool CachedFile::attach_borrowed(const std::string& key) {
  auto backing = open_cached(cache_paths(dir_, key), MissingFile::kLeave);
  return backing && borrow(key, *std::move(backing));
}

bool CachedFile::is_of_this_size(const CacheBacking& backing) const {
  MapHeaderBytes bytes;
  const std::size_t got = read_up_to(backing.map.get(), 0, bytes);
  const auto header = decode_map_header(std::span(bytes).first(got));
  return header && header->file_size == remote_.size;
}

// The pins of those servers say nothing of ours.
bool CachedFile::borrow(const std::string& key, NewBacking backing) {
  if (!is_of_this_size(*backing)) {
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
  mark_ = kept_ == nullptr ? nullptr : kept_->mark_of(key);
  publish(std::move(backing));
  return true;
}

// Its cells were right when its data was, and the data has not changed since.
void CachedFile::attach_earlier(
    const std::function<std::uint64_t(const std::string&)>& verified_stamp) {
  const std::string key = verified_key(remote_);
  if (key.empty() || backing() != nullptr) {
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
  const Error dropped{ErrorCode::kIo, paths_.map.string() + ": was dropped"};
  if (backing() != nullptr) {
    return {};
  }
  if (is_dropped_.load()) {
    return dropped;
  }
  auto made = open_backing(MissingFile::kCreate);
  if (!made) {
    return made.error();
  }
  if (is_dropped_.load()) {  // meanwhile
    remove_backing(dir_, key_, **made);
    return dropped;
  }
  publish(*std::move(made));
  return {};
}

// Other files may have all the descriptors that this process may have.
Result<CachedFile::NewBacking> CachedFile::open_files(
    MissingFile missing) const {
  auto backing = open_cached(paths_, missing);
  if (!backing && kept_ != nullptr && lacks_descriptors()) {
    kept_->close_all();
    backing = open_cached(paths_, missing);
  }
  return backing;
}

Result<CachedFile::NewBacking> CachedFile::open_backing(
    MissingFile missing) const {
  constexpr int kTries = 2;
  Error last{ErrorCode::kIo, paths_.map.string() + ": cannot be opened"};
  for (int i = 0; i < kTries; ++i) {
    auto backing = open_files(missing);
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

// Of several threads that open the files at once, one is followed by all.
std::shared_ptr<const CachedFile::Backing> CachedFile::publish(
    NewBacking backing) const {
  const auto mine = std::make_shared<Backing>(std::move(*backing));
  {
    const MutexLock lock(backing_mutex_);
    if (auto theirs = backing_.lock()) {
      return theirs;
    }
    mine->mark = mark_;
    backing_ = mine;
    owned_ = kept_ == nullptr ? mine : nullptr;
  }
  was_opened_.store(true, std::memory_order_release);
  if (mark_ != nullptr) {
    mark_->clear();  // the flock says the same
  }
  if (kept_ != nullptr) {
    kept_->keep(mine);
  }
  return mine;
}

// The pins of a borrowed file's servers say nothing of ours.
Result<CachedFile::NewBacking> CachedFile::open_again() const {
  if (!is_borrowed()) {
    return open_backing(MissingFile::kLeave);
  }
  auto backing = open_files(MissingFile::kLeave);
  if (backing && !is_of_this_size(**backing)) {
    return Error{ErrorCode::kInvalid, "block map of a file of another size"};
  }
  return backing;
}

std::shared_ptr<const CachedFile::Backing> CachedFile::backing() const {
  {
    const MutexLock lock(backing_mutex_);
    if (auto open = backing_.lock()) {
      open->was_used.store(true, std::memory_order_relaxed);
      return open;
    }
  }
  if (!was_opened_.load(std::memory_order_acquire) || is_dropped_.load()) {
    return nullptr;
  }
  auto again = open_again();
  return again ? publish(*std::move(again)) : nullptr;
}

}  // namespace omicsfs

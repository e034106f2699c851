// SPDX-License-Identifier: MIT
#include "fs/archive_reader.h"

#include <algorithm>
#include <utility>

#include "catalog/archive_guard.h"
#include "catalog/in_order.h"
#include "catalog/marked_url.h"
#include "fetch/local_origin.h"
#include "fetch/retry_after.h"
#include "fetch/url.h"
#include "fetch/zip_listing.h"
#include "fs/network_options.h"

namespace omicsfs {

ArchiveReader::ArchiveReader(const Settings& settings, const Network& network,
                             std::stop_token stop)
    : settings_(settings),
      documents_(network.documents),
      counters_(network.counters),
      stop_(std::move(stop)),
      fetcher_(network.transport, network.mirrors,
               retry_policy(settings.network), network.counters),
      access_{[this](const std::string& place) { return locate(place); },
              [this](const RemoteFile& file) { return list(file); },
              [this](const RemoteFile& file, std::uint64_t offset,
                     std::span<char> out) { return read(file, offset, out); }} {
}

ArchiveReader::~ArchiveReader() {
  {
    const MutexLock lock(mutex_);
    last_read_.clear();
  }
  if (cache_ != nullptr) {
    cache_->wait_until_idle();
  }
}

void ArchiveReader::end_unpacking() {
  if (cache_ != nullptr) {
    cache_->end_unpacking();
  }
}

BlockCache& ArchiveReader::cache() {
  std::call_once(opened_, [this] {
    cache_ = std::make_unique<BlockCache>(
        settings_.cache.dir,
        CacheLimits{settings_.cache.limit, settings_.cache.keep_free},
        Fetching{fetcher_, fetch_limits(settings_.network, machine_memory())},
        counters_, BlockCache::OnReport());
  });
  return *cache_;
}

ReadLimits ArchiveReader::limits() const {
  return {std::chrono::steady_clock::now() + settings_.network.timeout, stop_};
}

Result<RemoteFile> ArchiveReader::locate(const std::string& place) {
  if (!is_http_url(place) && !parse_marked_url(place)) {
    return local_file(place);
  }
  const auto facts = documents_.probe(place, stop_);
  if (!facts) {
    return facts.error();
  }
  RemoteFile file;
  file.urls = {place};
  file.size = facts->size;
  file.validator = facts->validator.etag.empty()
                       ? facts->validator.last_modified
                       : facts->validator.etag;
  file.modified = parse_http_date(facts->validator.last_modified);
  return file;
}

Result<ArchiveMembers> ArchiveReader::list(const RemoteFile& file) {
  CacheReader archive(cache().open(file));
  // A directory of some MiB over a slow line is many reads.
  constexpr int kReads = 10;
  auto members = list_zip(
      archive, {std::chrono::steady_clock::now() +
                    kReads * std::chrono::seconds(settings_.network.timeout),
                stop_});
  if (!members) {
    return members.error().within(origin_text(file));
  }
  if (auto guarded = guard_archive(*members, file.size); !guarded) {
    return guarded.error().within(origin_text(file));
  }
  return members;
}

std::shared_ptr<CacheReader> ArchiveReader::reader_of(const RemoteFile& file) {
  std::string key = content_key(file);
  {
    const MutexLock lock(mutex_);
    const auto known =
        std::find_if(last_read_.begin(), last_read_.end(),
                     [&key](const auto& kept) { return kept.first == key; });
    if (known != last_read_.end()) {
      return known->second;
    }
  }
  auto reader = std::make_shared<CacheReader>(cache().open(file));
  std::shared_ptr<CacheReader> dropped;  // after the lock, as it may wait
  const MutexLock lock(mutex_);
  if (last_read_.size() == kReadAtOnce) {
    dropped = std::move(last_read_.front().second);
    last_read_.pop_front();
  }
  last_read_.emplace_back(std::move(key), reader);
  return reader;
}

Result<void> ArchiveReader::read(const RemoteFile& file, std::uint64_t offset,
                                 std::span<char> out) {
  auto got =
      reader_of(file)->read_at(offset, std::as_writable_bytes(out), limits());
  return got ? got : got.error().within(origin_text(file));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/refresh.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "fetch/counters.h"
#include "fetch/curl_transport.h"
#include "fetch/document_fetch.h"
#include "fetch/mirrors.h"
#include "fs/archive_reader.h"
#include "fs/document_opener.h"
#include "fs/network_options.h"
#include "fs/source_items.h"
#include "fs/tokens.h"

namespace omicsfs {
namespace {

std::int64_t seconds_since_epoch() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Whether it is a source that items are added to, and not a place alone.
bool is_known_source(const SourceKind& kind) {
  return kind.takes_items() && find_source(kind.name).has_value();
}

// An empty descriptor where no lock is needed, and where a state directory that
// cannot be written keeps everybody from changing anything.
Result<UniqueFd> items_lock(const SourceKind& kind, const Settings& settings,
                            const RefreshWatch& watch,
                            const RefreshWish& wish) {
  if (wish.items || !is_known_source(kind)) {
    return UniqueFd();
  }
  auto lock = lock_items(settings.state_dir, kind.name, ItemsUse::kRead,
                         {wish.patience, watch.on_wait, watch.stop});
  const bool cannot_be_made = !lock && lock.error().code == ErrorCode::kIo;
  return cannot_be_made ? Result<UniqueFd>(UniqueFd()) : std::move(lock);
}

Result<Settings> with_items(const SourceKind& kind, Settings settings,
                            const RefreshWish& wish) {
  if (wish.items) {
    auto& items = settings.sources[std::string(kind.name)].archives;
    items.insert(items.begin(), wish.items->begin(), wish.items->end());
    return settings;
  }
  return with_added_items(std::move(settings), {std::string(kind.name)});
}

}  // namespace

Result<SourceSummary> refresh(const SourceKind& kind, const Settings& given,
                              const RefreshWatch& watch,
                              const RefreshWish& wish) {
  // Nobody changes the items before they are in the catalog.
  const auto lock = items_lock(kind, given, watch, wish);
  if (!lock) {
    return lock.error();
  }
  const auto whole = with_items(kind, given, wish);
  if (!whole) {
    return whole.error();
  }
  const Settings& settings = *whole;
  const Mirrors mirrors(settings.mirrors);
  Counters counters;
  const auto headers = secret_headers(settings);
  if (!headers) {
    return headers.error();
  }
  auto direct =
      std::make_unique<CurlTransport>(document_transport_options(settings));
  ResolvingTransport transport(*direct, *headers);
  DocumentFetcher fetcher(transport, mirrors,
                          document_retry_policy(settings.network), counters);
  const Download download = [&](const std::string& url,
                                std::uint64_t max_bytes) {
    return fetcher.fetch(url, max_bytes, watch.stop);
  };
  ArchiveReader archives(settings, {fetcher, transport, mirrors, counters},
                         watch.stop);
  const DocumentOpener documents(fetcher, settings.state_dir, watch.stop,
                                 watch.progress);
  const ReadLinked linked = [&](const std::string& url,
                                std::uint64_t max_bytes) {
    return fetcher.fetch_linked(url, max_bytes, watch.stop);
  };
  const SourceSettings source = settings.source(kind.name);
  const SourceInput input{source,
                          download,
                          watch.progress,
                          watch.warn,
                          seconds_since_epoch(),
                          &archives.access(),
                          &documents.open(),
                          watch.stop,
                          {},
                          &linked,
                          [&documents] { return documents.last_date(); },
                          nullptr,
                          wish.allow_empty,
                          {wish.patience, watch.on_wait, wish.take_theirs}};
  auto summary = refresh_source(kind, input, settings.state_dir);
  // What is under way ends before the cache that it is for.
  archives.end_unpacking();
  direct.reset();
  return summary;
}

RefreshWatch watch_on_stderr(std::string_view source, Progress& progress,
                             std::stop_token stop) {
  RefreshWatch watch;
  watch.progress = [&progress](std::string_view what, std::uint64_t done,
                               std::uint64_t total) {
    progress.show(what, done, total);
  };
  watch.warn = [&progress,
                name = std::string(source)](const std::string& message) {
    progress.clear();
    fmt::print(stderr, "omicsfs: {}: warning: {}\n", name, message);
  };
  watch.stop = std::move(stop);
  watch.on_wait = [&progress, name = std::string(source)] {
    progress.clear();
    fmt::print(stderr,
               "omicsfs: {}: waiting for another process that refreshes it\n",
               name);
  };
  return watch;
}

}  // namespace omicsfs

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

}  // namespace

Result<SourceSummary> refresh(const SourceKind& kind, const Settings& given,
                              const RefreshWatch& watch) {
  const auto whole =
      kind.of_archives ? with_added_items(given) : Result<Settings>(given);
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
                          &linked};
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
  return watch;
}

}  // namespace omicsfs

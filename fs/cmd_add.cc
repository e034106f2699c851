// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <thread>
#include <utility>

#include "fetch/counters.h"
#include "fetch/curl_transport.h"
#include "fetch/document_fetch.h"
#include "fetch/mirrors.h"
#include "fs/command.h"
#include "fs/interrupt_watch.h"
#include "fs/network_options.h"
#include "fs/progress.h"
#include "fs/refine_consent.h"
#include "fs/refresh.h"
#include "fs/source_items.h"
#include "fs/source_report.h"
#include "fs/tokens.h"

namespace omicsfs {
namespace {

Result<std::vector<ArchiveItem>> named_items(const SourceKind& kind,
                                             const AddOptions& options) {
  std::vector<ArchiveItem> items;
  for (const std::string& word : options.items) {
    auto place = item_place(kind, word);
    if (!place) {
      return place.error();
    }
    items.push_back({*std::move(place), options.sha1, options.id});
  }
  return items;
}

// False where the user wants no more.
bool wait_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kTick{50};
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kTick);
  }
  return !stop.stop_requested();
}

// What refine.bio is asked for.
Result<std::vector<ArchiveItem>> requested_archives(
    const AddOptions& options, const Settings& settings,
    const std::stop_token& stop) {
  const Mirrors mirrors(settings.mirrors);
  Counters counters;
  CurlTransport transport(document_transport_options(settings));
  DocumentFetcher documents(transport, mirrors,
                            document_retry_policy(settings.network), counters);
  RefineApi api(
      refine_api_base(settings),
      [&](const ApiRequest& request) { return documents.ask(request, stop); },
      "");
  auto ready =
      use_token(api, settings.state_dir,
                options.accept_terms ? Consent::kGiven : Consent::kAsk);
  if (!ready) {
    return ready.error();
  }
  Progress progress(STDERR_FILENO);
  return request_archives(
      *options.request, api,
      [&progress](const std::string& text) { progress.show(text, 0, 0); },
      [&stop](std::chrono::milliseconds time) { return wait_for(time, stop); });
}

// `known` with `more`; what is named again is kept once, as it is named now.
std::vector<ArchiveItem> joined_items(std::vector<ArchiveItem> known,
                                      std::vector<ArchiveItem> more) {
  for (ArchiveItem& item : more) {
    std::erase_if(known, [&item](const ArchiveItem& other) {
      return other.place == item.place;
    });
    known.push_back(std::move(item));
  }
  return known;
}

// Reads the items, with those that were added before, into a new catalog, and
// keeps them then. What others added meanwhile stays: the items are loaded
// under the lock, after whatever had to be waited for.
Result<SourceSummary> add_items(const SourceKind& kind,
                                const std::vector<ArchiveItem>& items,
                                const Settings& settings,
                                const RefreshWatch& watch) {
  RefreshWish wish;
  const auto lock = lock_items(settings.state_dir, kind.name, ItemsUse::kChange,
                               {wish.patience, watch.on_wait, watch.stop});
  if (!lock) {
    return lock.error();
  }
  auto known = load_items(settings.state_dir, kind.name);
  if (!known) {
    return known.error();
  }
  const auto all = joined_items(*std::move(known), items);
  wish.items = all;
  for (ArchiveItem& item : *wish.items) {
    item.must_be_read = std::any_of(
        items.begin(), items.end(),
        [&item](const ArchiveItem& one) { return one.place == item.place; });
  }
  auto summary = refresh(kind, settings, watch, wish);
  if (!summary) {
    return summary;
  }
  auto saved = save_items(settings.state_dir, kind.name, all);
  return saved ? summary : saved.error();
}

Result<SourceSummary> add(const AddOptions& options, const Settings& settings) {
  const auto kind = find_source(options.source);
  if (!kind) {
    return kind.error();
  }
  const InterruptWatch interrupts;
  const auto items = options.request ? requested_archives(options, settings,
                                                          interrupts.token())
                                     : named_items(**kind, options);
  if (!items) {
    return items.error();
  }
  Progress progress(STDERR_FILENO);
  return add_items(
      **kind, *items, settings,
      watch_on_stderr(options.source, progress, interrupts.token()));
}

}  // namespace

int run_add(const AddOptions& options, const Settings& settings) {
  const auto summary = add(options, settings);
  if (!summary) {
    fmt::print(stderr, "omicsfs add: {}: {}\n", options.source,
               summary.error().message);
    return kExitFailed;
  }
  fmt::print("{}\n", summary_text(options.source, *summary));
  return kExitDone;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/refine_request.h"

#include <algorithm>
#include <utility>

#include "catalog/marked_url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;

// Making a dataset takes from seconds to hours.
constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{15'000};

ArchiveItem item_of(const RefineObject& object) {
  return {resolve_url(object.api_url, object.field), object.sha1, object.id,
          object.size};
}

Result<ArchiveItem> ready_item(const std::string& id,
                               const DatasetStatus& status) {
  switch (status.state) {
    case DatasetState::kReady:
      return item_of(*status.object);
    case DatasetState::kFailed:
      return Error{ErrorCode::kInvalid,
                   "refine.bio could not make the dataset " + id + ": " +
                       status.failure};
    case DatasetState::kExpired:
      return Error{ErrorCode::kInvalid,
                   "the dataset " + id +
                       " has expired: refine.bio keeps one for a week; request "
                       "its experiments anew"};
    case DatasetState::kNotStarted:
    case DatasetState::kProcessing:
      break;
  }
  return Error{ErrorCode::kInvalid, "the dataset " + id + " was never started"};
}

Result<ArchiveItem> await_dataset(
    const std::string& id, RefineApi& api, const Tell& tell,
    const std::function<bool(milliseconds)>& wait) {
  milliseconds pause = kFirstWait;
  milliseconds waited{0};
  while (true) {
    const auto status = api.dataset(id);
    if (!status) {
      return status.error();
    }
    if (status->state != DatasetState::kProcessing) {
      return ready_item(id, *status);
    }
    tell("refine.bio makes the dataset " + id + ", for " +
         std::to_string(waited.count() / 1000) + " s");
    if (!wait(pause)) {
      return Error{ErrorCode::kInterrupted,
                   "not waited for; refine.bio goes on: later, run `omicsfs "
                   "add refine-bio dataset " +
                       id + "`"};
    }
    waited += pause;
    pause = std::min(2 * pause, kLongestWait);
  }
}

Result<ArchiveItem> make_dataset(
    const RefineRequest& request, RefineApi& api, const Tell& tell,
    const std::function<bool(milliseconds)>& wait) {
  DatasetWish wish = request.wish;
  wish.experiments = request.names;
  const auto id = api.create(wish);
  if (!id) {
    return id.error();
  }
  if (auto started = api.start(*id, wish); !started) {
    return started.error();
  }
  return await_dataset(*id, api, tell, wait);
}

}  // namespace

std::optional<RefineRequest::What> request_kind(
    const std::vector<std::string>& words) {
  if (words.empty()) {
    return std::nullopt;
  }
  const std::string& word = words.front();
  return word == "compendium" ? std::optional(RefineRequest::What::kCompendium)
         : word == "dataset"  ? std::optional(RefineRequest::What::kDataset)
         : word == "experiment"
             ? std::optional(RefineRequest::What::kExperiments)
             : std::nullopt;
}

Result<std::vector<ArchiveItem>> request_archives(
    const RefineRequest& request, RefineApi& api, const Tell& tell,
    const std::function<bool(milliseconds)>& wait) {
  std::vector<ArchiveItem> items;
  if (request.what == RefineRequest::What::kExperiments) {
    auto item = make_dataset(request, api, tell, wait);
    if (!item) {
      return item.error();
    }
    items.push_back(*std::move(item));
    return items;
  }
  for (const std::string& name : request.names) {
    auto item = Result<ArchiveItem>(ArchiveItem{});
    if (request.what == RefineRequest::What::kCompendium) {
      const auto object = api.compendium(name, request.rna_seq);
      item = object ? Result<ArchiveItem>(item_of(*object)) : object.error();
    } else {
      item = await_dataset(name, api, tell, wait);
    }
    if (!item) {
      return item.error();
    }
    items.push_back(*std::move(item));
  }
  return items;
}

}  // namespace omicsfs

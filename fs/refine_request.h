// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "catalog/source.h"
#include "catalog/sources/refine_api.h"

// What a user asks of refine.bio, as archives that can be added.

namespace omicsfs {

struct RefineRequest {
  enum class What { kCompendium, kDataset, kExperiments };
  What what = What::kDataset;
  std::vector<std::string> names;  // an organism, ids or accessions
  bool rna_seq = false;            // of a compendium
  DatasetWish wish{};              // of experiments, but for their names
};

// The request that the words of `add` make: "compendium ORGANISM…", "dataset
// ID…", "experiment ACCESSION…"; none where they are archives' places.
[[nodiscard]] std::optional<RefineRequest::What> request_kind(
    const std::vector<std::string>& words);

// Told of how far it is, in words.
using Tell = std::function<void(const std::string& text)>;

// Gets what is asked for: a dataset of experiments is created, started, and
// waited for. `wait` sleeps, false where the user wants no more.
// Errors: those of RefineApi; kInvalid also where refine.bio could not make the
// dataset, or it has expired; kInterrupted (the message says how to go on).
Result<std::vector<ArchiveItem>> request_archives(
    const RefineRequest& request, RefineApi& api, const Tell& tell,
    const std::function<bool(std::chrono::milliseconds)>& wait);

}  // namespace omicsfs

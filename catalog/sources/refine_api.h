// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/api.h"
#include "catalog/digest.h"
#include "catalog/result.h"

// refine.bio's web API, version 1 (api.refine.bio/v1): tokens, datasets and
// compendia.

namespace omicsfs {

// What a dataset is to be made of and how.
struct DatasetWish {
  std::vector<std::string> experiments;     // accessions, all of their samples
  std::string aggregate_by = "EXPERIMENT";  // or "SPECIES", "ALL"
  std::string scale_by = "NONE";            // or "MINMAX", "STANDARD", "ROBUST"
  bool quantile_normalize = true;
  std::string email;  // the API asks for one
};

// A zip that the API can give the url of.
struct RefineObject {
  std::string id;       // its name in the tree
  std::string api_url;  // that tells its url
  std::string field;    // where in the answer: "download_url", …
  std::uint64_t size = 0;
  Digest sha1;
};

enum class DatasetState { kNotStarted, kProcessing, kReady, kFailed, kExpired };

struct DatasetStatus {
  DatasetState state = DatasetState::kNotStarted;
  std::string failure;                 // where it is kFailed
  std::optional<RefineObject> object;  // where it is kReady
};

struct ApiToken {
  std::string id;
  std::string terms;  // what activating it agrees to
};

// Errors of all: those of AskApi; kInvalid, the API refused, with its reasons;
// kNotFound; kUnavailable, an answer of another shape.
class RefineApi {
 public:
  // `base_url` ends with '/'. `token` "" = none yet.
  RefineApi(std::string base_url, AskApi ask, std::string token)
      : base_url_(std::move(base_url)),
        ask_(std::move(ask)),
        token_(std::move(token)) {}

  // The header that carries `token`; "" for "".
  [[nodiscard]] static std::string header_of(const std::string& token);

  // A new token, which is of no use before it is activated.
  Result<ApiToken> new_token();
  // Agrees to the terms of use.
  Result<void> activate(const std::string& token);
  void use(std::string token) { token_ = std::move(token); }

  // The newest version of the organism's compendium.
  Result<RefineObject> compendium(const std::string& organism, bool rna_seq);
  // The dataset's id.
  Result<std::string> create(const DatasetWish& wish);
  Result<void> start(const std::string& id, const DatasetWish& wish);
  Result<DatasetStatus> dataset(const std::string& id);

 private:
  Result<std::string> call(const std::string& method, const std::string& path,
                           const std::string& body);

  const std::string base_url_;
  const AskApi ask_;
  std::string token_;
};

}  // namespace omicsfs

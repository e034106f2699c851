// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <stop_token>
#include <string>

#include "catalog/api.h"
#include "catalog/result.h"
#include "fetch/counters.h"
#include "fetch/mirrors.h"
#include "fetch/retry.h"
#include "fetch/transport.h"

namespace omicsfs {

// What a server says of an object.
struct ObjectFacts {
  std::uint64_t size = 0;
  Validator validator;
};

// Fetches whole documents into memory, with retries and mirrors: the indexes
// that a refresh reads. Calls block the calling thread, which must not be the
// transport's own. Thread-safe. All that it is given must outlive it.
class DocumentFetcher {
 public:
  DocumentFetcher(Transport& transport, const Mirrors& mirrors,
                  const RetryPolicy& policy, Counters& counters,
                  std::uint64_t seed = std::random_device{}())
      : transport_(transport),
        mirrors_(mirrors),
        policy_(policy),
        counters_(counters),
        jitter_(seed) {}

  // The whole document at `url`.
  // Errors: kNotFound (404, 410 at every url); kUnavailable; kInterrupted
  // (`stop`); kInvalid: over `max_bytes` (never held in memory), or the url is
  // not http or https.
  Result<std::string> fetch(const std::string& url, std::uint64_t max_bytes,
                            const std::stop_token& stop);

  // One call of an API; see AskApi.
  Result<ApiAnswer> ask(const ApiRequest& request, const std::stop_token& stop);

  // Size and validator of the object at `url`, asked by a GET of its first
  // byte: a signed url may allow no HEAD. Errors: as fetch(); kUnavailable also
  // where the server does not tell the size.
  Result<ObjectFacts> probe(const std::string& url,
                            const std::stop_token& stop);

 private:
  struct Ask;
  struct Answer;
  Result<Answer> run(const std::string& url, const Ask& ask,
                     const std::stop_token& stop);

  Transport& transport_;
  const Mirrors& mirrors_;
  RetryPolicy policy_;
  Counters& counters_;
  Jitter jitter_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stop_token>
#include <string>

#include "catalog/api.h"
#include "catalog/result.h"
#include "catalog/source.h"
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

// Where a document goes that may be larger than memory.
struct DocumentFile {
  int fd = -1;  // open for writing; what the file holds is lost
  std::uint64_t max_bytes = 0;
};

// Fetches whole documents, with retries and mirrors: the indexes that a refresh
// reads. A body that is shorter than its server said, or cut off, is never
// taken for one. Calls block the calling thread, which must not be the
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

  // Likewise, with where it says that it goes on. Errors: as fetch(), and of
  // next_link.
  Result<LinkedDocument> fetch_linked(const std::string& url,
                                      std::uint64_t max_bytes,
                                      const std::stop_token& stop);

  // Told of the bytes that have come and of those that will, 0 while that is
  // not known; by the thread that fetches.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

  // Puts the whole document at `url` into `file`, from its start, as it comes.
  // A server may encode it with gzip: then the file is a gzip file, as its
  // first bytes tell. Returns the size of the file, and what tells the version
  // of the document. Errors: as fetch(); kNoSpace and kIo,
  // of the file.
  Result<ObjectFacts> fetch_to(const std::string& url, const DocumentFile& file,
                               const std::stop_token& stop,
                               const Progress& progress);

  // One call of an API; see AskApi.
  Result<ApiAnswer> ask(const ApiRequest& request, const std::stop_token& stop);

  // Size and validator of the object at `url`, asked by a GET of its first
  // byte: a signed url may allow no HEAD. Errors: as fetch(); kUnavailable also
  // where the server does not tell the size.
  Result<ObjectFacts> probe(const std::string& url,
                            const std::stop_token& stop);

 private:
  struct Ask;
  // As fetch(); the body is put to `text`.
  Result<ResponseHead> hold(const std::string& url, std::uint64_t max_bytes,
                            const std::stop_token& stop, std::string& text);
  Result<ResponseHead> run(const std::string& url, const Ask& ask,
                           const std::stop_token& stop);

  Transport& transport_;
  const Mirrors& mirrors_;
  RetryPolicy policy_;
  Counters& counters_;
  Jitter jitter_;
  // When a right answer last began.
  std::atomic<std::chrono::steady_clock::time_point> answered_at_{};
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/result.h"
#include "fetch/mutex.h"
#include "fetch/resolve_url.h"
#include "fetch/transport.h"

namespace omicsfs {

// A transport that also takes addresses of ResolveUrl's kind: it asks where the
// object is, once for all who wait, and keeps the answer for as long as the
// object's server takes it. One 403 makes it ask anew; a second is the
// request's answer. Thread-safe.
class ResolvingTransport final : public Transport {
 public:
  // The header that a document at `api_url` is to be asked for with, or "".
  using HeaderFor = std::function<std::string(const std::string& api_url)>;

  // `inner` must outlive every exchange, and this object `inner`'s last call.
  ResolvingTransport(Transport& inner, HeaderFor header_for)
      : shared_(std::make_shared<Shared>(inner, std::move(header_for))) {}

  // Errors that a sink gets besides the inner transport's, where the address
  // cannot be resolved: kNotFound (404, 410), kUnavailable (any other answer,
  // or a document that tells no url; remembered for some seconds).
  void start(Request request, std::shared_ptr<ResponseSink> sink) override;

 private:
  struct Waiting {
    Request request;
    std::shared_ptr<ResponseSink> sink;
    bool again = false;  // its url was refused before
  };
  struct Known {
    std::string url;                 // "" while it is being asked for
    std::vector<Waiting> waiting{};  // for that
    std::chrono::steady_clock::time_point failed_until{};
    std::string failure{};
  };
  class Lookup;
  class Resolved;
  // What exchanges under way share with it.
  struct Shared : std::enable_shared_from_this<Shared> {
    Shared(Transport& transport, HeaderFor header)
        : inner(transport), header_for(std::move(header)) {}

    void ask(Waiting one, const ResolveUrl& address);
    void look_up(const std::string& url, const ResolveUrl& address);
    void found(const std::string& url, const Result<std::string>& actual);
    void refused(const std::string& url, const std::string& actual);
    void start_at(Waiting one, const std::string& actual);

    Transport& inner;
    const HeaderFor header_for;
    Mutex mutex;
    std::map<std::string, Known> known GUARDED_BY(mutex);  // by address
  };

  const std::shared_ptr<Shared> shared_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/marked_url.h"
#include "catalog/result.h"
#include "fetch/learned_urls.h"
#include "fetch/mutex.h"
#include "fetch/transport.h"

namespace omicsfs {

// A transport that also takes addresses of MarkedUrl's kinds: it asks where the
// object is, once for all who wait, and keeps the answer for as long as it says
// that it is good and the object's server takes it. One 403 makes it ask anew;
// a second is the request's answer. Where the object's server sends its readers
// on, that is learned, too. The server of an address that names a token is
// shown it, and nobody else. Thread-safe.
class ResolvingTransport final : public Transport {
 public:
  // The header that the server of `address` is to be asked with, or "". Called
  // by several threads. Errors: kInvalid, its token may not be shown to it, or
  // is not there.
  using HeaderFor =
      std::function<Result<std::string>(const MarkedUrl& address)>;

  // What has been learned is used until a time of this clock. Tests set it.
  using Clock = std::function<LearnedUrls::Time()>;

  // `inner` must outlive every exchange, and this object `inner`'s last call.
  ResolvingTransport(Transport& inner, HeaderFor header_for,
                     Clock clock = std::chrono::steady_clock::now)
      : shared_(std::make_shared<Shared>(inner, std::move(header_for),
                                         std::move(clock))) {}

  // Errors that a sink gets besides the inner transport's, where the address
  // cannot be resolved: kNotFound (404, 410), kUnavailable (any other answer,
  // or one that tells no url; remembered for some seconds). A server that is
  // busy, also one that says so with a 403 where it should redirect, is asked
  // a few times. Who does not want its answer any more is told at once.
  void start(Request request, std::shared_ptr<ResponseSink> sink) override;

 private:
  struct Waiting {
    Request request;
    std::shared_ptr<ResponseSink> sink;
    bool again = false;  // its url was refused before
    int redirects = 0;   // from the urls that it was sent to
  };
  class Lookup;
  class Resolved;
  // What exchanges under way share with it.
  struct Shared : std::enable_shared_from_this<Shared> {
    Shared(Transport& transport, HeaderFor header, Clock time)
        : inner(transport),
          header_for(std::move(header)),
          clock(std::move(time)) {}

    void ask(Waiting one, const MarkedUrl& address);
    void look_up(const std::string& url, const MarkedUrl& address, int retries,
                 std::chrono::milliseconds delay);
    void found(const std::string& url, const Result<std::string>& actual);
    void moved(Waiting one, const std::string& from, const std::string& to);
    void deserted(const std::string& url, const MarkedUrl& address);
    void refused(const std::string& url, const std::string& actual);
    void start_at(Waiting one, const std::string& actual);
    void refuse(const Waiting& one, const Error& error);
    [[nodiscard]] Result<std::string> secret_for(
        const std::string& url, const std::string& actual) const;

    // Those who wait for the url, as far as they still want it; the others are
    // told their end. From the transport's thread.
    [[nodiscard]] bool is_awaited(const std::string& url);
    [[nodiscard]] bool is_urgent(const std::string& url);
    [[nodiscard]] std::vector<Waiting> waiting_for(const std::string& url);
    void drop_unwanted(const std::string& url,
                       const std::vector<Waiting>& unwanted);

    Transport& inner;
    const HeaderFor header_for;
    const Clock clock;
    Mutex mutex;
    LearnedUrls known GUARDED_BY(mutex);
    // By address, those who wait while it is being asked for.
    std::map<std::string, std::vector<Waiting>> waiting GUARDED_BY(mutex);
  };

  const std::shared_ptr<Shared> shared_;
};

}  // namespace omicsfs

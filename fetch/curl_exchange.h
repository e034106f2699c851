// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/result.h"
#include "fetch/curl_transport.h"
#include "fetch/rate_gate.h"
#include "fetch/response_head.h"
#include "fetch/stall_watch.h"
#include "fetch/transport.h"

namespace omicsfs {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

// One request and the way of its response from libcurl to a sink. Used by one
// thread at a time. REQUIRES: end() is called at most once, last. The sink
// hears of an exchange that is destroyed before as of one for which there was
// no memory.
class CurlExchange {
 public:
  CurlExchange(Request request, std::shared_ptr<ResponseSink> sink);
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] bool wanted() const { return sink_->wanted(); }
  [[nodiscard]] bool urgent() const { return sink_->urgent(); }
  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  // That of the url it stands at; "" where that names none.
  [[nodiscard]] const std::string& host() const { return host_; }

  // The right to send what prepare() sets up, where it needs one.
  void permit(std::optional<RatePermit> right) { permit_ = std::move(right); }

  // Sets `easy`, or a new handle where it is null, up for the request. The
  // exchange must not move from now on. Throws std::bad_alloc.
  void prepare(EasyHandle easy, const TransportOptions& options);

  // Whether its body is held back; resume() lets it go on where its sink is
  // ready again.
  [[nodiscard]] bool is_held_back() const { return held_back_; }
  void resume();

  // It is about to be given to libcurl: tells the sink, the first time.
  void begin();
  // Why it should end; empty while it may go on. REQUIRES: it is prepared.
  [[nodiscard]] std::optional<Error> silence(StallWatch::Time now);
  // libcurl is done with the request, and the answer is whole. True: it leads
  // elsewhere, and so the exchange does, from prepare() on.
  [[nodiscard]] bool redirect();
  // libcurl is done with the request: tells the sink. REQUIRES: it was not
  // redirected.
  void end(CURLcode code);
  // The exchange ends for a reason of ours: tells the sink.
  void end(Error error);

  // The handle, for use by another exchange. REQUIRES: it is in no multi.
  [[nodiscard]] EasyHandle release() { return std::move(easy_); }

 private:
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  // What `take` returns; libcurl is C, and must see no exception.
  template <typename Take>
  static Result<void> guarded(const Take& take) {
    try {
      return take();
    } catch (const std::bad_alloc&) {
      return Error{ErrorCode::kIo, "no memory"};  // short: it needs none
    }
  }
  static std::size_t header_callback(char* data, std::size_t one,
                                     std::size_t size, void* self) noexcept;
  static curl_socket_t socket_callback(void* self, curlsocktype purpose,
                                       curl_sockaddr* address) noexcept;
  static std::size_t write_callback(char* data, std::size_t one,
                                    std::size_t size, void* self) noexcept;
  void set_request();
  void set_limits(const TransportOptions& options);
  void add_header(const std::string& line);
  Result<void> take_body(const char* data, std::size_t size);
  Result<void> deliver_head();
  void tell_gate();
  [[nodiscard]] std::chrono::microseconds waited() const;
  // Whether its answer, whose head has come, is followed and not told.
  [[nodiscard]] bool leads_on() const;
  [[nodiscard]] bool may_reach(const sockaddr& address) const;
  [[nodiscard]] Error failure_of(CURLcode code) const;
  [[nodiscard]] std::string reason_of(CURLcode code) const;
  void tell(Result<void> result);
  bool goes_on(Result<void> taken) noexcept;

  Request request_;
  std::shared_ptr<ResponseSink> sink_;
  std::string url_;  // where it stands: the request's, or a redirect's
  std::string host_;
  int redirects_ = 0;
  std::optional<RatePermit> permit_;  // until the answer has begun
  bool told_ = false;                 // the sink, of the end
  EasyHandle easy_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  HeadReader reader_;
  bool head_delivered_ = false;
  bool held_back_ = false;
  std::size_t left_out_ = 0;  // bytes of the body of a redirect
  bool kept_away_ = false;    // from an address that is private
  const TransportOptions* options_ = nullptr;
  std::uint64_t bytes_ = 0;  // that came, the head included
  std::optional<StallWatch> watch_;
  Result<void> taken_;  // an error where a callback ended the exchange
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/curl_exchange.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "fetch/private_address.h"
#include "fetch/private_hosts.h"
#include "fetch/redirect.h"
#include "fetch/throttle.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

// The most of the body of a redirect, which nobody reads, that is taken so that
// the connection can be used again.
constexpr std::size_t kMaxLeftOut = 64UL * 1024;
// The largest that libcurl 7.88 takes. Its default of 16 KiB costs a system
// call and a call of ours for each 16 KiB.
constexpr long kBufferBytes = 128L * 1024;

// An option whose text libcurl copies. Throws std::bad_alloc where it cannot:
// a request without it would be another one.
void set_text(CURL* easy, CURLoption option, const char* text) {
  if (curl_easy_setopt(easy, option, text) == CURLE_OUT_OF_MEMORY) {
    throw std::bad_alloc();
  }
}

// The server's certificate was refused, or there is nothing to check it by.
bool is_untrusted(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

// curl(1) on the variables; their names in capitals but for http_proxy's.
bool has_proxy() {
  const auto is_set = [](const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const char* const none = std::getenv("no_proxy");
  if (none != nullptr && std::string_view(none) == "*") {
    return false;
  }
  return is_set("http_proxy") || is_set("https_proxy") ||
         is_set("HTTPS_PROXY") || is_set("all_proxy") || is_set("ALL_PROXY");
}

// What to trust; "" = what libcurl was built with. libcurl leaves
// SSL_CERT_FILE to its command line tool.
std::string trusted_file(const TransportOptions& options) {
  const char* const env = std::getenv("SSL_CERT_FILE");
  return options.ca_file.empty() && env ? env : options.ca_file;
}

}  // namespace

CurlExchange::CurlExchange(Request request, std::shared_ptr<ResponseSink> sink)
    : request_(std::move(request)),
      sink_(std::move(sink)),
      url_(request_.url),
      host_(server_or_none(url_)) {}

CurlExchange::~CurlExchange() {
  if (told_) {
    return;
  }
  try {
    tell(Error{ErrorCode::kUnavailable, "no memory"});
  } catch (const std::bad_alloc&) {
    // The sink has heard of it; what it makes of that is its own.
  }
}

void CurlExchange::prepare(EasyHandle easy, const TransportOptions& options) {
  easy_ = std::move(easy);
  options_ = &options;
  if (easy_ == nullptr) {
    easy_.reset(curl_easy_init());
  }
  if (easy_ == nullptr) {
    throw std::bad_alloc();
  }
  curl_easy_reset(easy_.get());
  set_request();
  set_limits(options);
  StallLimits limits = options.silence;
  if (request_.has_alternative) {
    limits.first_byte = std::min(limits.first_byte, limits.stall);
  }
  bytes_ = 0;
  watch_.emplace(limits, options.silence_clock());
}

void CurlExchange::set_request() {
  CURL* const easy = easy_.get();
  headers_.reset();
  error_text_.fill('\0');
  set_text(easy, CURLOPT_URL, url_.c_str());
  set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // Each request waits for its server's turn, also one that a redirect makes:
  // so it is for us to follow it (redirect()).
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_text(easy, CURLOPT_USERAGENT, "omicsfs/" OMICSFS_VERSION);
  if (request_.range) {
    const std::string range =
        fmt::format("{}-{}", request_.range->offset, request_.range->end() - 1);
    set_text(easy, CURLOPT_RANGE, range.c_str());
  }
  if (request_.fresh_connection) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
  }
  // Asked for as a plain header: CURLOPT_ACCEPT_ENCODING would also make
  // libcurl decode what a server encodes, and hide that it did.
  const std::string& encoding = request_.accept_encoding;
  add_header("Accept-Encoding: " + (encoding.empty() ? "identity" : encoding));
  if (!request_.if_match.empty()) {
    add_header("If-Match: " + request_.if_match);
  }
  if (!request_.secret_header.empty()) {
    add_header(request_.secret_header);
  }
  if (!request_.method.empty()) {
    add_header("Content-Type: application/json");
    set_text(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                     static_cast<long>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_callback);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write_callback);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_callback);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
}

void CurlExchange::set_limits(const TransportOptions& options) {
  CURL* const easy = easy_.get();
  const auto connect_s = static_cast<long>(options.connect_timeout.count());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_s);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Ending an exchange must not wait for a name server that does not answer.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  const std::string trusted = trusted_file(options);
  if (!trusted.empty()) {
    set_text(easy, CURLOPT_CAINFO, trusted.c_str());
  }
}

void CurlExchange::add_header(const std::string& line) {
  curl_slist* const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) {
    throw std::bad_alloc();
  }
  static_cast<void>(headers_.release());
  headers_.reset(longer);
}

std::size_t CurlExchange::header_callback(char* data, std::size_t one,
                                          std::size_t size,
                                          void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.bytes_ += one * size;
  auto taken = guarded([&]() -> Result<void> {
    const auto header = exchange.reader_.take({data, one * size});
    return header ? Result<void>()
                  : header.error().within(describe_get(
                        exchange.request_.url, exchange.request_.range));
  });
  return exchange.goes_on(std::move(taken)) ? one * size : 0;
}

// False, with the reason kept, where `taken` ends the exchange.
bool CurlExchange::goes_on(Result<void> taken) noexcept {
  taken_ = std::move(taken);
  return taken_.has_value();
}

// Asked for each address that is tried, of a redirect's server as well; not
// where a connection is used again, which was allowed when it was made.
curl_socket_t CurlExchange::socket_callback(void* self,
                                            curlsocktype /*purpose*/,
                                            curl_sockaddr* address) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  bool allowed = false;
  const auto asked = guarded([&]() -> Result<void> {
    allowed = exchange.may_reach(address->addr);
    return {};
  });
  if (!asked || !allowed) {
    exchange.kept_away_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

bool CurlExchange::may_reach(const sockaddr& address) const {
  const auto& allowed = options_->private_servers;
  return !allowed || has_proxy() || !is_private_address(address) ||
         std::find(allowed->begin(), allowed->end(), host_) != allowed->end() ||
         names_server(options_->private_hosts, host_);
}

std::size_t CurlExchange::write_callback(char* data, std::size_t one,
                                         std::size_t size,
                                         void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (!exchange.taken_) {
    return 0;  // a body that was refused once has a hole: it ends here
  }
  auto taken = guarded([&] { return exchange.take_body(data, one * size); });
  if (exchange.held_back_) {
    return CURL_WRITEFUNC_PAUSE;  // libcurl keeps what it offered
  }
  exchange.bytes_ += one * size;
  return exchange.goes_on(std::move(taken)) ? one * size : 0;
}

Result<void> CurlExchange::take_body(const char* data, std::size_t size) {
  if (!sink_->wanted()) {
    return Error{ErrorCode::kInterrupted,
                 describe_get(request_.url, request_.range) + ": cancelled"};
  }
  if (leads_on()) {
    left_out_ += size;
    return left_out_ <= kMaxLeftOut
               ? Result<void>()
               : Error{ErrorCode::kInvalid,
                       "refused a redirect: its body is too large"};
  }
  auto head = deliver_head();
  if (!head) {
    return head;
  }
  held_back_ = !sink_->ready();
  return held_back_ ? Result<void>()
                    : sink_->on_body(std::as_bytes(std::span(data, size)));
}

void CurlExchange::resume() {
  if (sink_->ready()) {
    held_back_ = false;
    // libcurl gives away from within the call what it kept.
    const CURLcode status = curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
    if (status != CURLE_OK && taken_) {
      taken_ = Error{ErrorCode::kUnavailable,
                     describe_get(request_.url, request_.range) +
                         ": the body could not be continued"};
    }
  }
}

Result<void> CurlExchange::deliver_head() {
  if (head_delivered_) {
    return {};
  }
  head_delivered_ = true;
  tell_gate();
  ResponseHead head = reader_.head();
  head.waited = waited();
  return sink_->on_head(head);
}

void CurlExchange::tell_gate() {
  if (permit_) {
    permit_->answered(
        rate_answer(reader_.head(), std::chrono::system_clock::now()));
    permit_.reset();
  }
}

std::chrono::microseconds CurlExchange::waited() const {
  curl_off_t sent = 0;
  curl_off_t answered = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &sent);
  curl_easy_getinfo(easy_.get(), CURLINFO_STARTTRANSFER_TIME_T, &answered);
  return std::chrono::microseconds(std::max<curl_off_t>(answered - sent, 0));
}

// libcurl's own limit of speed counts while the head is awaited, too.
std::optional<Error> CurlExchange::silence(StallWatch::Time now) {
  if (held_back_) {
    watch_->excuse(now);  // it is we who are slow
    return std::nullopt;
  }
  const auto silence = watch_->look(bytes_, now);
  if (!silence) {
    return std::nullopt;
  }
  return Error{ErrorCode::kUnavailable,
               silence_text(*silence, options_->silence, watch_->limits())}
      .within(describe_get(request_.url, request_.range));
}

void CurlExchange::begin() {
  if (redirects_ == 0) {
    sink_->on_started();
  }
}

// A header of ours that is secret would be sent to wherever it leads.
bool CurlExchange::leads_on() const {
  return request_.redirects == Redirects::kFollow && request_.method.empty() &&
         request_.secret_header.empty() && is_redirect(reader_.head());
}

bool CurlExchange::redirect() {
  if (!leads_on()) {
    return false;
  }
  tell_gate();
  auto target = redirects_ < kMaxRedirects
                    ? redirect_target(url_, reader_.head())
                    : Error{ErrorCode::kInvalid,
                            "refused a redirect: there were five before"};
  if (!target) {
    taken_ = target.error().within(describe_get(request_.url, request_.range));
    return false;
  }
  ++redirects_;
  url_ = *std::move(target);
  host_ = server_of(url_);
  reader_ = {};
  left_out_ = 0;
  return true;
}

void CurlExchange::end(CURLcode code) {
  if (!taken_) {
    tell(std::move(taken_));
  } else {
    tell(code == CURLE_OK ? deliver_head() : failure_of(code));
  }
}

void CurlExchange::end(Error error) { tell(std::move(error)); }

void CurlExchange::tell(Result<void> result) {
  told_ = true;
  permit_.reset();
  sink_->on_done(std::move(result));
}

// What asking again cannot mend: the url, a place that it leads to, or the
// server's certificate.
Error CurlExchange::failure_of(CURLcode code) const {
  const bool bad_url =
      code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  const bool redirected = redirects_ > 0;
  const bool invalid = bad_url || is_untrusted(code) || kept_away_;
  // A host without an address is tried again all the same: a laptop that wakes
  // has no names for a while.
  const ErrorCode failed = code == CURLE_COULDNT_RESOLVE_HOST
                               ? ErrorCode::kRefused
                               : ErrorCode::kUnavailable;
  return {invalid ? ErrorCode::kInvalid : failed,
          fmt::format("{}: {}{}", describe_get(request_.url, request_.range),
                      bad_url && redirected ? "refused a redirect: " : "",
                      reason_of(code))};
}

// The system's own word where a connection could not be made, else libcurl's.
std::string CurlExchange::reason_of(CURLcode code) const {
  if (kept_away_ && code == CURLE_COULDNT_CONNECT) {
    return host_ +
           " is at a private address; network.private_hosts in the settings "
           "allows it with \"" +
           rule_of(host_) + "\"";
  }
  long number = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number);
  if (code == CURLE_COULDNT_CONNECT && number != 0) {
    return std::generic_category().message(static_cast<int>(number));
  }
  const std::string_view text(error_text_.data());
  return std::string(text.empty() ? curl_easy_strerror(code) : text);
}

}  // namespace omicsfs

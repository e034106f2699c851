// SPDX-License-Identifier: MIT
#include "fetch/curl_transport.h"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "fetch/curl_exchange.h"
#include "fetch/host_queue.h"
#include "fetch/mutex.h"
#include "fetch/rate_gate.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using ExchangePtr = std::unique_ptr<CurlExchange>;

// How often sinks are asked whether they still want their exchange: a reader
// that was interrupted should not hold its connection for long.
constexpr milliseconds kSweepInterval{200};
constexpr milliseconds kIdleWait{60'000};
// How often sinks that hold their body back are asked whether they still do.
constexpr milliseconds kHeldBackWait{5};
constexpr milliseconds kUntilMemory{10};
// Connections kept open over all servers.
constexpr long kKeptConnections = 64;
// Exchanges that one HTTP/2 connection carries at a time: ranges of one file
// come faster over several connections than over one.
constexpr long kStreamsPerConnection = 2;

struct IsUrgent {
  bool operator()(const ExchangePtr& exchange) const {
    return exchange->urgent();
  }
};

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// libcurl's own set-up, which counts its users.
class CurlLibrary {
 public:
  CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlLibrary() { curl_global_cleanup(); }
  CurlLibrary(const CurlLibrary&) = delete;
  CurlLibrary& operator=(const CurlLibrary&) = delete;
};

Error interrupted(const CurlExchange& exchange, const std::string& why) {
  const Request& request = exchange.request();
  return Error{ErrorCode::kInterrupted, why}.within(
      describe_get(request.url, request.range));
}

// Signals are for the program's own threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

// What the network thread runs. Only incoming_ and stopping_ are shared; the
// rest belongs to that thread. An exchange is in one place at a time: incoming,
// delayed, waiting for its host's turn, or running in multi_.
class CurlTransport::Loop {
 public:
  explicit Loop(const TransportOptions& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void add(ExchangePtr exchange);

 private:
  void run();
  template <typename Work>
  static bool guarded(const Work& work);
  void turn();
  [[nodiscard]] bool stopping();
  bool may_ask(const std::string& host);
  void take_incoming();
  void admit(ExchangePtr exchange);
  void admit_due();
  void launch_admitted();
  void launch(ExchangePtr exchange);
  void resume_held_back();
  void reap();
  void end(CURL* easy, CURLcode code);
  ExchangePtr detach(CURL* easy);
  void sweep();
  void end_refused();
  void end_all();
  void end_running();
  template <typename Pick>
  std::vector<ExchangePtr> take_delayed(const Pick& pick);
  [[nodiscard]] milliseconds wait_time() const;

  const TransportOptions options_;
  CurlLibrary library_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  // It outlives all exchanges.
  std::unique_ptr<RateGate> gate_;

  Mutex mutex_;
  std::vector<std::pair<Clock::time_point, ExchangePtr>> incoming_
      GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::multimap<Clock::time_point, ExchangePtr> delayed_;
  HostQueue<ExchangePtr, IsUrgent> hosts_;
  std::map<CURL*, ExchangePtr> running_;
  std::vector<EasyHandle> spare_;
  std::optional<RatePermit> permit_;  // of the exchange to launch next
  Clock::time_point next_sweep_{};

  std::thread thread_;
};

CurlTransport::Loop::Loop(const TransportOptions& options)
    : options_(options),
      multi_(curl_multi_init()),
      hosts_(
          static_cast<std::size_t>(std::max(options.connections_per_host, 1)),
          IsUrgent()) {
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING,
                    static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.connections_per_host));
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_CONCURRENT_STREAMS,
                    kStreamsPerConnection);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
  RateGateOptions gate;
  gate.directory = options_.rate_directory;
  gate.rules = options_.rates;
  gate.longest_pause = options_.longest_pause;
  gate_ = std::make_unique<RateGate>(
      std::move(gate), [multi = multi_.get()] { curl_multi_wakeup(multi); });
  thread_ = std::thread([this] { run(); });
}

CurlTransport::Loop::~Loop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
}

void CurlTransport::Loop::add(ExchangePtr exchange) {
  const auto due = Clock::now() + exchange->request().delay;
  {
    const MutexLock lock(mutex_);
    incoming_.emplace_back(due, std::move(exchange));
  }
  curl_multi_wakeup(multi_.get());
}

void CurlTransport::Loop::run() {
  block_signals();
  while (!stopping()) {
    const bool whole = guarded([this] { turn(); });
    const milliseconds wait = whole ? wait_time() : kUntilMemory;
    curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(wait.count()),
                    nullptr);
  }
  guarded([this] { end_all(); });
}

// False where memory was lacking: an exchange that is lost on the way tells its
// sink so, the others go on.
template <typename Work>
bool CurlTransport::Loop::guarded(const Work& work) {
  try {
    work();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void CurlTransport::Loop::turn() {
  take_incoming();
  admit_due();
  launch_admitted();
  resume_held_back();
  int running = 0;
  curl_multi_perform(multi_.get(), &running);
  reap();
  if (Clock::now() >= next_sweep_) {
    sweep();
    next_sweep_ = Clock::now() + kSweepInterval;
  }
  launch_admitted();  // in the places that have become free
}

bool CurlTransport::Loop::stopping() {
  const MutexLock lock(mutex_);
  return stopping_;
}

void CurlTransport::Loop::take_incoming() {
  std::vector<std::pair<Clock::time_point, ExchangePtr>> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(incoming_);
  }
  for (auto& [due, exchange] : taken) {
    delayed_.emplace(due, std::move(exchange));
  }
}

void CurlTransport::Loop::admit_due() {
  const auto now = Clock::now();
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    auto first = delayed_.extract(delayed_.begin());
    admit(std::move(first.mapped()));
  }
}

void CurlTransport::Loop::admit(ExchangePtr exchange) {
  const Request& request = exchange->request();
  if (!is_http_url(request.url)) {
    exchange->end(Error{ErrorCode::kInvalid, "not an http or https url"}.within(
        describe_get(request.url, request.range)));
    return;
  }
  const std::string& host = exchange->host();
  hosts_.enter(host, std::move(exchange));
}

void CurlTransport::Loop::launch_admitted() {
  while (auto exchange = hosts_.next(
             [this](const std::string& host) { return may_ask(host); })) {
    launch(*std::move(exchange));
  }
}

bool CurlTransport::Loop::may_ask(const std::string& host) {
  permit_ = gate_->take(host);
  return permit_.has_value();
}

void CurlTransport::Loop::launch(ExchangePtr exchange) {
  auto permit = std::exchange(permit_, std::nullopt);
  try {
    if (exchange->wanted()) {
      exchange->begin();  // its sink may want it no more
    }
  } catch (const std::bad_alloc&) {
    hosts_.leave(exchange->host());
    throw;
  }
  if (!exchange->wanted()) {
    if (permit) {
      permit->unused();
    }
    hosts_.leave(exchange->host());
    exchange->end(interrupted(*exchange, "cancelled"));
    return;
  }
  EasyHandle easy;
  if (!spare_.empty()) {
    easy = std::move(spare_.back());
    spare_.pop_back();
  }
  try {
    exchange->permit(std::move(permit));
    exchange->prepare(std::move(easy), options_);
    running_.try_emplace(exchange->easy());  // has its place before it moves
  } catch (const std::bad_alloc&) {
    hosts_.leave(exchange->host());
    throw;
  }
  CURL* const key = exchange->easy();
  running_[key] = std::move(exchange);
  if (curl_multi_add_handle(multi_.get(), key) != CURLM_OK) {
    const ExchangePtr unstarted = detach(key);
    unstarted->end(Error{ErrorCode::kUnavailable, "no memory"});
  }
}

void CurlTransport::Loop::resume_held_back() {
  for (const auto& [easy, exchange] : running_) {
    if (exchange->is_held_back()) {
      exchange->resume();
    }
  }
}

void CurlTransport::Loop::reap() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) {
      end(message->easy_handle, message->data.result);
    }
  }
}

void CurlTransport::Loop::end(CURL* easy, CURLcode code) {
  ExchangePtr exchange = detach(easy);
  if (code == CURLE_OK && exchange->redirect()) {
    spare_.push_back(exchange->release());
    const std::string host = exchange->host();
    hosts_.enter(host, std::move(exchange));
    return;
  }
  exchange->end(code);
  spare_.push_back(exchange->release());
}

// Takes a running exchange out; its place is free for the next of its host.
ExchangePtr CurlTransport::Loop::detach(CURL* easy) {
  const auto found = running_.find(easy);
  ExchangePtr exchange = std::move(found->second);
  running_.erase(found);
  curl_multi_remove_handle(multi_.get(), easy);
  hosts_.leave(exchange->host());
  return exchange;
}

void CurlTransport::Loop::sweep() {
  const auto unwanted = [](const ExchangePtr& exchange) {
    return !exchange->wanted();
  };
  end_running();
  end_refused();
  auto ended = hosts_.take_if(unwanted);
  auto delayed = take_delayed(unwanted);
  std::move(delayed.begin(), delayed.end(), std::back_inserter(ended));
  for (const ExchangePtr& exchange : ended) {
    exchange->end(interrupted(*exchange, "cancelled"));
  }
}

// Those that wait for a server that is to be left alone for too long.
void CurlTransport::Loop::end_refused() {
  const auto refusal = [this](const ExchangePtr& exchange) {
    return gate_->refusal(exchange->host());
  };
  for (const ExchangePtr& exchange : hosts_.take_if(refusal)) {
    const Request& request = exchange->request();
    exchange->end(refusal(exchange)
                      .value_or(Error{ErrorCode::kUnavailable, "left alone"})
                      .within(describe_get(request.url, request.range)));
  }
}

// Those that nobody wants any more, and those that are silent.
void CurlTransport::Loop::end_running() {
  std::vector<std::pair<CURL*, Error>> ends;
  const auto now = options_.silence_clock();
  for (const auto& [easy, exchange] : running_) {
    if (!exchange->wanted()) {
      ends.emplace_back(easy, interrupted(*exchange, "cancelled"));
    } else if (auto silence = exchange->silence(now)) {
      ends.emplace_back(easy, *std::move(silence));
    }
  }
  for (auto& [easy, why] : ends) {
    const ExchangePtr exchange = detach(easy);
    exchange->end(std::move(why));
    spare_.push_back(exchange->release());
  }
}

template <typename Pick>
std::vector<ExchangePtr> CurlTransport::Loop::take_delayed(const Pick& pick) {
  std::vector<ExchangePtr> taken;
  for (auto at = delayed_.begin(); at != delayed_.end();) {
    const bool picked = pick(at->second);
    if (picked) {
      taken.push_back(std::move(at->second));
    }
    at = picked ? delayed_.erase(at) : std::next(at);
  }
  return taken;
}

// Sinks may start exchanges while others are ended, hence the loop.
void CurlTransport::Loop::end_all() {
  const auto any = [](const ExchangePtr&) { return true; };
  for (take_incoming();
       !delayed_.empty() || !running_.empty() || hosts_.has_waiting();
       take_incoming()) {
    auto ended = take_delayed(any);
    auto waiting = hosts_.take_if(any);
    std::move(waiting.begin(), waiting.end(), std::back_inserter(ended));
    while (!running_.empty()) {
      ended.push_back(detach(running_.begin()->first));
    }
    for (const ExchangePtr& exchange : ended) {
      exchange->end(interrupted(*exchange, "the network is shut down"));
    }
  }
}

milliseconds CurlTransport::Loop::wait_time() const {
  milliseconds wait = kIdleWait;
  if (!delayed_.empty()) {
    const auto left = delayed_.begin()->first - Clock::now();
    wait = std::max(std::chrono::ceil<milliseconds>(left), milliseconds{0});
  }
  if (std::any_of(running_.begin(), running_.end(), [](const auto& entry) {
        return entry.second->is_held_back();
      })) {
    wait = std::min(wait, kHeldBackWait);
  }
  const bool busy =
      !delayed_.empty() || !running_.empty() || hosts_.has_waiting();
  return busy ? std::min(wait, kSweepInterval) : wait;
}

CurlTransport::CurlTransport(const TransportOptions& options)
    : loop_(std::make_unique<Loop>(options)) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::start(Request request, std::shared_ptr<ResponseSink> sink) {
  loop_->add(
      std::make_unique<CurlExchange>(std::move(request), std::move(sink)));
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "tests/support/origin.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

#include "catalog/percent_encoding.h"
#include "catalog/unique_fd.h"
#include "fetch/mutex.h"
#include "tests/support/connection.h"
#include "tests/support/connection_threads.h"
#include "tests/support/fault_effects.h"
#include "tests/support/object_listing.h"
#include "tests/support/origin_control.h"

namespace omicsfs {
namespace {

Error system_error(const std::string& what) {
  return {ErrorCode::kIo, what + ": " + std::generic_category().message(errno)};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_flag(int socket, int level, int name) {
  const int on = 1;
  ::setsockopt(socket, level, name, &on, sizeof on);
}

Result<UniqueFd> listen_on(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_flag(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (!socket.valid() || ::bind(socket.get(), generic, sizeof address) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return system_error(fmt::format("cannot listen on 127.0.0.1:{}", port));
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address = {};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

// The listing that `request` asks for, over the objects below its path.
Response listing_response(const HttpRequest& request, const QueryFields& fields,
                          const ObjectStore& objects, std::size_t page_size) {
  const auto query = parse_listing_query(fields, page_size);
  if (!query) {
    return text_response(400, kXml,
                         s3_error("InvalidArgument", query.error().message));
  }
  const bool is_directory = request.path.ends_with('/');
  const std::string base = is_directory ? request.path : request.path + "/";
  return text_response(200, kXml,
                       listing_page(*query, objects.list(base, query->prefix)));
}

// What the origin answers where nothing is wrong but what `faults` do to the
// request and the object.
Response honest_response(const HttpRequest& request, const OriginState& state,
                         const std::vector<Fault>& faults,
                         std::size_t page_size) {
  if (request.method != "GET" && request.method != "HEAD") {
    return text_response(405, kXml,
                         s3_error("MethodNotAllowed", "GET and HEAD only"));
  }
  const auto fields = parse_query(request.query);
  if (!fields) {
    return text_response(400, kXml,
                         s3_error("InvalidURI", fields.error().message));
  }
  if (query_field(*fields, "list-type") == "2") {
    return listing_response(request, *fields, state.objects, page_size);
  }
  const bool is_page = request.path.ends_with('/');
  const auto object =
      state.objects.find(request.path + (is_page ? "index.html" : ""));
  if (!object) {
    return text_response(
        404, kXml, s3_error("NoSuchKey", "The specified key does not exist."));
  }
  Response response =
      object_response(distorted(request, faults), distorted(*object, faults));
  if (is_page) {
    response.headers["Content-Type"] = "text/html";
  }
  return response;
}

RequestRecord record_of(const HttpRequest& request, std::uint64_t connection) {
  RequestRecord record;
  record.method = request.method;
  record.path = request.path;
  record.query = request.query;
  record.range = request.header("range");
  record.if_match = request.header("if-match");
  record.connection = connection;
  return record;
}

}  // namespace

class Origin::Server {
 public:
  Server(OriginOptions options, UniqueFd listener)
      : state(options.root),
        options_(std::move(options)),
        listener_(std::move(listener)),
        port_(port_of(listener_.get())),
        log_file_(options_.log_file, std::ios::app),
        connections_(options_.max_connections),
        acceptor_([this] { accept_connections(); }) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    // Makes accept(2) fail, now and later.
    ::shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

  OriginState state;

 private:
  void accept_connections();
  void accept_connection(UniqueFd socket);
  void serve_connection(int socket, std::uint64_t number);
  // False when the connection must be closed.
  bool serve(Connection& connection, const HttpRequest& request,
             std::uint64_t number);
  bool send(Connection& connection, const HttpRequest& request,
            std::uint64_t seq, const Gate& gate);
  bool send_unlogged(Connection& connection, const Response& response);
  void write_log_line(const RequestRecord& record);

  const OriginOptions options_;
  const UniqueFd listener_;
  const std::uint16_t port_;
  Mutex log_file_mutex_;
  std::ofstream log_file_ GUARDED_BY(log_file_mutex_);
  // Destroyed first, for their threads use all of the above.
  ConnectionThreads connections_;
  std::thread acceptor_;
};

void Origin::Server::accept_connections() {
  while (true) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.valid()) {
      accept_connection(std::move(socket));
    } else if (errno == EINVAL) {
      return;
    }
  }
}

void Origin::Server::accept_connection(UniqueFd socket) {
  const std::uint64_t number = ++state.connections;
  set_flag(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  if (state.faults.strikes_connection()) {
    return;
  }
  if (!connections_.has_room()) {
    Connection surplus(socket.get(), 0);
    Response response =
        text_response(503, "text/plain", "too many connections\n");
    response.ending = Ending::kClose;
    send_unlogged(surplus, response);
    return;
  }
  connections_.run(std::move(socket), [this, number](int accepted) {
    serve_connection(accepted, number);
  });
}

void Origin::Server::serve_connection(int socket, std::uint64_t number) {
  Connection connection(socket, options_.bandwidth);
  while (true) {
    const auto request = connection.receive();
    if (!request) {
      Response response =
          text_response(400, "text/plain", request.error().message + "\n");
      response.ending = Ending::kClose;
      send_unlogged(connection, response);
      return;
    }
    if (!*request || !serve(connection, **request, number)) {
      return;
    }
  }
}

bool Origin::Server::serve(Connection& connection, const HttpRequest& request,
                           std::uint64_t number) {
  if (request.path.starts_with(kControlPath)) {
    const Response response = control_response(request, state);
    return send_unlogged(connection, response) && request.keep_alive;
  }
  // Before the log, so that a release() ends the pauses of every request that
  // the log shows.
  const auto gate = state.pauses.gate();
  const std::uint64_t seq = state.log.begin(record_of(request, number));
  const bool sent = send(connection, request, seq, *gate);
  write_log_line(state.log.finish(seq));
  return sent && request.keep_alive;
}

bool Origin::Server::send(Connection& connection, const HttpRequest& request,
                          std::uint64_t seq, const Gate& gate) {
  const std::vector<Fault> faults = state.faults.strike(request.path);
  const Response response = distorted(
      honest_response(request, state, faults, options_.page_size), faults);
  if (!connection.pause(options_.delay)) {
    return false;
  }
  const bool with_body = request.method != "HEAD";
  if (response.ending != Ending::kUnanswered) {
    state.log.answer(seq, response.status,
                     with_body ? size_of(response.body) : 0);
  }
  return connection.send(response, with_body, gate, [&](std::int64_t bytes) {
    state.log.add_bytes(seq, bytes);
  });
}

bool Origin::Server::send_unlogged(Connection& connection,
                                   const Response& response) {
  return connection.send(response, true, *state.pauses.gate(),
                         [](std::int64_t) {});
}

void Origin::Server::write_log_line(const RequestRecord& record) {
  if (!options_.log_file.empty() && record.seq != 0) {
    const MutexLock lock(log_file_mutex_);
    log_file_ << to_line(record) << std::flush;
  }
}

Origin::Origin(OriginOptions options) {
  auto origin = start(std::move(options));
  if (!origin) {
    std::fprintf(stderr, "origin: %s\n", origin.error().message.c_str());
    std::abort();
  }
  server_ = std::move((*origin)->server_);
}

Origin::Origin(std::unique_ptr<Server> server) : server_(std::move(server)) {}

Result<std::unique_ptr<Origin>> Origin::start(OriginOptions options) {
  auto listener = listen_on(options.port);
  if (!listener) {
    return listener.error();
  }
  auto server =
      std::make_unique<Server>(std::move(options), *std::move(listener));
  return std::unique_ptr<Origin>(new Origin(std::move(server)));
}

Origin::~Origin() = default;

std::uint16_t Origin::port() const { return server_->port(); }

std::string Origin::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port(),
                     percent_encode(path, "/"));
}

void Origin::add(const std::string& path, std::string bytes,
                 std::optional<std::string> etag) {
  server_->state.objects.add(path, std::move(bytes), std::move(etag));
}

void Origin::remove(const std::string& path) {
  server_->state.objects.remove(path);
}

void Origin::fail(Fault fault) { server_->state.faults.add(std::move(fault)); }

void Origin::clear_faults() { server_->state.faults.clear(); }

void Origin::release() { server_->state.pauses.release(); }

std::vector<RequestRecord> Origin::log() const {
  return server_->state.log.records();
}

void Origin::clear_log() { server_->state.log.clear(); }

bool Origin::wait_for_requests(std::uint64_t count,
                               std::chrono::milliseconds limit) const {
  return server_->state.log.wait_for(count, limit);
}

OriginStats Origin::stats() const {
  return {server_->state.log.counts(), server_->state.connections.load()};
}

}  // namespace omicsfs

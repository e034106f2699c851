// SPDX-License-Identifier: MIT
#include "tests/support/connection.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace omicsfs {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kHeadLimit = 65'536;
// What is sent by one system call: large enough for full speed, small enough
// for the log to follow.
constexpr std::uint64_t kChunkBytes = std::uint64_t{4} << 20U;

bool send_all(int socket, std::string_view bytes, int flags) {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(socket, bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Sends some of the piece; the count, or -1.
ssize_t send_some(int socket, const FilePiece& piece) {
  auto offset = static_cast<off_t>(piece.range.offset);
  return ::sendfile(socket, piece.file->get(), &offset, piece.range.length);
}

ssize_t send_some(int socket, const TextPiece& piece) {
  return ::send(socket, piece.text->data() + piece.range.offset,
                piece.range.length, MSG_NOSIGNAL);
}

std::uint64_t stricter(std::uint64_t one, std::uint64_t other) {
  return one == 0 || other == 0 ? std::max(one, other) : std::min(one, other);
}

}  // namespace

// Sends the pieces of one body, no faster than a rate.
class Connection::Sender {
 public:
  Sender(int socket, std::uint64_t rate, const Gate& gate,
         const BytesObserver& observe)
      : socket_(socket), rate_(rate), gate_(gate), observe_(observe) {}

  bool operator()(const Pause& pause) {
    Deadline end;
    if (pause.length.count() > 0) {
      end = steady_clock::now() + pause.length;
    }
    return gate_.wait(socket_, end);
  }

  template <typename Piece>
  bool operator()(const Piece& piece) {
    std::uint64_t sent = 0;
    while (sent < piece.range.length) {
      const std::uint64_t left = piece.range.length - sent;
      const std::uint64_t chunk = std::min(left, chunk_bytes());
      const std::uint64_t done =
          send_chunk(Piece(piece), {piece.range.offset + sent, chunk});
      if (done == 0 || !pace(done)) {
        return false;
      }
      sent += done;
    }
    return true;
  }

 private:
  // A hundredth of a second's worth where there is a rate.
  [[nodiscard]] std::uint64_t chunk_bytes() const {
    return rate_ == 0 ? kChunkBytes
                      : std::clamp<std::uint64_t>(rate_ / 100, 1, kChunkBytes);
  }

  template <typename Piece>
  std::uint64_t send_chunk(Piece piece, ByteRange range) {
    piece.range = range;
    const auto promised = static_cast<std::int64_t>(range.length);
    observe_(promised);
    ssize_t count = -1;
    do {
      count = send_some(socket_, piece);
    } while (count < 0 && errno == EINTR);
    const std::int64_t done = std::max<ssize_t>(count, 0);
    if (done < promised) {
      observe_(done - promised);
    }
    return static_cast<std::uint64_t>(done);
  }

  // Waits for as long as `bytes` take at the rate.
  bool pace(std::uint64_t bytes) {
    if (rate_ == 0) {
      return true;
    }
    const std::chrono::duration<double> time(static_cast<double>(bytes) /
                                             static_cast<double>(rate_));
    due_ += std::chrono::duration_cast<steady_clock::duration>(time);
    return wait_until(socket_, due_);
  }

  int socket_;
  std::uint64_t rate_;
  const Gate& gate_;
  const BytesObserver& observe_;
  steady_clock::time_point due_ = steady_clock::now();
};

Result<std::optional<HttpRequest>> Connection::receive() {
  std::size_t end = received_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (received_.size() > kHeadLimit) {
      return Error{ErrorCode::kInvalid, "a request head without an end"};
    }
    if (!receive_more()) {
      return std::optional<HttpRequest>();
    }
    end = received_.find("\r\n\r\n");
  }
  auto request = parse_http_request(std::string_view(received_).substr(0, end));
  received_.erase(0, end + 4);
  if (!request) {
    return request.error();
  }
  std::uint64_t length = 0;
  const std::string text = request->header("content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (!discard(length)) {
    return std::optional<HttpRequest>();
  }
  return std::optional<HttpRequest>(*std::move(request));
}

bool Connection::send(const Response& response, bool with_body,
                      const Gate& gate, const BytesObserver& observe) {
  Sender sender(socket_, stricter(rate_, response.rate), gate, observe);
  if (response.before_head && !sender(*response.before_head)) {
    return false;
  }
  if (response.ending == Ending::kUnanswered) {
    return false;
  }
  const Body& body = response.body;
  const bool more = with_body && !body.empty() &&
                    !std::holds_alternative<Pause>(body.front());
  if (!send_head(response, more)) {
    return false;
  }
  for (const BodyPiece& piece : with_body ? body : Body()) {
    if (!std::visit(sender, piece)) {
      return false;
    }
  }
  if (response.ending == Ending::kReset) {
    reset();
  }
  return response.ending == Ending::kAsAsked;
}

bool Connection::pause(std::chrono::milliseconds length) const {
  return length.count() == 0 ||
         wait_until(socket_, steady_clock::now() + length);
}

bool Connection::receive_more() {
  std::array<char, 16'384> buffer;
  ssize_t count = -1;
  do {
    count = ::recv(socket_, buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) {
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool Connection::discard(std::uint64_t length) {
  while (received_.size() < length) {
    length -= received_.size();
    received_.clear();
    if (!receive_more()) {
      return false;
    }
  }
  received_.erase(0, length);
  return true;
}

bool Connection::send_head(const Response& response, bool more) const {
  return send_all(socket_, head_of(response), more ? MSG_MORE : 0);
}

void Connection::reset() const {
  // A linger of no time makes close(2) send RST.
  const linger none{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

}  // namespace omicsfs

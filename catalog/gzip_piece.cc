// SPDX-License-Identifier: MIT
#include "catalog/gzip_piece.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

constexpr std::size_t kBufferBytes = 65536;
// The largest window, and a gzip header and trailer around the stream, in the
// terms of inflateInit2().
constexpr int kGzipFormat = 15 + 16;

// Real catalogues inflate to 10 or 30 times their size, deflate can reach 1032.
// What is small may be anything.
std::uint64_t most_inflated(std::uint64_t raw_bytes) {
  constexpr std::uint64_t kAnything = std::uint64_t{64} << 20U;
  constexpr std::uint64_t kMostTimes = 200;
  return kAnything + kMostTimes * raw_bytes;
}

Error broken(const std::string& why) {
  return {ErrorCode::kInvalid, "broken gzip: " + why};
}

uInt length_of(std::size_t size) {
  return static_cast<uInt>(
      std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipPiece {
 public:
  explicit GzipPiece(ReadPiece raw) : raw_(std::move(raw)) {}
  ~GzipPiece() { ::inflateEnd(&z_); }
  GzipPiece(const GzipPiece&) = delete;
  GzipPiece& operator=(const GzipPiece&) = delete;

  Result<std::size_t> read(std::span<char> out) {
    if (failure_) {
      return *failure_;
    }
    auto count = read_next(out);
    if (!count) {
      failure_ = count.error();
    }
    return count;
  }

 private:
  enum class Form { kUnknown, kPlain, kGzip };

  Result<std::size_t> read_next(std::span<char> out);
  Result<void> tell_form();
  std::size_t take_held(std::span<char> out);
  Result<void> fill();
  Result<std::size_t> inflate_some(std::span<char> out);
  Result<std::size_t> step(std::span<char> out);
  Result<std::size_t> bounded(std::size_t inflated);
  Result<void> begin_member();
  Result<void> expect_zeros();

  [[nodiscard]] bool is_empty() const { return at_ == held_; }

  ReadPiece raw_;
  Form form_ = Form::kUnknown;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
  std::size_t at_ = 0;    // of the buffer, what was taken
  std::size_t held_ = 0;  // of the buffer, what is filled
  std::uint64_t raw_bytes_ = 0;
  std::uint64_t inflated_bytes_ = 0;
  bool raw_ended_ = false;
  z_stream z_{};
  bool within_member_ = false;
  bool ended_ = false;
  std::optional<Error> failure_;
};

Result<std::size_t> GzipPiece::read_next(std::span<char> out) {
  if (form_ == Form::kUnknown) {
    if (auto told = tell_form(); !told) {
      return told.error();
    }
  }
  if (form_ == Form::kGzip) {
    return inflate_some(out);
  }
  return is_empty() ? raw_(out) : Result<std::size_t>(take_held(out));
}

// By the first two bytes, which may come one by one.
Result<void> GzipPiece::tell_form() {
  while (held_ < 2 && !raw_ended_) {
    const auto got = raw_(std::span(buffer_).subspan(held_));
    if (!got) {
      return got.error();
    }
    held_ += *got;
    raw_bytes_ += *got;
    raw_ended_ = *got == 0;
  }
  const bool gzip = held_ >= 2 && buffer_[0] == '\x1f' && buffer_[1] == '\x8b';
  form_ = gzip ? Form::kGzip : Form::kPlain;
  if (gzip && ::inflateInit2(&z_, kGzipFormat) != Z_OK) {
    return Error{ErrorCode::kIo, "no memory to inflate"};
  }
  within_member_ = gzip;
  return {};
}

std::size_t GzipPiece::take_held(std::span<char> out) {
  const std::size_t count = std::min(out.size(), held_ - at_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), count,
              out.begin());
  at_ += count;
  return count;
}

// Has the next bytes in the buffer, unless there are no more.
Result<void> GzipPiece::fill() {
  if (!is_empty() || raw_ended_) {
    return {};
  }
  const auto got = raw_(buffer_);
  if (!got) {
    return got.error();
  }
  at_ = 0;
  held_ = *got;
  raw_bytes_ += *got;
  raw_ended_ = *got == 0;
  return {};
}

Result<std::size_t> GzipPiece::inflate_some(std::span<char> out) {
  while (!ended_) {
    if (auto filled = fill(); !filled) {
      return filled.error();
    }
    if (!within_member_) {
      if (auto begun = begin_member(); !begun) {
        return begun.error();
      }
      continue;
    }
    auto count = step(out);
    if (!count || *count > 0) {
      return count;
    }
  }
  return std::size_t{0};
}

Result<std::size_t> GzipPiece::step(std::span<char> out) {
  // zlib's input is not const, but it writes nothing there.
  z_.next_in = reinterpret_cast<Bytef*>(buffer_.data() + at_);
  z_.avail_in = length_of(held_ - at_);
  z_.next_out = reinterpret_cast<Bytef*>(out.data());
  z_.avail_out = length_of(out.size());
  const uInt room = z_.avail_out;
  const bool last = raw_ended_ && is_empty();
  const int status = ::inflate(&z_, Z_NO_FLUSH);
  at_ = held_ - z_.avail_in;
  const std::size_t written = room - z_.avail_out;
  switch (status) {
    case Z_STREAM_END:
      within_member_ = false;
      return bounded(written);
    case Z_OK:
    case Z_BUF_ERROR:  // no progress without more input
      return last && written == 0
                 ? Result<std::size_t>(broken("it ends too early"))
                 : bounded(written);
    case Z_MEM_ERROR:
      return Error{ErrorCode::kIo, "no memory to inflate"};
    default:
      return broken(z_.msg == nullptr ? "no deflate stream" : z_.msg);
  }
}

Result<std::size_t> GzipPiece::bounded(std::size_t inflated) {
  inflated_bytes_ += inflated;
  if (inflated_bytes_ > most_inflated(raw_bytes_)) {
    return Error{ErrorCode::kInvalid,
                 "a gzip of " + std::to_string(raw_bytes_) +
                     " bytes inflates to more than " +
                     std::to_string(most_inflated(raw_bytes_)) +
                     " bytes, which no catalogue does"};
  }
  return inflated;
}

// At the end of a member: the document's, or another's beginning.
Result<void> GzipPiece::begin_member() {
  if (is_empty()) {
    ended_ = true;  // fill() found no more
    return {};
  }
  if (buffer_[at_] == '\0') {
    return expect_zeros();
  }
  within_member_ = true;
  return ::inflateReset(&z_) == Z_OK ? Result<void>()
                                     : broken("no further member");
}

Result<void> GzipPiece::expect_zeros() {
  while (!is_empty()) {
    const auto* const begin = buffer_.data() + at_;
    const auto* const end = buffer_.data() + held_;
    if (std::any_of(begin, end, [](char byte) { return byte != '\0'; })) {
      return broken("other bytes stand behind its end");
    }
    at_ = held_;
    if (auto filled = fill(); !filled) {
      return filled;
    }
  }
  ended_ = true;
  return {};
}

}  // namespace

ReadPiece inflated_if_gzip(ReadPiece raw) {
  return [piece = std::make_shared<GzipPiece>(std::move(raw))](
             std::span<char> out) { return piece->read(out); };
}

}  // namespace omicsfs

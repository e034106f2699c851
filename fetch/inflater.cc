// SPDX-License-Identifier: MIT
#include "fetch/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace omicsfs {
namespace {

// A raw deflate stream, with no header of zlib's or gzip's, in the terms of
// inflateInit2().
constexpr int kRaw = -15;

// Bits of z_stream::data_type after inflate() (zlib.h).
constexpr int kUnusedBits = 63;
constexpr int kAfterBlock = 128;
constexpr int kAfterHeader = 256;

Error corrupt(const z_stream& stream) {
  return {ErrorCode::kCorrupt,
          std::string("the bytes do not inflate: ") +
              (stream.msg == nullptr ? "no deflate stream" : stream.msg)};
}

uInt length_of(std::size_t size) {
  return static_cast<uInt>(
      std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

// zlib's input is not const, but it writes nothing there.
Bytef* bytes_of(std::span<const std::byte> bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

struct Inflater::Stream {
  Stream() = default;
  ~Stream() { ::inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] std::uint64_t bit() const {
    return in * 8 - static_cast<unsigned>(z.data_type & kUnusedBits);
  }
  // Goes on at `at`, a bit of the input.
  void jump(std::uint64_t at) {
    in = at / 8;
    skip_bits = static_cast<int>(at % 8);
  }
  Result<void> skip(std::span<const std::byte>& bytes);
  Result<int> run(std::span<const std::byte> bytes, std::span<std::byte> room,
                  int flush);
  Result<void> read_header(std::span<const std::byte> bytes);

  z_stream z{};
  std::uint64_t in = 0;   // the input's next byte
  std::uint64_t out = 0;  // bytes of output
  std::uint64_t block_bit = 0;
  // Of the input's next byte, how many bits lie before the place.
  int skip_bits = 0;
  // Where the codes go on once the block's header has been read again.
  std::optional<std::uint64_t> code_bit;
  bool ended = false;
};

// Takes the first byte, where only some of its bits are wanted.
Result<void> Inflater::Stream::skip(std::span<const std::byte>& bytes) {
  if (skip_bits == 0 || bytes.empty()) {
    return {};
  }
  const auto first = std::to_integer<int>(bytes.front());
  if (::inflatePrime(&z, 8 - skip_bits, first >> skip_bits) != Z_OK) {
    return corrupt(z);
  }
  skip_bits = 0;
  ++in;
  bytes = bytes.subspan(1);
  return {};
}

// Returns how many bytes were written.
Result<int> Inflater::Stream::run(std::span<const std::byte> bytes,
                                  std::span<std::byte> room, int flush) {
  Bytef nowhere = 0;  // zlib wants an address also for nothing
  z.next_in = bytes.empty() ? &nowhere : bytes_of(bytes);
  z.avail_in = length_of(bytes.size());
  z.next_out = room.empty() ? &nowhere : reinterpret_cast<Bytef*>(room.data());
  z.avail_out = length_of(room.size());
  const uInt had_in = z.avail_in;
  const uInt had_out = z.avail_out;
  const int status = ::inflate(&z, flush);
  in += had_in - z.avail_in;
  const uInt written = had_out - z.avail_out;
  out += written;
  switch (status) {
    case Z_STREAM_END:
      ended = true;
      return static_cast<int>(written);
    case Z_OK:
    case Z_BUF_ERROR:  // no progress without more input
      return static_cast<int>(written);
    case Z_MEM_ERROR:
      return Error{ErrorCode::kIo, "no memory to inflate"};
    default:
      return corrupt(z);
  }
}

// Reads the tables of the block again, then goes where its codes go on.
Result<void> Inflater::Stream::read_header(std::span<const std::byte> bytes) {
  const auto read = run(bytes, {}, Z_TREES);
  if (!read) {
    return read.error();
  }
  if ((z.data_type & kAfterHeader) == 0) {
    return {};  // more of it is to come
  }
  if (bit() > *code_bit || ::inflatePrime(&z, -1, 0) != Z_OK) {
    return corrupt(z);
  }
  jump(*code_bit);
  code_bit.reset();
  return {};
}

Inflater::Inflater(std::unique_ptr<Stream> stream)
    : stream_(std::move(stream)) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Result<Inflater> Inflater::from(const InflateCheckpoint& checkpoint) {
  auto stream = std::make_unique<Stream>();
  if (::inflateInit2(&stream->z, kRaw) != Z_OK) {
    return Error{ErrorCode::kIo, "no memory to inflate"};
  }
  const auto& window = checkpoint.window;
  if (checkpoint.code_bit < checkpoint.block_bit ||
      window.size() > kWindowBytes ||
      (!window.empty() &&
       ::inflateSetDictionary(&stream->z, bytes_of(window),
                              length_of(window.size())) != Z_OK)) {
    return Error{ErrorCode::kCorrupt, "no place in a deflate stream"};
  }
  stream->out = checkpoint.out;
  stream->block_bit = checkpoint.block_bit;
  stream->jump(checkpoint.block_bit);
  if (checkpoint.code_bit != checkpoint.block_bit) {
    stream->code_bit = checkpoint.code_bit;
  }
  return Inflater(std::move(stream));
}

std::uint64_t Inflater::input_offset() const { return stream_->in; }
std::uint64_t Inflater::output_offset() const { return stream_->out; }
bool Inflater::ended() const { return stream_->ended; }

Result<std::size_t> Inflater::step(std::span<const std::byte> in,
                                   std::span<std::byte> out) {
  if (auto skipped = stream_->skip(in); !skipped) {
    return skipped.error();
  }
  if (stream_->code_bit) {
    if (auto read = stream_->read_header(in); !read) {
      return read.error();
    }
    return std::size_t{0};
  }
  // Stops at the end of each block, to see where the next one begins.
  const auto written = stream_->run(in, out, Z_BLOCK);
  if (!written) {
    return written.error();
  }
  if ((stream_->z.data_type & kAfterBlock) != 0) {
    stream_->block_bit = stream_->bit();
  }
  return static_cast<std::size_t>(*written);
}

std::optional<InflateCheckpoint> Inflater::checkpoint() const {
  const std::int64_t mark = ::inflateMark(&stream_->z);
  const std::int64_t back = mark >> 16;
  const bool amid = (mark & 0xFFFF) != 0;
  if (amid || stream_->ended || stream_->code_bit || stream_->skip_bits != 0) {
    return std::nullopt;
  }
  InflateCheckpoint checkpoint;
  checkpoint.out = stream_->out;
  checkpoint.block_bit = stream_->block_bit;
  // Outside of a code (-1) nothing of the block has come out yet.
  checkpoint.code_bit = back < 0
                            ? stream_->block_bit
                            : stream_->bit() - static_cast<std::uint64_t>(back);
  checkpoint.window.resize(kWindowBytes);
  uInt length = 0;
  ::inflateGetDictionary(
      &stream_->z, reinterpret_cast<Bytef*>(checkpoint.window.data()), &length);
  checkpoint.window.resize(length);
  return checkpoint;
}

}  // namespace omicsfs

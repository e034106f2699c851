// SPDX-License-Identifier: MIT
#include "fetch/points_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "catalog/crc32c.h"
#include "fetch/local_io.h"
#include "fetch/shared_mode.h"

namespace omicsfs {
namespace {

static_assert(std::endian::native == std::endian::little,
              "records are kept in the machine's order");

constexpr std::array<char, 8> kPointsMagic = {'O', 'M', 'I', 'C',
                                              'S', 'P', 'T', '1'};
// A window is 32 KiB, and deflating adds little where it gains nothing.
constexpr std::uint32_t kMaxWindowBytes = 40 * 1024;

struct HeaderLayout {
  std::array<char, 8> magic = kPointsMagic;
  std::uint64_t size = 0;
  std::uint64_t compressed_size = 0;
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  // of all before it
};
static_assert(sizeof(HeaderLayout) == kPointsHeaderBytes);

struct HeadLayout {
  std::uint64_t out = 0;
  std::uint64_t block_bit = 0;
  std::uint64_t code_bit = 0;
  std::uint32_t window_bytes = 0;
  std::uint32_t window_crc = 0;
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  // of all before it
};
static_assert(sizeof(HeadLayout) == kPointHeadBytes);

// CRC-32C of a layout, but for its last field: that CRC.
template <typename Layout>
std::uint32_t crc_of(const Layout& layout) {
  return crc32c(std::as_bytes(std::span(&layout, 1))
                    .first(sizeof(Layout) - sizeof(layout.crc)));
}

template <typename Layout>
std::vector<std::byte> encode(Layout layout) {
  layout.crc = crc_of(layout);
  const auto bytes = std::as_bytes(std::span(&layout, 1));
  return {bytes.begin(), bytes.end()};
}

template <typename Layout>
std::optional<Layout> decode(std::span<const std::byte> bytes) {
  Layout layout;
  if (bytes.size() < sizeof(Layout)) {
    return std::nullopt;
  }
  std::memcpy(&layout, bytes.data(), sizeof(Layout));
  return layout.crc == crc_of(layout) ? std::optional(layout) : std::nullopt;
}

std::uint64_t size_of(int fd) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size)
                                  : 0;
}

// Whether a stream of `member` can have a checkpoint there, after one at
// `last_out`.
bool possible(const PointHead& head, const PointsHeader& member,
              std::uint64_t last_out) {
  return head.out > last_out && head.out < member.size &&
         head.block_bit <= head.code_bit &&
         head.code_bit / 8 < member.compressed_size &&
         head.window_bytes <= kMaxWindowBytes;
}

std::optional<PointsHeader> header_in(int fd) {
  std::array<std::byte, kPointsHeaderBytes> bytes{};
  const std::size_t got = read_up_to(fd, 0, bytes);
  return decode_points_header(std::span(bytes).first(got));
}

// Makes `fd` hold nothing but the header. REQUIRES: an exclusive flock.
Result<void> begin_anew(int fd, const PointsHeader& member) {
  if (::ftruncate(fd, 0) != 0) {
    return system_error("cannot empty a file of checkpoints", errno);
  }
  const auto header = encode_points_header(member);
  const ssize_t put = ::write(fd, header.data(), header.size());
  if (put != static_cast<ssize_t>(header.size())) {
    return system_error("cannot write a file of checkpoints",
                        put < 0 ? errno : ENOSPC);
  }
  return {};
}

}  // namespace

std::vector<std::byte> encode_points_header(const PointsHeader& header) {
  return encode(
      HeaderLayout{kPointsMagic, header.size, header.compressed_size, 0, 0});
}

std::optional<PointsHeader> decode_points_header(
    std::span<const std::byte> bytes) {
  const auto layout = decode<HeaderLayout>(bytes);
  if (!layout || layout->magic != kPointsMagic) {
    return std::nullopt;
  }
  return PointsHeader{layout->size, layout->compressed_size};
}

std::vector<std::byte> encode_point_head(const PointHead& head) {
  return encode(HeadLayout{head.out, head.block_bit, head.code_bit,
                           head.window_bytes, head.window_crc, 0, 0});
}

std::optional<PointHead> decode_point_head(std::span<const std::byte> bytes) {
  const auto layout = decode<HeadLayout>(bytes);
  if (!layout) {
    return std::nullopt;
  }
  return PointHead{layout->out, layout->block_bit, layout->code_bit,
                   layout->window_bytes, layout->window_crc};
}

Result<PointsFile> PointsFile::open(const std::filesystem::path& path,
                                    const PointsHeader& member, bool create) {
  const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
  UniqueFd fd(::open(path.c_str(), flags | (create ? O_CREAT : 0),
                     file_mode_in(path.parent_path())));
  if (!fd.valid()) {
    return system_error("cannot open " + path.string(), errno);
  }
  const bool alone = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
  PointsFile file(std::move(fd), member);
  if (header_in(file.fd_.get()) != member) {
    if (!alone) {
      return Error{ErrorCode::kCorrupt, path.string() + " is damaged"};
    }
    if (auto begun = begin_anew(file.fd_.get(), member); !begun) {
      return begun.error();
    }
  } else if (alone) {
    static_cast<void>(file.read_new());
    if (size_of(file.fd_.get()) > file.end_ &&
        ::ftruncate(file.fd_.get(), static_cast<off_t>(file.end_)) != 0) {
      return system_error("cannot cut " + path.string(), errno);
    }
    file.end_ = kPointsHeaderBytes;
    file.last_out_ = 0;
  }
  if (::flock(file.fd_.get(), LOCK_SH | LOCK_NB) != 0) {
    return system_error("cannot share " + path.string(), errno);
  }
  return file;
}

std::vector<StoredPoint> PointsFile::read_new() {
  std::vector<StoredPoint> points;
  const std::uint64_t size = size_of(fd_.get());
  while (end_ + kPointHeadBytes <= size) {
    std::array<std::byte, kPointHeadBytes> bytes{};
    const std::size_t got = read_up_to(fd_.get(), end_, bytes);
    const auto head = decode_point_head(std::span(bytes).first(got));
    const std::uint64_t window_at = end_ + kPointHeadBytes;
    if (!head || !possible(*head, member_, last_out_) ||
        window_at + head->window_bytes > size) {
      break;
    }
    points.push_back({*head, window_at});
    last_out_ = head->out;
    end_ = window_at + head->window_bytes;
  }
  return points;
}

Result<void> PointsFile::append(const PointHead& head,
                                std::span<const std::byte> window) {
  if (size_of(fd_.get()) != end_ || !possible(head, member_, last_out_)) {
    return Error{ErrorCode::kIo, "the file of checkpoints has another end"};
  }
  const auto bytes = encode_point_head(head);
  const std::array<iovec, 2> pieces = {
      iovec{const_cast<std::byte*>(bytes.data()), bytes.size()},
      iovec{const_cast<std::byte*>(window.data()), window.size()}};
  const ssize_t put = ::writev(fd_.get(), pieces.data(), pieces.size());
  if (put != static_cast<ssize_t>(bytes.size() + window.size())) {
    return system_error("cannot write a checkpoint", put < 0 ? errno : ENOSPC);
  }
  return {};
}

Result<std::vector<std::byte>> PointsFile::window(
    const StoredPoint& point) const {
  std::vector<std::byte> bytes(point.head.window_bytes);
  const std::size_t got = read_up_to(fd_.get(), point.window_at, bytes);
  if (got != bytes.size() || crc32c(bytes) != point.head.window_crc) {
    return Error{ErrorCode::kCorrupt, "a checkpoint's window is damaged"};
  }
  return bytes;
}

}  // namespace omicsfs

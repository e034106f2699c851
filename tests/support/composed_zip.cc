// SPDX-License-Identifier: MIT
#include "tests/support/composed_zip.h"

#include <zlib.h>

#include <random>

namespace omicsfs {
namespace {

constexpr unsigned kTime = 14U << 11U | 14U << 5U | 20U;
constexpr unsigned kDate = (2024U - 1980U) << 9U | 9U << 5U | 19U;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

std::uint32_t crc_of(const std::string& bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
              static_cast<uInt>(bytes.size())));
}

struct Packed {
  const ZipEntry& entry;
  std::string data;
  std::size_t offset;
};

// What a local header and a directory's entry have in common.
std::string common_fields(const Packed& packed, std::size_t extra) {
  const ZipEntry& entry = packed.entry;
  const int stored = entry.packing == Packing::kStored ? 0 : 8;
  std::string out;
  put(out, 20, 2);
  put(out, static_cast<unsigned>(entry.flags), 2);
  put(out, static_cast<unsigned>(entry.method < 0 ? stored : entry.method), 2);
  put(out, kTime, 2);
  put(out, kDate, 2);
  put(out,
      entry.stated_crc < 0 ? crc_of(entry.bytes)
                           : static_cast<std::uint64_t>(entry.stated_crc),
      4);
  put(out, packed.data.size(), 4);
  put(out,
      entry.stated_size < 0 ? entry.bytes.size()
                            : static_cast<std::uint64_t>(entry.stated_size),
      4);
  put(out, entry.name.size(), 2);
  put(out, extra, 2);
  return out;
}

}  // namespace

std::string deflated(const std::string& bytes, Packing packing) {
  z_stream stream{};
  const int level = packing == Packing::kOnlyStoredBlocks ? 0 : 6;
  const int strategy =
      packing == Packing::kFixedHuffman ? Z_FIXED : Z_DEFAULT_STRATEGY;
  ::deflateInit2(&stream, level, Z_DEFLATED, -15, 8, strategy);
  std::string out(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string composed_zip(const std::vector<ZipEntry>& entries,
                         const std::string& comment,
                         const std::string& prefix) {
  std::string out;
  std::vector<Packed> all;
  for (const ZipEntry& entry : entries) {
    all.push_back({entry,
                   entry.packing == Packing::kStored
                       ? entry.bytes
                       : deflated(entry.bytes, entry.packing),
                   out.size()});
    put(out, 0x04034b50, 4);
    out += common_fields(all.back(), entry.local_extra.size());
    out += entry.name + entry.local_extra + all.back().data;
  }
  const std::size_t directory = out.size();
  for (const Packed& packed : all) {
    put(out, 0x02014b50, 4);
    put(out, static_cast<unsigned>(packed.entry.made_by), 2);
    out += common_fields(packed, 0);
    put(out, 0, 2);  // no comment
    put(out, 0, 2);
    put(out, 0, 2);
    const std::uint64_t usual =
        packed.entry.name.ends_with('/') ? 0x41ed0010U : 0x81a40000U;
    put(out,
        packed.entry.attributes < 0
            ? usual
            : static_cast<std::uint64_t>(packed.entry.attributes),
        4);
    put(out, packed.offset, 4);
    out += packed.entry.name;
  }
  const std::size_t length = out.size() - directory;
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, all.size(), 2);
  put(out, all.size(), 2);
  put(out, length, 4);
  put(out, directory, 4);
  put(out, comment.size(), 2);
  return prefix + out + comment;
}

std::string composed_table(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::string out;
  out.reserve(bytes);
  while (out.size() < bytes) {
    const std::uint64_t value = engine();
    // As in a matrix of counts, most are nothing.
    out += value % 4 != 0 ? "0.0" : std::to_string(value % 100'000'000);
    out += value % 50 == 0 ? '\n' : '\t';
  }
  out.resize(bytes);
  return out;
}

}  // namespace omicsfs

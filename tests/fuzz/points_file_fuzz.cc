// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "fetch/points_file.h"

// Whatever the file holds, the places taken from it are in order and within the
// member.
// NOLINTNEXTLINE(readability-identifier-naming): the fuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto header = omicsfs::decode_points_header(bytes);
  if (header && omicsfs::decode_points_header(
                    omicsfs::encode_points_header(*header)) != header) {
    std::abort();
  }
  const auto path = std::filesystem::temp_directory_path() /
                    ("omicsfs-points-fuzz-" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data),
             static_cast<std::streamsize>(size));
  const omicsfs::PointsHeader member =
      header.value_or(omicsfs::PointsHeader{1000, 1000});
  auto file = omicsfs::PointsFile::open(path, member, false);
  std::uint64_t last = 0;
  for (const omicsfs::StoredPoint& point :
       file ? file->read_new() : std::vector<omicsfs::StoredPoint>()) {
    if (point.head.out <= last || point.head.out >= member.size) {
      std::abort();
    }
    last = point.head.out;
    static_cast<void>(file->window(point));
  }
  std::filesystem::remove(path);
  return 0;
}

// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>

#include "fetch/format_hints.h"

// For each "<offset> <length>" on stdin: the hints that those bytes of FILE
// give, as "<offset> <length> …" in one line.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: format_hints_probe FILE\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::uint64_t size = std::filesystem::file_size(argv[1]);
  std::uint64_t offset = 0;
  std::size_t length = 0;
  while (std::cin >> offset >> length) {
    std::string bytes(length, '\0');
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(bytes.data(), static_cast<std::streamsize>(length));
    const auto hints =
        omicsfs::format_hints({offset, std::as_bytes(std::span(bytes))}, size);
    for (const omicsfs::ByteRange& hint : hints) {
      std::cout << hint.offset << ' ' << hint.length << ' ';
    }
    std::cout << std::endl;  // answered now: the asker waits
  }
  return 0;
}

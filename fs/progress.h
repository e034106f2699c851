// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace omicsfs {

// One line of progress, at most `columns` wide: "<what>  40% (2 of 5)", or with
// `total` 0 "<what>  2". Pure.
[[nodiscard]] std::string progress_line(std::string_view what,
                                        std::uint64_t done, std::uint64_t total,
                                        std::size_t columns);

// Shows how far a long command is, on one line of a terminal that is written
// over again and again; writes nothing where `fd` is no terminal.
// Thread-compatible.
class Progress {
 public:
  // `fd` must stay open for the object's life.
  explicit Progress(int fd);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view what, std::uint64_t done, std::uint64_t total);
  // Takes the line away, so that other output may follow.
  void clear();

 private:
  int fd_;
  bool terminal_;
  std::string shown_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace omicsfs {
namespace {

constexpr std::size_t kUsualColumns = 80;
constexpr std::string_view kEraseLine = "\r\x1b[K";

std::size_t columns_of(int fd) {
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsualColumns;
}

// Progress that cannot be shown is no error.
void write_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) {
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string counted(std::uint64_t done, std::uint64_t total) {
  if (total == 0) {
    return fmt::format("{}", done);
  }
  const double percent =
      100.0 * static_cast<double>(done) / static_cast<double>(total);
  return fmt::format("{:.0f}% ({} of {})", percent, done, total);
}

}  // namespace

std::string progress_line(std::string_view what, std::uint64_t done,
                          std::uint64_t total, std::size_t columns) {
  const std::string count = counted(done, total);
  const std::size_t room =
      columns > count.size() + 2 ? columns - count.size() - 2 : 0;
  const std::string line =
      room == 0 ? count : fmt::format("{}  {}", what.substr(0, room), count);
  return line.substr(0, columns);
}

Progress::Progress(int fd) : fd_(fd), terminal_(::isatty(fd) == 1) {}

void Progress::show(std::string_view what, std::uint64_t done,
                    std::uint64_t total) {
  if (!terminal_) {
    return;
  }
  // The last column stays free: some terminals wrap when it is written.
  std::string line = progress_line(what, done, total, columns_of(fd_) - 1);
  if (line != shown_) {
    write_text(fd_, fmt::format("{}{}", kEraseLine, line));
    shown_ = std::move(line);
  }
}

void Progress::clear() {
  if (!shown_.empty()) {
    write_text(fd_, kEraseLine);
    shown_.clear();
  }
}

}  // namespace omicsfs

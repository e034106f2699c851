// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "catalog/result.h"

namespace spdlog {
class logger;
}

namespace omicsfs {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Where a running mount tells what went wrong: one line a message, with date
// (UTC) and level. Thread-safe; cheap to copy, the copies write to one place.
// A message may hold foreign bytes: control characters are written as \xNN, so
// that no message can pose as two.
class Log {
 public:
  // Messages below `least` are dropped.
  static Log to_stderr(LogLevel least);
  // Appends to `file`, making its directory; at 5 MiB the file is renamed to
  // <name>.1.<ext>, and three such files are kept. REQUIRES: no fork after
  // this. Errors: kIo, the file cannot be opened.
  static Result<Log> to_file(const std::filesystem::path& file, LogLevel least);

  void write(LogLevel level, std::string_view message) const;

 private:
  explicit Log(std::shared_ptr<spdlog::logger> logger);
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>
#include <system_error>
#include <utility>

namespace omicsfs {
namespace {

constexpr std::size_t kMaxLogBytes = 5 << 20;
constexpr std::size_t kOldFiles = 3;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> logger_on(spdlog::sink_ptr sink,
                                          LogLevel least) {
  auto logger = std::make_shared<spdlog::logger>("omicsfs", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%SZ %l %v", spdlog::pattern_time_type::utc));
  logger->set_level(spdlog_level(least));
  // A mount may end by a signal at any time: no message waits in a buffer.
  logger->flush_on(spdlog::level::trace);
  return logger;
}

std::string printable(std::string_view message) {
  std::string text;
  text.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Log::Log(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

Log Log::to_stderr(LogLevel least) {
  return Log(
      logger_on(std::make_shared<spdlog::sinks::stderr_sink_mt>(), least));
}

Result<Log> Log::to_file(const std::filesystem::path& file, LogLevel least) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  try {
    return Log(logger_on(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
                             file.string(), kMaxLogBytes, kOldFiles),
                         least));
  } catch (const spdlog::spdlog_ex& failure) {
    return Error{ErrorCode::kIo,
                 "cannot log to " + file.string() + ": " + failure.what()};
  }
}

void Log::write(LogLevel level, std::string_view message) const {
  if (logger_->should_log(spdlog_level(level))) {
    logger_->log(spdlog_level(level), printable(message));
  }
}

}  // namespace omicsfs

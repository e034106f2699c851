// SPDX-License-Identifier: MIT
#include "fs/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

class LogFile : public ::testing::Test {
 protected:
  [[nodiscard]] std::string text() const {
    std::ifstream stream(file_);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  TemporaryDirectory temporary_;
  std::filesystem::path dir_ = temporary_.path();
  std::filesystem::path file_ = dir_ / "deeper" / "omicsfs.log";
};

TEST_F(LogFile, HasOneDatedLineAMessage) {
  const auto log = Log::to_file(file_, LogLevel::kInfo);
  ASSERT_TRUE(log) << log.error().message;
  log->write(LogLevel::kWarning, "read of {} failed");
  EXPECT_TRUE(std::regex_match(
      text(),
      std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ warning read of "
                 "\\{\\} failed\n")))
      << text();
}

TEST_F(LogFile, HasNoMessageBelowItsLevel) {
  const auto log = Log::to_file(file_, LogLevel::kInfo);
  ASSERT_TRUE(log);
  log->write(LogLevel::kDebug, "quiet");
  EXPECT_EQ(text(), "");
  log->write(LogLevel::kInfo, "info");
  log->write(LogLevel::kError, "error");
  EXPECT_NE(text().find("info info\n"), std::string::npos) << text();
  EXPECT_NE(text().find("error error\n"), std::string::npos) << text();
}

TEST_F(LogFile, KeepsAForgedLineOnTheLineOfItsMessage) {
  const auto log = Log::to_file(file_, LogLevel::kInfo);
  ASSERT_TRUE(log);
  log->write(LogLevel::kInfo, "name\n2025 error forged\x1b[2J\x7f");
  EXPECT_NE(text().find("name\\x0a2025 error forged\\x1b[2J\\x7f\n"),
            std::string::npos)
      << text();
}

TEST_F(LogFile, IsRotatedAndKeepsThreeOldFiles) {
  const auto log = Log::to_file(file_, LogLevel::kInfo);
  ASSERT_TRUE(log);
  const std::string mebibyte(1 << 20, 'x');
  for (int count = 0; count < 26; ++count) {
    log->write(LogLevel::kInfo, mebibyte);
  }
  const auto directory =
      std::filesystem::directory_iterator(file_.parent_path());
  EXPECT_EQ(std::distance(begin(directory), end(directory)), 4);
  EXPECT_LE(std::filesystem::file_size(file_), 5U << 20);
}

TEST_F(LogFile, ThatCannotBeMadeIsAnError) {
  std::ofstream(dir_ / "file") << "in the way";
  const auto log = Log::to_file(dir_ / "file" / "x.log", LogLevel::kInfo);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kIo);
  EXPECT_NE(log.error().message.find("x.log"), std::string::npos);
}

TEST(Log, OnStderrHasOneDatedLineAMessage) {
  ::testing::internal::CaptureStderr();
  Log::to_stderr(LogLevel::kDebug).write(LogLevel::kDebug, "hello");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.ends_with("Z debug hello\n")) << text;
}

}  // namespace
}  // namespace omicsfs

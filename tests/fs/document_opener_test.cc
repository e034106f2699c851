// SPDX-License-Identifier: MIT
#include "fs/document_opener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "tests/catalog/gzip_text.h"
#include "tests/fetch/small_disk.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

constexpr char kUrl[] = "http://h/search/?type=File";

class DocumentOpenerTest : public ::testing::Test {
 protected:
  Result<std::string> read(const std::string& place) {
    const auto piece = opener_.open()(place);
    if (!piece) {
      return piece.error();
    }
    std::string text;
    std::vector<char> out(1000);
    for (;;) {
      const auto count = (*piece)(out);
      if (!count) {
        return count.error();
      }
      if (*count == 0) {
        return text;
      }
      text.append(out.data(), *count);
    }
  }
  std::string write(const std::string& bytes) {
    const auto path = dir_.path() / "local";
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  const TemporaryDirectory dir_;
  const std::filesystem::path state_ = dir_.path() / "state";
  Mirrors mirrors_;
  Counters counters_;
  FakeTransport network_;
  DocumentFetcher documents_{network_, mirrors_, RetryPolicy{0}, counters_, 1};
  std::uint64_t told_ = 0;
  std::stop_source stop_;
  DocumentOpener opener_{documents_, state_, stop_.get_token(),
                         [this](std::string_view, std::uint64_t done,
                                std::uint64_t) { told_ = done; }};
};

TEST_F(DocumentOpenerTest, ADocumentOfTheWebIsReadPlainOrGzipped) {
  const std::string text(500'000, 'x');
  for (const std::string& sent : {text, gzip_of(text)}) {
    network_.add(kUrl, sent);
    const auto got = read(kUrl);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(*got == text);
    EXPECT_EQ(told_, sent.size());
  }
}

TEST_F(DocumentOpenerTest, ALocalFileIsReadPlainOrGzipped) {
  const std::string text(500'000, 'x');
  for (const std::string& bytes : {text, gzip_of(text), std::string()}) {
    const auto got = read(write(bytes));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_TRUE(*got == (bytes.empty() ? "" : text));
  }
  EXPECT_EQ(network_.requests(), 0U);
}

TEST_F(DocumentOpenerTest, NothingIsLeftBehind) {
  network_.add(kUrl, "text");
  const auto piece = opener_.open()(kUrl);
  ASSERT_TRUE(piece);
  EXPECT_TRUE(std::filesystem::is_empty(state_));
}

TEST_F(DocumentOpenerTest, SeveralMayBeOpen) {
  network_.add(kUrl, "first");
  const auto first = opener_.open()(kUrl);
  network_.add(kUrl, "second");
  const auto second = opener_.open()(kUrl);
  ASSERT_TRUE(first && second);
  std::vector<char> out(100);
  EXPECT_EQ(std::string(out.data(), *(*second)(out)), "second");
  EXPECT_EQ(std::string(out.data(), *(*first)(out)), "first");
}

TEST_F(DocumentOpenerTest, WhatIsNotThereOrNoDocumentIsToldApart) {
  EXPECT_EQ(read(kUrl).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read((dir_.path() / "no").string()).error().code,
            ErrorCode::kNotFound);
  for (const std::string& place :
       {std::string("relative"), std::string(), std::string("ftp://h/x"),
        dir_.path().string()}) {
    EXPECT_EQ(read(place).error().code, ErrorCode::kInvalid) << place;
  }
  const auto pipe = dir_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read(pipe.string()).error().code, ErrorCode::kInvalid);
}

TEST_F(DocumentOpenerTest, GzipThatIsCutIsNoShorterDocument) {
  const std::string gzip = gzip_of(std::string(500'000, 'x'));
  EXPECT_EQ(read(write(gzip.substr(0, gzip.size() / 2))).error().code,
            ErrorCode::kInvalid);
}

TEST_F(DocumentOpenerTest, AFileThatShrinksWhileItIsReadIsNoShorterDocument) {
  const std::string path = write(std::string(500'000, 'x'));
  const auto piece = opener_.open()(path);
  ASSERT_TRUE(piece);
  std::filesystem::resize_file(path, 10);
  std::vector<char> out(1'000'000);
  std::optional<Error> error;
  for (int i = 0; i < 20 && !error; ++i) {
    const auto count = (*piece)(out);
    error = count ? std::nullopt : std::optional(count.error());
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kIo);
}

TEST_F(DocumentOpenerTest, AFullDiskIsNoSpace) {
  ASSERT_TRUE(std::filesystem::create_directories(state_));
  const SmallDisk disk(state_);
  if (!disk.mounted()) {
    GTEST_SKIP() << "only root may make a disk";
  }
  network_.add(kUrl, std::string(std::size_t{20} << 20, 'x'));
  const auto got = read(kUrl);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kNoSpace) << got.error().message;
  network_.add(kUrl, "small");
  EXPECT_EQ(*read(kUrl), "small") << "what was in the way is gone";
}

TEST_F(DocumentOpenerTest, AStopEndsIt) {
  network_.add(kUrl, "text");
  network_.hold(kUrl);
  stop_.request_stop();
  EXPECT_EQ(read(kUrl).error().code, ErrorCode::kInterrupted);
}

}  // namespace
}  // namespace omicsfs

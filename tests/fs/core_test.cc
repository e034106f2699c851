// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <utility>

#include "fs/errno_of.h"
#include "fs/inode.h"
#include "fs/open_handle.h"
#include "fs/read_deadline.h"
#include "fs/read_failures.h"

namespace omicsfs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Inode, ComesApartAsItWasPutTogether) {
  for (const InodeParts& parts :
       {InodeParts{1, 1}, InodeParts{65535, kMaxNodeNumber},
        InodeParts{7, 12345}}) {
    EXPECT_EQ(parts_of(inode_of(parts)), parts);
  }
}

TEST(Inode, NeverIsTheRootsNorZero) {
  for (std::uint16_t slot = 1; slot != 0; ++slot) {
    EXPECT_GT(inode_of({slot, 0}), kRootInode);
  }
}

TEST(ErrnoOf, TellsApartWhatAProgramMustTellApart) {
  EXPECT_EQ(errno_of(ErrorCode::kNotFound), ENOENT);
  EXPECT_EQ(errno_of(ErrorCode::kChanged), ESTALE);
  EXPECT_EQ(errno_of(ErrorCode::kCorrupt), EIO);
  EXPECT_EQ(errno_of(ErrorCode::kUnavailable), EIO);
  EXPECT_EQ(errno_of(ErrorCode::kTimedOut), ETIMEDOUT);
  EXPECT_EQ(errno_of(ErrorCode::kInterrupted), EINTR);
  EXPECT_EQ(errno_of(ErrorCode::kNoSpace), EIO);
  EXPECT_EQ(errno_of(ErrorCode::kInvalid), EINVAL);
  EXPECT_EQ(errno_of(ErrorCode::kIo), EIO);
}

TEST(ErrnoOf, AListedFileIsNeverReportedAsAbsent) {
  const Error absent{ErrorCode::kNotFound, "the server answered 404"};
  EXPECT_EQ(errno_of(of_listed_file(absent).code), EIO);
  EXPECT_EQ(of_listed_file(absent).message, absent.message);
  EXPECT_EQ(of_listed_file({ErrorCode::kChanged, ""}).code,
            ErrorCode::kChanged);
}

class NoBytes final : public ByteSource {
 public:
  [[nodiscard]] std::uint64_t size() const override { return 0; }
  Result<void> read_at(std::uint64_t /*offset*/, std::span<std::byte> /*out*/,
                       const ReadLimits& /*limits*/) override {
    return {};
  }
};

// A file is open as long as its source is there.
class OpenHandleTest : public ::testing::Test {
 protected:
  FileSystem::Opened open() {
    auto source = std::make_shared<NoBytes>();
    source_ = source;
    return {files_.add({std::move(source)})};
  }
  [[nodiscard]] bool is_open() const { return !source_.expired(); }

  OpenFiles files_;

 private:
  std::weak_ptr<NoBytes> source_;
};

TEST_F(OpenHandleTest, AFileThatTheKernelNeverGetsIsClosedWhateverIsThrown) {
  const auto fail_after_opening = [this] {
    OpenHandle first(files_, open());
    const OpenHandle handle(std::move(first));
    EXPECT_TRUE(is_open());
    throw std::bad_alloc();
  };
  EXPECT_THROW(fail_after_opening(), std::bad_alloc);
  EXPECT_FALSE(is_open());
}

TEST_F(OpenHandleTest, AFileThatTheKernelHasStaysOpenUntilItIsReleased) {
  const FileSystem::Opened opened = open();
  {
    OpenHandle handle(files_, opened);
    handle.give_away();
  }
  EXPECT_TRUE(is_open());
  files_.remove(opened.handle);
  EXPECT_FALSE(is_open());
}

TEST(ReadFailures, KeepTheNewestOfABoundedNumberOfFiles) {
  ReadFailures failures(2);
  failures.failed(1, "a");
  failures.failed(2, "b");
  failures.failed(1, "c");
  failures.failed(3, "d");
  EXPECT_EQ(failures.why(1), "c");
  EXPECT_EQ(failures.why(2), std::nullopt);
  EXPECT_EQ(failures.why(3), "d");
  failures.succeeded(1);
  EXPECT_EQ(failures.why(1), std::nullopt);
}

TEST(ReadDeadline, IsTheSettingUnlessTheKernelWouldAbortTheMountFirst) {
  EXPECT_EQ(read_deadline(seconds(60), {}), milliseconds(60'000));
  EXPECT_EQ(read_deadline(seconds(60), {seconds(30), seconds(0)}),
            milliseconds(24'000));
  EXPECT_EQ(read_deadline(seconds(60), {seconds(0), seconds(10)}),
            milliseconds(8'000));
  EXPECT_EQ(read_deadline(seconds(60), {seconds(20), seconds(10)}),
            milliseconds(8'000));
  EXPECT_EQ(read_deadline(seconds(5), {seconds(20), seconds(10)}),
            milliseconds(5'000));
}

}  // namespace
}  // namespace omicsfs

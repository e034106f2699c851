// SPDX-License-Identifier: MIT
#include "catalog/array_file.h"

#include <gtest/gtest.h>

#include "tests/catalog/fake_archives.h"

namespace omicsfs {
namespace {

class ArrayFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] static std::shared_ptr<const RemoteFile> file(
      const std::string& place, std::uint64_t size) {
    RemoteFile file;
    file.urls = {place};
    file.size = size;
    return std::make_shared<const RemoteFile>(file);
  }
  Result<ArrayFile> within(const std::string& place,
                           std::uint64_t size = 1'000'000) {
    const ArchiveAccess access = archives_.access();
    return array_within(access, file(place, size), 7);
  }

  const std::string array_ = npy_table_header("<f2", 3, 4);
  FakeArchives archives_;
};

TEST_F(ArrayFileTest, IsTheOneMemberOfAnArchive) {
  archives_.add("a", {{"any.npy", array_}});
  const auto array = within("a");
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_TRUE(array->file->member && array->file->is_mapped);
  EXPECT_EQ(array->file->size, array_.size());
  EXPECT_EQ(array->mtime, 1726755280);
  EXPECT_EQ(array->why_unreadable, "");
  EXPECT_EQ(array->header->shape, (std::vector<std::uint64_t>{3, 4}));
}

TEST_F(ArrayFileTest, OfSeveralMembersIsSavezs) {
  archives_.add("a", {{"any.npy", "no"}, {"arr_0.npy", array_}, {"b", ""}});
  const auto array = within("a");
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->file->member->header_offset, 1U);
}

TEST_F(ArrayFileTest, IsTheFileItselfWhereThatIsNoArchive) {
  archives_.add_file("a", array_);
  const auto array = within("a", array_.size());
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_FALSE(array->file->member);
  EXPECT_EQ(array->mtime, 7);
  EXPECT_EQ(array->header->descr, "<f2");
}

TEST_F(ArrayFileTest, IsNotReadWhereItIsUnreadable) {
  archives_.fail("read a", {ErrorCode::kIo, "it was read"});
  ArchiveMember member;
  member.name = "x.npy";
  member.size = 10'000;
  member.method = MemberMethod::kUnreadable;
  member.why_unreadable = "it is encrypted";
  const auto array =
      member_array(archives_.access(), file("a", 1'000'000), member);
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->why_unreadable, "it is encrypted");
  EXPECT_FALSE(array->header);
}

TEST_F(ArrayFileTest, ThatIsNoneIsInvalid) {
  archives_.add("two", {{"a.npy", array_}, {"b.npy", array_}});
  archives_.add("text", {{"a.txt", array_}});
  archives_.add("short", {{"a.npy", "\x93NUMPY"}});
  archives_.add("cut", {{"a.npy", array_.substr(0, 100)}});
  archives_.add("other", {{"a.npy", std::string(200, 'x')}});
  archives_.add("nothing", {});
  archives_.add_file("plain", std::string(200, 'x'));
  for (const std::string place :
       {"two", "text", "short", "cut", "other", "nothing", "plain"}) {
    const auto array = within(place, 200);
    ASSERT_FALSE(array) << place;
    EXPECT_EQ(array.error().code, ErrorCode::kInvalid) << place;
  }
}

TEST_F(ArrayFileTest, AFailureOfAReadIsItsOwn) {
  archives_.add("listed", {{"arr_0.npy", array_}});
  archives_.add_file("plain", array_);
  for (const std::string place : {"listed", "plain"}) {
    archives_.fail("read " + place, {ErrorCode::kUnavailable, "down"});
    EXPECT_EQ(within(place).error().code, ErrorCode::kUnavailable) << place;
  }
  archives_.fail("gone", {ErrorCode::kNotFound, "gone"});
  EXPECT_EQ(within("gone").error().code, ErrorCode::kNotFound);
}

TEST(EndsRefresh, WhatIsNoFaultOfTheFile) {
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kTimedOut, ErrorCode::kInterrupted,
        ErrorCode::kNoSpace, ErrorCode::kIo}) {
    EXPECT_TRUE(ends_refresh({code, ""}));
  }
  for (const ErrorCode code : {ErrorCode::kInvalid, ErrorCode::kNotFound,
                               ErrorCode::kUnsupported, ErrorCode::kChanged}) {
    EXPECT_FALSE(ends_refresh({code, ""}));
  }
}

}  // namespace
}  // namespace omicsfs

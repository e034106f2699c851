// SPDX-License-Identifier: MIT
#include "fs/fuse_messages.h"

#include <fuse_log.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <string>

namespace omicsfs {
namespace {

// A thread that has been cancelled, and notices where it next may.
void* tell_cancelled(void* told) {
  ::pthread_cancel(::pthread_self());
  fuse_log(FUSE_LOG_ERR, "fuse: %s: %d\n", "a message of libfuse's", 5);
  static_cast<std::atomic<bool>*>(told)->store(true);
  ::pthread_testcancel();
  return nullptr;
}

TEST(FuseMessages, AThreadIsNotCancelledWithinOne) {
  take_fuse_messages();
  testing::internal::CaptureStderr();
  std::atomic<bool> told{false};
  pthread_t thread{};
  ASSERT_EQ(::pthread_create(&thread, nullptr, tell_cancelled, &told), 0);
  void* end = nullptr;
  ASSERT_EQ(::pthread_join(thread, &end), 0);
  EXPECT_EQ(end, PTHREAD_CANCELED);
  EXPECT_TRUE(told);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "fuse: a message of libfuse's: 5\n");
}

TEST(FuseMessages, OneThatIsTooLongIsCut) {
  take_fuse_messages();
  testing::internal::CaptureStderr();
  fuse_log(FUSE_LOG_ERR, "%s", std::string(5000, 'x').c_str());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), std::string(1023, 'x'));
}

}  // namespace
}  // namespace omicsfs

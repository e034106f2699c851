// SPDX-License-Identifier: MIT
#include "fetch/link_header.h"

#include <gtest/gtest.h>

#include <utility>

namespace omicsfs {
namespace {

constexpr char kHub[] = "https://h/api/tree/main?recursive=true";

TEST(LinkHeader, LeadsOn) {
  for (const char* value : {
           "<https://h/2?cursor=a%3D>; rel=\"next\"",
           "<https://h/2?cursor=a%3D>;rel=next",
           "  <https://h/2?cursor=a%3D> ; REL=\"Next\" ",
           "<https://h/0>; rel=\"prev\", <https://h/2?cursor=a%3D>; rel=next",
           "<https://h/0>; title=\"rel=next, <x>; \\\" rel=next\"; rel=prev, "
           "<https://h/2?cursor=a%3D>; title=a; rel=\"last next\"",
           "<https://h/2?cursor=a%3D>; rel=next, <https://h/9>; rel=last",
           "</2?cursor=a%3D>; rel=\"next\"",
           "rubbish <https://h/2?cursor=a%3D>; rel=\"next\"",
       }) {
    const auto next = next_link(value, kHub);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_EQ(*next, "https://h/2?cursor=a%3D") << value;
  }
}

TEST(LinkHeader, LeadsNowhereWhereNothingFollows) {
  for (const char* value :
       {"", ",", "<https://h/2>", "<https://h/2>; rel=prev",
        "<https://h/2>; rel=\"nextish\"", "<https://h/2>; rev=next",
        "<https://h/2>; title=\"rel=next\"", "<https://h/2; rel=next",
        "https://h/2; rel=next", "<https://h/2>; rel",
        "<https://h/2>; rel=", "<https://h/2>; rel=\"next"}) {
    const auto next = next_link(value, kHub);
    ASSERT_TRUE(next) << value;
    EXPECT_EQ(*next, "") << value;
  }
}

TEST(LinkHeader, LeadsToTheWebOnly) {
  for (const char* value : {"<file:///etc/passwd>; rel=next",
                            "<http://h/2>; rel=next", "<//>; rel=next"}) {
    const auto next = next_link(value, kHub);
    ASSERT_FALSE(next) << value;
    EXPECT_EQ(next.error().code, ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/record_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omicsfs {
namespace {

// Each name would be compared with all others if fields were searched for one
// by one: 2 * 10^10 comparisons, for which the time limit of tests is too
// short.
TEST(RecordIndex, ManyDifferentFieldsAreToldApartAndTooManyAreRefused) {
  RecordIndex index;
  for (std::size_t i = 0; i < RecordIndex::kMaxFields; ++i) {
    const std::string name = "field" + std::to_string(i);
    const std::vector<RecordField> fields = {{name, "x", FieldKind::kText}};
    ASSERT_TRUE(index.add(static_cast<std::int64_t>(i + 1), fields)) << i;
  }
  const std::vector<RecordField> known = {{"field0", "x", FieldKind::kText}};
  const std::vector<RecordField> further = {{"other", "x", FieldKind::kText}};
  EXPECT_TRUE(index.add(RecordIndex::kMaxFields + 1, known));
  const auto refused = index.add(RecordIndex::kMaxFields + 2, further);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
}

TEST(RecordIndex, AFieldKeepsItsNumberWhateverTheOrder) {
  RecordIndex index;
  const auto blob = [&](std::int64_t id,
                        const std::vector<const char*>& names) {
    std::vector<RecordField> fields;
    for (const char* name : names) {
      fields.push_back({name, "v", FieldKind::kText});
    }
    return *index.add(id, fields);
  };
  EXPECT_EQ(blob(1, {"a", "b", "c"}), std::string("\0\1v\1\1v\2\1v", 9));
  EXPECT_EQ(blob(2, {"c", "a"}), std::string("\2\1v\0\1v", 6));
}

}  // namespace
}  // namespace omicsfs

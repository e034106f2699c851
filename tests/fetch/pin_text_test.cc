// SPDX-License-Identifier: MIT
#include "fetch/pin_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omicsfs {
namespace {

// Fields as servers send them, of each length about the bounds.
std::vector<std::string> fields() {
  std::vector<std::string> all{"", "a\tb", "a\nb", "\t", "W/\"\t\""};
  for (const std::size_t length :
       {1U, 29U, 64U, 65U, 80U, 81U, 96U, 97U, 9999U}) {
    all.emplace_back(length, 'x');
  }
  return all;
}

TEST(PinText, AnyPinInItsKeptFormComesBackAsItWasWritten) {
  for (const std::string& place : fields()) {
    for (const std::string& field : fields()) {
      const VersionPin::Entries one{
          {kept_place(place), kept_validator({field, field})}};
      const VersionPin::Entries most(VersionPin::kMostPins, one.front());
      const auto text = text_of_pins(most);
      ASSERT_TRUE(text) << place.size() << " " << field.size();
      const auto back = parse_pin_text(*text);
      ASSERT_TRUE(back);
      EXPECT_EQ(*back, most);
    }
  }
}

TEST(PinText, TheKeptFormIsKeptAsItIs) {
  for (const std::string& field : fields()) {
    const std::string place = kept_place(field);
    EXPECT_EQ(kept_place(place), place);
    const Validator validator = kept_validator({field, field});
    EXPECT_EQ(kept_validator(validator), validator);
  }
}

TEST(PinText, DifferentFieldsStayDifferent) {
  const std::string longer(200, 'x');
  EXPECT_NE(kept_place(longer), kept_place(longer + "x"));
  EXPECT_NE(kept_validator({longer, ""}), kept_validator({longer + "x", ""}));
  EXPECT_NE(kept_validator({"", longer}), kept_validator({"", longer + "x"}));
  EXPECT_EQ(kept_validator({"W/" + longer, ""}), kept_validator({longer, ""}));
}

TEST(PinText, DamageIsRefused) {
  for (const char* text : {"a", "\n", "a\n", "a\tb\n", "a\tb\tc"}) {
    EXPECT_EQ(parse_pin_text(text).error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fetch/version_rule.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace omicsfs {
namespace {

// 1 January 2024, and seconds after it.
constexpr std::int64_t kNewYear = 1'704'067'200;
constexpr const char* kAtOnce = "Mon, 01 Jan 2024 00:00:00 GMT";
constexpr const char* kAMinuteLater = "Mon, 01 Jan 2024 00:01:00 GMT";
constexpr const char* kASecondMore = "Mon, 01 Jan 2024 00:01:01 GMT";
constexpr const char* kNextYear = "Wed, 01 Jan 2025 00:00:00 GMT";

// Seconds after kNewYear; none where it is no date.
std::optional<std::int64_t> date_of(const std::string& text) {
  return text == kAtOnce         ? std::optional<std::int64_t>(0)
         : text == kAMinuteLater ? std::optional<std::int64_t>(60)
         : text == kASecondMore  ? std::optional<std::int64_t>(61)
         : text == kNextYear     ? std::optional<std::int64_t>(366 * 86'400)
                                 : std::nullopt;
}

std::vector<Validator> all_validators() {
  std::vector<Validator> all;
  for (const char* tag : {"", "\"1\"", "W/\"1\"", "\"2\""}) {
    for (const char* date :
         {"", kAtOnce, kAMinuteLater, kASecondMore, kNextYear, "yesterday"}) {
      all.push_back({tag, date});
    }
  }
  return all;
}

// The rule told another way: by sets of what is told.
class Told {
 public:
  explicit Told(const std::vector<Validator>& validators) {
    for (const Validator& one : validators) {
      tags_.insert(
          one.etag.substr(std::min(one.etag.find('"'), one.etag.size())));
      dates_.insert(one.last_modified);
      has_silent_ = has_silent_ || one.empty();
    }
    tags_.erase("");
    dates_.erase("");
  }
  [[nodiscard]] bool nothing() const { return tags_.empty() && dates_.empty(); }
  // By the first field that both tell; none where they share no field.
  [[nodiscard]] std::optional<bool> agrees(const Told& other) const {
    if (!tags_.empty() && !other.tags_.empty()) {
      return meet(tags_, other.tags_);
    }
    if (!dates_.empty() && !other.dates_.empty()) {
      return meet(dates_, other.dates_);
    }
    return nothing() && other.nothing() ? std::optional(true) : std::nullopt;
  }
  [[nodiscard]] bool shares_with(const Told& other) const {
    return agrees(other).value_or(has_silent_ && other.has_silent_);
  }
  // Whether one who tells `date` may be a copy of these.
  [[nodiscard]] bool may_have_copy_of(const std::string& date,
                                      std::int64_t since) const {
    if (date.empty() || dates_.contains(date)) {
      return true;
    }
    const auto when = date_of(date);
    bool is_near = dates_.empty();
    for (const std::string& one : dates_) {
      const auto other = date_of(one);
      is_near = is_near ||
                (when && other && *when - *other <= 60 && *other - *when <= 60);
    }
    return when && *when < since && is_near;
  }

 private:
  static bool meet(const std::set<std::string>& a,
                   const std::set<std::string>& b) {
    for (const std::string& one : a) {
      if (b.contains(one)) {
        return true;
      }
    }
    return false;
  }
  std::set<std::string> tags_;
  std::set<std::string> dates_;
  bool has_silent_ = false;  // one told nothing
};

VersionVerdict expected(const std::vector<Validator>& pinned,
                        const Validator& seen, std::int64_t since,
                        bool has_digest) {
  const Told known(pinned);
  const auto agrees = known.agrees(Told({seen}));
  if (agrees == true) {
    return VersionVerdict::kSame;
  }
  const bool in_doubt = agrees != false || has_digest;
  return in_doubt && known.may_have_copy_of(seen.last_modified, since)
             ? VersionVerdict::kUnproven
             : VersionVerdict::kOther;
}

// 0: nobody knows when the bytes came. 30 s and 366 days after the new year.
constexpr std::int64_t kAges[] = {-kNewYear, 30, 366 * 86'400,
                                  366 * 86'400 + 1};

TEST(VersionRule, EachAnswerIsJudgedByWhatBothSidesTell) {
  for (const Validator& one : all_validators()) {
    for (const Validator& two : all_validators()) {
      const std::vector<Validator> pinned{one, two};
      for (const Validator& seen : all_validators()) {
        for (const std::int64_t age : kAges) {
          for (const bool has_digest : {false, true}) {
            ASSERT_EQ(judge_version({pinned, kNewYear + age, has_digest}, seen),
                      expected(pinned, seen, age, has_digest))
                << one.etag << one.last_modified << ", " << two.etag
                << two.last_modified << "; " << seen.etag << seen.last_modified
                << "; " << age << has_digest;
          }
        }
      }
    }
  }
}

TEST(VersionRule, TheFirstAnswerIsBelieved) {
  for (const Validator& seen : all_validators()) {
    EXPECT_EQ(judge_version({{}, 0, false}, seen), VersionVerdict::kFirst);
  }
}

TEST(VersionRule, WithoutADigestNoAnswerThatDiffersIsProvedByItsBytes) {
  const Validator pinned{"\"1\"", kAtOnce};
  for (const Validator& seen : all_validators()) {
    const bool shares_a_field = !seen.empty();
    EXPECT_EQ(judge_version({{&pinned, 1}, kNewYear + 30, false}, seen) ==
                  VersionVerdict::kUnproven,
              !shares_a_field)
        << seen.etag << seen.last_modified;
  }
}

TEST(VersionRule, TwoSidesShareAVersionWhicheverIsAsked) {
  for (const Validator& one : all_validators()) {
    for (const Validator& two : all_validators()) {
      for (const Validator& other : all_validators()) {
        const std::vector<Validator> some{one, two};
        const std::vector<Validator> others{other};
        const bool shared = Told(some).shares_with(Told(others));
        EXPECT_EQ(share_version(some, others), shared);
        EXPECT_EQ(share_version(others, some), shared);
      }
    }
  }
}

}  // namespace
}  // namespace omicsfs

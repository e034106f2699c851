// SPDX-License-Identifier: MIT
//
// Machines behind one address that answer in turn, each with a validator of its
// own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fetch/range_fetch.h"
#include "tests/fetch/range_fetch_fixture.h"
#include "tests/support/hand_transport.h"

namespace omicsfs {
namespace {

class Machines : public ::testing::Test {
 protected:
  struct Machine {
    std::string bytes;
    Validator validator;
  };

  // `bytes` are of the published version.
  void add_machines(int count) {
    for (int i = 0; i < count; ++i) {
      machines_.push_back(
          {text_,
           {fmt::format("\"m{}\"", i),
            fmt::format("Mon, 01 Jan 2024 00:00:{:02} GMT", i)}});
    }
  }
  // Fetches `range`; the machines answer in turn.
  std::shared_ptr<CollectingRangeSink> fetch(ByteRange range) {
    RangeFetcher fetcher(network_, mirrors_, {.max_retries = 3}, counters_, 1);
    const auto sink = std::make_shared<CollectingRangeSink>();
    fetcher.fetch({{kA}, text_.size(), range, pin_, has_digest_}, sink);
    while (!network_.empty()) {
      answer(network_.take());
    }
    return sink;
  }
  void expect_bytes(ByteRange range) {
    const auto sink = fetch(range);
    const auto result = sink->wait();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(sink->bytes(), text_.substr(range.offset, range.length));
  }
  ErrorCode error_of(ByteRange range) {
    const auto result = fetch(range)->wait();
    return result ? ErrorCode::kIo : result.error().code;
  }

  const std::string text_ = text_of(100);
  std::vector<Machine> machines_;
  std::shared_ptr<VersionPin> pin_ = std::make_shared<VersionPin>();
  bool has_digest_ = true;
  int requests_ = 0;

 private:
  void answer(const HandTransport::Started& one) {
    const Machine& machine = machines_[requests_++ % machines_.size()];
    const ByteRange range = *one.request.range;
    one.sink->on_started();
    ResponseHead head;
    head.status = 206;
    head.content_length = range.length;
    head.content_range = fmt::format("bytes {}-{}/{}", range.offset,
                                     range.end() - 1, machine.bytes.size());
    head.validator = machine.validator;
    auto result = one.sink->on_head(head);
    if (result) {
      const std::string body = machine.bytes.substr(range.offset, range.length);
      result = one.sink->on_body(std::as_bytes(std::span(body)));
    }
    one.sink->on_done(result);
  }

  Mirrors mirrors_;
  Counters counters_;
  HandTransport network_;
};

TEST_F(Machines, EachWhoseBytesAreProvedIsBelievedFromThenOn) {
  for (std::size_t count = 2; count <= VersionPin::kMostPins; ++count) {
    SCOPED_TRACE(count);
    machines_.clear();
    add_machines(static_cast<int>(count));
    pin_ = std::make_shared<VersionPin>();
    for (std::uint64_t fetches = 0; fetches < 3 * count; ++fetches) {
      expect_bytes({fetches * 7 % 90, 10});
    }
    EXPECT_EQ(pin_->entries().size(), count);
    const int before = requests_;
    for (std::size_t fetches = 0; fetches < count; ++fetches) {
      expect_bytes({fetches, 10});
    }
    EXPECT_EQ(requests_ - before, static_cast<int>(count));
  }
}

TEST_F(Machines, OneThatIsNewAmongManyCostsFewRequestsWhicheverTurnItTakes) {
  for (std::size_t count = 2; count <= 8; ++count) {
    for (std::size_t at = 0; at < count; ++at) {
      SCOPED_TRACE(fmt::format("{} of {}", at, count));
      machines_.clear();
      add_machines(static_cast<int>(count));
      pin_ = std::make_shared<VersionPin>();
      for (std::uint64_t fetches = 0; fetches < 3 * count; ++fetches) {
        expect_bytes({fetches * 7 % 90, 10});
      }
      machines_[at].validator.etag = "\"new\"";
      const int before = requests_;
      for (std::size_t fetches = 0; fetches < count; ++fetches) {
        expect_bytes({fetches, 10});
      }
      EXPECT_LE(requests_ - before, static_cast<int>(8 * count));
    }
  }
}

// What is known of the object: its begin, its middle, its end.
TEST_F(Machines, OneThatDiffersInAnyBlockThatIsKnownIsNotBelieved) {
  for (const std::size_t edit : {5U, 45U, 95U}) {
    SCOPED_TRACE(edit);
    pin_ = std::make_shared<VersionPin>();
    machines_.clear();
    add_machines(1);
    for (const std::uint64_t at : {0U, 40U, 90U}) {
      expect_bytes({at, 10});
    }
    add_machines(2);
    machines_[1].bytes[edit] = '!';
    machines_[1].bytes[20] = '!';
    machines_[1].validator.etag = "\"edited\"";
    for (int fetches = 0; fetches < 9; ++fetches) {
      expect_bytes({15, 10});
    }
    machines_ = {machines_[1]};
    const auto changed = fetch({15, 10});
    EXPECT_EQ(changed->wait().error().code, ErrorCode::kChanged);
    EXPECT_EQ(changed->bytes(), "");
  }
}

TEST_F(Machines, OneOfAnotherDateIsAnotherVersionWhateverItsBytes) {
  add_machines(1);
  expect_bytes({0, 10});
  machines_[0].validator = {"\"new\"", "Tue, 02 Jan 2024 00:00:00 GMT"};
  EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
  machines_[0].validator.last_modified = "Mon, 01 Jan 2024 00:00:00 GMT";
  expect_bytes({10, 10});
}

TEST_F(Machines, OneThatIsYoungerThanTheBytesIsAnotherVersion) {
  pin_ = std::make_shared<VersionPin>(1'704'067'230);  // 30 s into 2024
  add_machines(1);
  machines_[0].validator.last_modified.clear();
  expect_bytes({0, 10});
  machines_[0].validator = {"\"new\"", "Mon, 01 Jan 2024 00:00:30 GMT"};
  EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
  machines_[0].validator.last_modified = "Mon, 01 Jan 2024 00:00:29 GMT";
  expect_bytes({10, 10});
}

TEST_F(Machines, ThatGiveEachAnswerAVersionOfItsOwnAreNotAskedForEver) {
  add_machines(1);
  expect_bytes({0, 10});
  machines_.clear();
  for (int i = 0; i < 1000; ++i) {
    machines_.push_back({text_, {fmt::format("\"answer {}\"", i), ""}});
  }
  EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
  EXPECT_LE(requests_, 24);
}

// It is known by nothing but an ETag that the other machines may as well make.
TEST_F(Machines, OneWithoutADateIsBelievedOnlyBesideThePinnedVersion) {
  add_machines(2);
  for (Machine& machine : machines_) {
    machine.validator.last_modified.clear();
  }
  const auto both = machines_;
  machines_ = {both[0]};
  expect_bytes({0, 10});
  machines_ = {both[1]};
  machines_[0].bytes[60] = '!';  // of which nothing is known
  const auto replaced = fetch({55, 10});
  EXPECT_EQ(replaced->wait().error().code, ErrorCode::kChanged);
  EXPECT_EQ(replaced->bytes(), "");
  machines_ = both;
  for (std::uint64_t at = 10; at < 50; at += 10) {
    expect_bytes({at, 10});
  }
  machines_ = {both[1]};
  expect_bytes({50, 10});
}

// How a server may come to tell its versions otherwise than at first.
class OtherValidators : public Machines {
 protected:
  struct Turn {
    Validator before;
    Validator after;
  };
  static std::vector<Turn> dated() {
    return {{{"\"1\"", ""}, {"", kDate}},
            {{}, {"", kDate}},
            {{}, {"\"1\"", kDate}}};
  }
  static std::vector<Turn> undated() {
    return {{{"\"1\"", ""}, {}},
            {{"\"1\"", kDate}, {}},
            {{"", kDate}, {}},
            {{"", kDate}, {"\"1\"", ""}},
            {{}, {"\"1\"", ""}}};
  }
  static std::vector<Turn> all() {
    std::vector<Turn> turns = dated();
    for (const Turn& turn : undated()) {
      turns.push_back(turn);
    }
    return turns;
  }
  void begin(const Turn& turn) {
    pin_ = std::make_shared<VersionPin>();
    machines_ = {{text_, turn.before}};
    expect_bytes({0, 10});
    machines_[0].validator = turn.after;
  }
  static std::string name(const Turn& turn) {
    return turn.before.etag + turn.before.last_modified + " " +
           turn.after.etag + turn.after.last_modified;
  }

  static constexpr const char* kDate = "Mon, 01 Jan 2024 00:00:00 GMT";
};

TEST_F(OtherValidators, WithADateAreProvedByBytesThatAreKnown) {
  for (const bool has_digest : {false, true}) {
    has_digest_ = has_digest;
    for (const Turn& turn : dated()) {
      SCOPED_TRACE(name(turn));
      begin(turn);
      expect_bytes({10, 10});
      expect_bytes({20, 10});
    }
  }
}

TEST_F(OtherValidators, WithoutADateAreProvedOnlyBesideThePinnedVersion) {
  for (const bool has_digest : {false, true}) {
    has_digest_ = has_digest;
    for (const Turn& turn : undated()) {
      SCOPED_TRACE(name(turn));
      begin(turn);
      EXPECT_EQ(error_of({10, 10}), ErrorCode::kChanged);
      machines_.push_back({text_, turn.before});
      for (std::uint64_t at = 10; at < 90; at += 10) {
        expect_bytes({at, 10});
      }
    }
  }
}

TEST_F(OtherValidators, OfOtherBytesAreAChangeAndNothingIsMixed) {
  for (const bool has_digest : {false, true}) {
    has_digest_ = has_digest;
    for (const Turn& turn : all()) {
      SCOPED_TRACE(name(turn));
      begin(turn);
      machines_[0].bytes = std::string(100, 'z');
      const auto changed = fetch({10, 10});
      EXPECT_EQ(changed->wait().error().code, ErrorCode::kChanged);
      EXPECT_EQ(changed->bytes(), "");
    }
  }
}

// Else the next version would be believed, too.
TEST_F(OtherValidators, NoneAtAllMustBeProvedByEachFetch) {
  has_digest_ = false;
  begin({{"\"1\"", ""}, {}});
  machines_.push_back({text_, {"\"1\"", ""}});
  for (std::uint64_t at = 10; at < 50; at += 10) {
    expect_bytes({at, 10});
  }
  machines_.pop_back();
  machines_[0].bytes = std::string(100, 'z');
  EXPECT_EQ(error_of({50, 10}), ErrorCode::kChanged);
}

TEST_F(OtherValidators, OfOneOddAnswerDoNoHarm) {
  has_digest_ = false;
  for (const Turn& turn : all()) {
    SCOPED_TRACE(name(turn));
    begin(turn);
    for (int i = 0; i < 3; ++i) {
      machines_.push_back({text_, turn.before});
    }
    machines_[0].bytes = std::string(100, 'z');
    requests_ = 0;
    expect_bytes({10, 10});
  }
}

}  // namespace
}  // namespace omicsfs

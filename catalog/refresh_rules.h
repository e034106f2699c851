// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/result.h"

// The rules of a refresh, for all sources alike:
//
// 1. An entry that is bad by itself is left out, or told apart from others,
//    with a warning. It blocks no other entry.
// 2. A server or disk that fails says nothing about an entry. The entry's
//    last-known facts are kept, or the refresh fails and the catalog stays.
// 3. A document whose entries are all bad is of another kind: it is refused.
// 4. A catalog without files replaces none that has files, unless the user
//    allows it.
// 5. A document or archive of which the current catalog was made, and that is
//    unreadable or empty now, is the answer of a server that fails: rule 2
//    holds. Only one that is not there (kNotFound) is left out. The user may
//    allow it as in rule 4.

namespace omicsfs {

// Rule 2: whether `error` is a failure of a server, a disk or the machine, and
// so ends a refresh in place of leaving out one entry.
[[nodiscard]] bool ends_refresh(const Error& error);

// Rule 1: whether an entry is left out whose server was asked for its facts and
// answered `error`: all that does not end a refresh, and kRefused. What a
// catalog before knows of it is kept in place of leaving it out.
[[nodiscard]] bool leaves_out_entry(const Error& error);

// Rule 5: what `error` is where it comes from the reading of `place`, for
// people, of which the current catalog was made: kUnavailable, with what to do
// if the publisher means it; itself where it is kNotFound or ends a refresh.
[[nodiscard]] Error error_of_known(const Error& error, std::string_view place);

// Rule 3, for one document. Thread-compatible.
class EntryTally {
 public:
  void good() { ++good_; }
  // Remembers the first reasons.
  void bad(const std::string& place, const std::string& why);
  [[nodiscard]] std::uint64_t left_out() const { return bad_; }
  // Errors: kInvalid, with the first reasons: there are bad entries and no
  // good one.
  [[nodiscard]] Result<void> verdict() const;

 private:
  std::uint64_t good_ = 0;
  std::uint64_t bad_ = 0;
  std::string reasons_;
};

// Rule 4. `before` is the number of files of the catalog that is there; none =
// there is no catalog. Errors: kUnavailable, the new catalog is refused.
Result<void> check_replacement(std::optional<std::uint64_t> before,
                               std::uint64_t after, bool allow_empty);

// Counts the warnings of a refresh, and keeps the first ones for people.
// Thread-compatible.
class WarningLog {
 public:
  void add(std::string_view message);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The text for README.txt; "" = there are no warnings.
  [[nodiscard]] std::string readme_text() const;

 private:
  std::uint64_t count_ = 0;
  std::vector<std::string> first_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/json_elements.h"

#include <set>
#include <span>
#include <utility>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::size_t kJsonPieceBytes = std::size_t{64} << 10U;
// More members than that are no document's.
constexpr std::size_t kMaxMembers = 10'000;

std::string element_place(std::string_view key,
                          std::optional<std::uint64_t> index) {
  std::string text = "/" + printable(key, 80);
  if (index) {
    text += (key.empty() ? "" : "/") + std::to_string(*index);
  }
  return text;
}

bool is_json_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The characters of a document, one after another.
class Characters {
 public:
  explicit Characters(const ReadPiece& read) : read_(read) {}

  // The next one, which take() then passes over; none at the end.
  Result<std::optional<char>> peek() {
    if (at_ == piece_.size()) {
      piece_.resize(kJsonPieceBytes);
      const auto got = read_(std::span(piece_));
      piece_.resize(got ? *got : 0);
      at_ = 0;
      if (!got) {
        return got.error();
      }
      if (*got == 0) {
        return std::optional<char>();
      }
    }
    return std::optional(piece_[at_]);
  }
  void take() {
    ++at_;
    ++taken_;
  }
  // Likewise, of those that are no white space.
  Result<std::optional<char>> peek_solid() {
    while (true) {
      auto c = peek();
      if (!c || !*c || !is_json_space(**c)) {
        return c;
      }
      take();
    }
  }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  const ReadPiece& read_;
  std::string piece_;
  std::size_t at_ = 0;
  std::uint64_t taken_ = 0;
};

// Where in a value a character stands: by brackets and quotes alone. Whether it
// is JSON, its parser says.
class ValueEnd {
 public:
  // Whether the value ends before `c`. REQUIRES: it did not end before.
  [[nodiscard]] bool ends_before(char c) const {
    if (in_string_ || depth_ != 0) {
      return false;
    }
    return whole_ || c == ',' || c == ']' || c == '}' || is_json_space(c);
  }
  void see(char c) {
    if (in_string_) {
      see_in_string(c);
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      --depth_;
      whole_ = depth_ == 0;
    }
  }

 private:
  void see_in_string(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      whole_ = depth_ == 0;
    }
  }

  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool whole_ = false;
};

class ElementReader {
 public:
  ElementReader(const ReadPiece& read, const JsonElementEvents& events)
      : characters_(read), events_(events) {}

  Result<void> read_document() {
    const auto begin = characters_.peek_solid();
    if (!begin) {
      return begin.error();
    }
    const bool is_array = *begin == '[';
    if (!is_array && *begin != '{') {
      return invalid("it is neither an object nor an array");
    }
    auto done = is_array ? read_array("") : read_object();
    if (!done) {
      return done;
    }
    const auto rest = characters_.peek_solid();
    if (rest && *rest) {
      return invalid("something follows the document");
    }
    return rest ? Result<void>() : rest.error();
  }

 private:
  [[nodiscard]] Error invalid(const std::string& what) const {
    return {ErrorCode::kInvalid, "not JSON at byte " +
                                     std::to_string(characters_.taken()) +
                                     ": " + what};
  }

  // The next solid character. Errors: kInvalid, the document ends.
  Result<char> solid() {
    const auto c = characters_.peek_solid();
    if (!c) {
      return c.error();
    }
    return *c ? Result<char>(**c) : invalid("it ends too early");
  }

  // Takes what stands between two items, or behind the last: true = one more
  // follows.
  Result<bool> more_items(char end) {
    const auto c = solid();
    if (!c) {
      return c.error();
    }
    if (*c != ',' && *c != end) {
      return invalid("a comma or a bracket is missing");
    }
    characters_.take();
    return *c == ',';
  }

  Result<JsonValue> read_value(const std::string& place) {
    text_.clear();
    ValueEnd end;
    auto next = characters_.peek_solid();
    while (next && *next && !end.ends_before(**next)) {
      if (text_.size() == kMaxJsonElement) {
        return Error{ErrorCode::kInvalid, place + ": it is longer than " +
                                              std::to_string(kMaxJsonElement) +
                                              " bytes"};
      }
      text_ += **next;
      end.see(**next);
      characters_.take();
      next = characters_.peek();
    }
    if (!next) {
      return next.error();
    }
    auto value = JsonValue::parse(text_, {.values = kMaxJsonElementValues});
    return value ? value : value.error().within(place);
  }

  // REQUIRES: a '[' is next.
  Result<void> read_array(const std::string& key) {
    characters_.take();
    auto next = solid();
    if (next && *next == ']') {
      characters_.take();
      return {};
    }
    for (std::uint64_t index = 0; next; ++index) {
      auto done = read_element(key, index);
      if (!done) {
        return done;
      }
      const auto more = more_items(']');
      if (!more || !*more) {
        return more ? Result<void>() : more.error();
      }
      next = solid();
    }
    return next.error();
  }

  Result<void> read_element(const std::string& key,
                            std::optional<std::uint64_t> index) {
    auto value = read_value(element_place(key, index));
    return value ? events_.element({key, index, *std::move(value)})
                 : value.error();
  }

  // REQUIRES: a '{' is next.
  Result<void> read_object() {
    characters_.take();
    auto next = solid();
    if (next && *next == '}') {
      characters_.take();
      return {};
    }
    while (next) {
      auto done = read_member();
      if (!done) {
        return done;
      }
      const auto more = more_items('}');
      if (!more || !*more) {
        return more ? Result<void>() : more.error();
      }
      next = solid();
    }
    return next.error();
  }

  Result<std::string> read_key() {
    const auto c = solid();
    if (!c) {
      return c.error();
    }
    if (*c != '"') {
      return invalid("a key is missing");
    }
    const auto value = read_value("a key");
    if (!value) {
      return value.error();
    }
    auto key = value->as_string();
    if (key && (keys_.size() == kMaxMembers || !keys_.insert(*key).second)) {
      return invalid("the key " + omicsfs::quoted(*key) +
                     " comes again, or there are too many");
    }
    return key;
  }

  Result<void> read_member() {
    const auto key = read_key();
    if (!key) {
      return key.error();
    }
    const auto colon = solid();
    if (!colon) {
      return colon.error();
    }
    if (*colon != ':') {
      return invalid("a colon is missing");
    }
    characters_.take();
    if (events_.key) {
      if (auto told = events_.key(*key); !told) {
        return told;
      }
    }
    const auto begin = solid();
    if (!begin) {
      return begin.error();
    }
    return *begin == '[' ? read_array(*key) : read_element(*key, std::nullopt);
  }

  Characters characters_;
  const JsonElementEvents& events_;
  std::string text_;
  std::set<std::string, std::less<>> keys_;
};

}  // namespace

std::string JsonElement::place() const { return element_place(key, index); }

Result<void> stream_json_elements(const ReadPiece& read,
                                  const JsonElementEvents& events) {
  return ElementReader(read, events).read_document();
}

}  // namespace omicsfs

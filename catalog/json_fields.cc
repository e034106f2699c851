// SPDX-License-Identifier: MIT
#include "catalog/json_fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>
#include <variant>

#include "catalog/entry_name.h"

namespace omicsfs {

// Our own tree rather than the library's: it keeps the order of members, finds
// one in logarithmic time, and never grows deeper than allowed.
struct JsonValue::Node {
  using Array = std::vector<Node>;
  struct Object {
    std::vector<std::string> keys;    // document order
    std::vector<Node> values;         // of the keys
    std::vector<std::size_t> by_key;  // indices of both, sorted by key
  };
  // A negative integer keeps its own type: it is no size, whatever its value.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
               std::string, Array, Object>
      value;
};

namespace {

using Node = JsonValue::Node;
using Json = nlohmann::json;

constexpr std::size_t kMaxShownPointer = 400;

std::string_view type_name(const Node& node) {
  constexpr std::array<std::string_view, 8> kNames = {
      "null",     "a boolean", "a negative number", "a number",
      "a number", "a string",  "an array",          "an object"};
  return kNames.at(node.value.index());
}

std::string pointer_token(std::string_view key) {
  std::string token = "/";
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

Error error_at(const std::string& pointer, const std::string& what) {
  const std::string place =
      pointer.empty() ? "(root)" : printable(pointer, kMaxShownPointer);
  return {ErrorCode::kInvalid, place + ": " + what};
}

// Sorts the index of `object`; returns a key that it has twice.
const std::string* index_members(Node::Object& object) {
  const std::vector<std::string>& keys = object.keys;
  object.by_key.resize(keys.size());
  std::iota(object.by_key.begin(), object.by_key.end(), std::size_t{0});
  std::sort(object.by_key.begin(), object.by_key.end(),
            [&keys](std::size_t left, std::size_t right) {
              return keys[left] < keys[right];
            });
  const auto twice =
      std::adjacent_find(object.by_key.begin(), object.by_key.end(),
                         [&keys](std::size_t left, std::size_t right) {
                           return keys[left] == keys[right];
                         });
  return twice == object.by_key.end() ? nullptr : &keys[*twice];
}

// Receives the library's parse events and builds Nodes. Each returns false to
// stop the parse, with error_ set.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(std::monostate()); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override {
    return add(value);
  }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return enter(Node::Object()); }
  bool start_array(std::size_t) override { return enter(Node::Array()); }
  bool end_array() override { return leave(); }

  bool key(std::string& name) override {
    auto& object = std::get<Node::Object>(open_.back()->value);
    object.keys.push_back(std::move(name));
    object.values.emplace_back();
    return true;
  }

  bool end_object() override {
    auto& object = std::get<Node::Object>(open_.back()->value);
    const std::string* twice = index_members(object);
    if (twice != nullptr) {
      error_ =
          error_at(open_pointer(), "has the key " + omicsfs::quoted(*twice) +
                                       " more than once");
      return false;
    }
    return leave();
  }

  bool parse_error(std::size_t position, const std::string&,
                   const Json::exception& failure) override {
    const bool out_of_range = failure.id == 406;
    error_ = {ErrorCode::kInvalid,
              out_of_range ? "a number is out of range at byte " +
                                 std::to_string(position)
                           : "not JSON at byte " + std::to_string(position)};
    return false;
  }

  [[nodiscard]] const Error& error() const { return error_; }
  Node take_root() { return std::move(root_); }

 private:
  // The node that the value now read goes to.
  Node& slot() {
    if (open_.empty()) {
      return root_;
    }
    if (auto* array = std::get_if<Node::Array>(&open_.back()->value)) {
      return array->emplace_back();
    }
    return std::get<Node::Object>(open_.back()->value).values.back();
  }

  template <typename Value>
  bool add(Value&& value) {
    if (!count_value()) {
      return false;
    }
    slot().value = std::forward<Value>(value);
    return true;
  }

  bool count_value() {
    if (values_ == limits_.values) {
      error_ = {
          ErrorCode::kInvalid,
          "it has more than " + std::to_string(limits_.values) + " values"};
      return false;
    }
    ++values_;
    return true;
  }

  template <typename Container>
  bool enter(Container&& empty) {
    if (open_.size() >= limits_.depth) {
      error_ = error_at(open_pointer(), "is nested deeper than " +
                                            std::to_string(limits_.depth));
      return false;
    }
    if (!count_value()) {
      return false;
    }
    Node& node = slot();
    node.value = std::forward<Container>(empty);
    open_.push_back(&node);
    return true;
  }

  bool leave() {
    open_.pop_back();
    return true;
  }

  // The place of the innermost open container: each open one is the last child
  // of the one before.
  [[nodiscard]] std::string open_pointer() const {
    std::string pointer;
    for (std::size_t depth = 0; depth + 1 < open_.size(); ++depth) {
      const Node& node = *open_[depth];
      if (const auto* array = std::get_if<Node::Array>(&node.value)) {
        pointer += "/" + std::to_string(array->size() - 1);
      } else {
        pointer +=
            pointer_token(std::get<Node::Object>(node.value).keys.back());
      }
    }
    return pointer;
  }

  const JsonLimits limits_;
  std::size_t values_ = 0;
  Node root_;
  // Stays valid: a container grows only while nothing below it is open.
  std::vector<Node*> open_;
  Error error_{ErrorCode::kInvalid, "not JSON"};
};

Result<Node> parse_nodes(std::string_view text, const JsonLimits& limits) {
  try {
    Builder builder(limits);
    if (!Json::sax_parse(text, &builder)) {
      return builder.error();
    }
    return builder.take_root();
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kInvalid,
                 std::string("not JSON: ") + printable(failure.what(), 80)};
  }
}

}  // namespace

Result<JsonValue> JsonValue::parse(std::string_view text,
                                   const JsonLimits& limits) {
  Result<Node> root = parse_nodes(text, limits);
  if (!root) {
    return root.error();
  }
  return JsonValue(std::make_shared<const Node>(*std::move(root)), "");
}

Error JsonValue::error(const std::string& what) const {
  return error_at(pointer_, what);
}

JsonValue JsonValue::child(const Node& node, const std::string& token) const {
  return {std::shared_ptr<const Node>(node_, &node), pointer_ + token};
}

Error JsonValue::expected(std::string_view type) const {
  return error("expected " + std::string(type) + ", found " +
               std::string(type_name(*node_)));
}

bool JsonValue::is_object() const {
  return std::holds_alternative<Node::Object>(node_->value);
}

bool JsonValue::is_array() const {
  return std::holds_alternative<Node::Array>(node_->value);
}

bool JsonValue::is_string() const {
  return std::holds_alternative<std::string>(node_->value);
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  const auto* object = std::get_if<Node::Object>(&node_->value);
  if (object == nullptr) {
    return std::nullopt;
  }
  const auto found =
      std::lower_bound(object->by_key.begin(), object->by_key.end(), key,
                       [object](std::size_t index, std::string_view wanted) {
                         return object->keys[index] < wanted;
                       });
  if (found == object->by_key.end()) {
    return std::nullopt;
  }
  const std::string& name = object->keys[*found];
  const Node& node = object->values[*found];
  if (name != key || std::holds_alternative<std::monostate>(node.value)) {
    return std::nullopt;
  }
  return child(node, pointer_token(name));
}

Result<JsonValue> JsonValue::at(std::string_view key) const {
  if (!is_object()) {
    return expected("an object");
  }
  std::optional<JsonValue> member = find(key);
  if (!member.has_value()) {
    return error("lacks the key " + omicsfs::quoted(key));
  }
  return *std::move(member);
}

Result<std::vector<std::pair<std::string, JsonValue>>> JsonValue::members()
    const {
  const auto* object = std::get_if<Node::Object>(&node_->value);
  if (object == nullptr) {
    return expected("an object");
  }
  std::vector<std::pair<std::string, JsonValue>> members;
  members.reserve(object->keys.size());
  for (std::size_t index = 0; index < object->keys.size(); ++index) {
    const std::string& key = object->keys[index];
    members.emplace_back(key, child(object->values[index], pointer_token(key)));
  }
  return members;
}

Result<std::vector<JsonValue>> JsonValue::elements() const {
  const auto* array = std::get_if<Node::Array>(&node_->value);
  if (array == nullptr) {
    return expected("an array");
  }
  std::vector<JsonValue> elements;
  elements.reserve(array->size());
  for (const Node& node : *array) {
    elements.push_back(child(node, "/" + std::to_string(elements.size())));
  }
  return elements;
}

Result<std::string> JsonValue::as_string() const {
  const auto* text = std::get_if<std::string>(&node_->value);
  if (text == nullptr) {
    return expected("a string");
  }
  return *text;
}

Result<std::uint64_t> JsonValue::as_size() const {
  constexpr auto kMax =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto* size = std::get_if<std::uint64_t>(&node_->value);
  if (size == nullptr || *size > kMax) {
    return expected("a whole number from 0 to 2^63-1");
  }
  return *size;
}

Result<double> JsonValue::as_number() const {
  if (const auto* fraction = std::get_if<double>(&node_->value)) {
    return *fraction;
  }
  if (const auto* negative = std::get_if<std::int64_t>(&node_->value)) {
    return static_cast<double>(*negative);
  }
  if (const auto* whole = std::get_if<std::uint64_t>(&node_->value)) {
    return static_cast<double>(*whole);
  }
  return expected("a number");
}

Result<bool> JsonValue::as_bool() const {
  const auto* truth = std::get_if<bool>(&node_->value);
  if (truth == nullptr) {
    return expected("a boolean");
  }
  return *truth;
}

void append_json_quoted(std::string& out, std::string_view text) {
  // Of nearly all texts, of which an import meets millions.
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c < '\x7F' && c != '"' && c != '\\';
  });
  if (is_plain) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

std::string json_quoted(std::string_view text) {
  std::string quoted;
  append_json_quoted(quoted, text);
  return quoted;
}

}  // namespace omicsfs

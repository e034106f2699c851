// SPDX-License-Identifier: MIT
#include "catalog/json_stream.h"

#include <array>
#include <istream>
#include <nlohmann/json.hpp>
#include <optional>
#include <streambuf>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

using Json = nlohmann::json;

// What the JSON library reads from.
class PieceBuffer final : public std::streambuf {
 public:
  explicit PieceBuffer(const ReadPiece& read) : read_(read) {}
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 protected:
  int_type underflow() override {
    const auto count = read_(piece_);
    if (!count) {
      failure_ = count.error();
    }
    if (!count || *count == 0) {
      return traits_type::eof();
    }
    setg(piece_.data(), piece_.data(), piece_.data() + *count);
    return traits_type::to_int_type(piece_.front());
  }

 private:
  const ReadPiece& read_;
  std::array<char, 65536> piece_{};
  std::optional<Error> failure_;
};

class Events final : public nlohmann::json_sax<Json> {
 public:
  Events(const JsonEvents& events, std::size_t max_depth)
      : events_(events), max_depth_(max_depth) {}

  [[nodiscard]] const Error& error() const { return error_; }

  bool null() override { return give(JsonScalarKind::kNull, ""); }
  bool boolean(bool value) override {
    return give(JsonScalarKind::kBoolean, value ? "true" : "false");
  }
  bool number_integer(std::int64_t value) override {
    return give(JsonScalarKind::kNumber, std::to_string(value));
  }
  bool number_unsigned(std::uint64_t value) override {
    return give(JsonScalarKind::kNumber, std::to_string(value));
  }
  bool number_float(double /*value*/, const std::string& text) override {
    return give(JsonScalarKind::kNumber, text);
  }
  bool string(std::string& value) override {
    return give(JsonScalarKind::kString, value);
  }
  bool binary(Json::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return enter(true); }
  bool end_object() override {
    leave();
    return !events_.object_end || accept(events_.object_end(keys_));
  }
  bool start_array(std::size_t /*size*/) override {
    return enter(false) &&
           (!events_.array_begin || accept(events_.array_begin(keys_)));
  }
  bool end_array() override {
    leave();
    return true;
  }
  bool key(std::string& name) override {
    keys_.back() = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& failure) override {
    constexpr int kOutOfRange = 406;
    error_ = {ErrorCode::kInvalid,
              (failure.id == kOutOfRange ? "a number is out of range at byte "
                                         : "not JSON at byte ") +
                  std::to_string(position)};
    return false;
  }

 private:
  bool accept(const Result<void>& taken) {
    if (!taken) {
      error_ = taken.error();
    }
    return taken.has_value();
  }
  bool give(JsonScalarKind kind, std::string_view text) {
    return !events_.scalar || accept(events_.scalar({keys_, kind, text}));
  }
  // Only objects have keys.
  bool enter(bool object) {
    if (is_object_.size() == max_depth_) {
      error_ = {ErrorCode::kInvalid,
                "nested deeper than " + std::to_string(max_depth_) + " levels"};
      return false;
    }
    is_object_.push_back(object);
    if (object) {
      keys_.emplace_back();
    }
    return true;
  }
  void leave() {
    if (is_object_.back()) {
      keys_.pop_back();
    }
    is_object_.pop_back();
  }

  const JsonEvents& events_;
  const std::size_t max_depth_;
  std::vector<std::string> keys_;
  std::vector<bool> is_object_;
  Error error_{ErrorCode::kInvalid, "not JSON"};
};

}  // namespace

Result<void> stream_json(const ReadPiece& read, const JsonEvents& events,
                         std::size_t max_depth) {
  PieceBuffer buffer(read);
  std::istream document(&buffer);
  Events told(events, max_depth);
  try {
    if (Json::sax_parse(document, &told)) {
      return {};
    }
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kInvalid, failure.what()};
  }
  return buffer.failure() ? *buffer.failure() : told.error();
}

Result<void> stream_json(
    const ReadPiece& read,
    const std::function<Result<void>(const JsonScalar&)>& take,
    std::size_t max_depth) {
  return stream_json(read, JsonEvents{take, {}, {}}, max_depth);
}

}  // namespace omicsfs

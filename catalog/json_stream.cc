// SPDX-License-Identifier: MIT
#include "catalog/json_stream.h"

#include <array>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace omicsfs {
namespace {

using Json = nlohmann::json;

// The parser holds a scalar or a key whole, several times over.
constexpr std::uint64_t kPieceBytes = 65536;
static_assert(kMaxJsonToken % kPieceBytes == 0);

// A document, piece by piece.
class Pieces {
 public:
  explicit Pieces(const ReadPiece& read) : read_(read) {}
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  [[nodiscard]] bool at_end() { return at_ == end_ && !fill(); }
  [[nodiscard]] char front() const { return *at_; }
  void pop_front() { ++at_; }
  // A token ends: the next one may take as many bytes again.
  void token_ended() { untold_ = 0; }

 private:
  bool fill() {
    if (untold_ > kMaxJsonToken && !failure_) {
      failure_ = Error{ErrorCode::kInvalid, "a value or key is longer than " +
                                                std::to_string(kMaxJsonToken) +
                                                " bytes"};
    }
    const Result<std::size_t> count =
        failure_ ? Result<std::size_t>(*failure_) : read_(piece_);
    if (!count) {
      failure_ = count.error();
      return false;
    }
    at_ = piece_.data();
    end_ = at_ + *count;
    untold_ += *count;
    return *count != 0;
  }

  const ReadPiece& read_;
  std::array<char, kPieceBytes> piece_{};
  std::uint64_t untold_ = 0;  // bytes of pieces since a token ended
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::optional<Error> failure_;
};

// Goes through a document; of no document it is the end of any.
class PieceIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  PieceIterator() = default;
  explicit PieceIterator(Pieces& pieces) : pieces_(&pieces) {}
  char operator*() const { return pieces_->front(); }
  PieceIterator& operator++() {
    pieces_->pop_front();
    return *this;
  }
  bool operator==(const PieceIterator& other) const {
    return at_end() == other.at_end();
  }

 private:
  [[nodiscard]] bool at_end() const {
    return pieces_ == nullptr || pieces_->at_end();
  }
  Pieces* pieces_ = nullptr;
};

class Events final : public nlohmann::json_sax<Json> {
 public:
  Events(const JsonEvents& events, std::size_t max_depth, Pieces& pieces)
      : events_(events), max_depth_(max_depth), pieces_(pieces) {}

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
    pieces_.token_ended();
    if (name.size() > kMaxJsonKey) {
      error_ = {
          ErrorCode::kInvalid,
          "a key is longer than " + std::to_string(kMaxJsonKey) + " bytes"};
      return false;
    }
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
    pieces_.token_ended();
    return !events_.scalar || accept(events_.scalar({keys_, kind, text}));
  }
  // Only objects have keys.
  bool enter(bool object) {
    pieces_.token_ended();
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
    pieces_.token_ended();
    if (is_object_.back()) {
      keys_.pop_back();
    }
    is_object_.pop_back();
  }

  const JsonEvents& events_;
  const std::size_t max_depth_;
  Pieces& pieces_;
  std::vector<std::string> keys_;
  std::vector<bool> is_object_;
  Error error_{ErrorCode::kInvalid, "not JSON"};
};

}  // namespace

Result<void> stream_json(const ReadPiece& read, const JsonEvents& events,
                         std::size_t max_depth) {
  Pieces pieces(read);
  Events told(events, max_depth, pieces);
  try {
    if (Json::sax_parse(PieceIterator(pieces), PieceIterator(), &told)) {
      return {};
    }
  } catch (const std::exception& failure) {
    return Error{ErrorCode::kInvalid, failure.what()};
  }
  return pieces.failure() ? *pieces.failure() : told.error();
}

Result<void> stream_json(
    const ReadPiece& read,
    const std::function<Result<void>(const JsonScalar&)>& take,
    std::size_t max_depth) {
  return stream_json(read, JsonEvents{take, {}, {}}, max_depth);
}

}  // namespace omicsfs

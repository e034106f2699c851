// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

// The one way a failure travels between functions of this project: nothing of
// ours throws across a layer.

namespace omicsfs {

// Each code is a decision that some caller makes; errno_of() in fs/ is the one
// table from here to errno.
enum class ErrorCode {
  kNotFound,     // no such name, object or document
  kChanged,      // the server no longer offers the catalogued bytes
  kCorrupt,      // bytes that fail their checksum or published digest
  kUnavailable,  // the network or server failed and retries are spent
  kRefused,      // likewise, and the reason is this url alone: its host has no
                 // address, or the server refuses the object or its size
  kTimedOut,     // the caller's deadline passed first
  kInterrupted,  // the caller gave up (a signal, an unmount)
  kNoSpace,      // the cache has no room; the read goes on uncached
  kInvalid,      // input that breaks its format, or a wrong argument
  kUnsupported,  // bytes in a form that this program does not read
  kIo,           // a local system call failed
};

struct Error {
  ErrorCode code;
  std::string message;  // what was tried on what, and why it failed

  // The same error, told from further out: "<context>: <message>".
  [[nodiscard]] Error within(const std::string& context) const {
    return {code, context + ": " + message};
  }
};

// A value, or the error that kept it from being made. Member names are those
// of std::expected. REQUIRES: has_value() before operator* or operator->;
// !has_value() before error().
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return error;` are the two ways
  // a function ends.
  Result(T value) : state_(std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  [[nodiscard]] const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

// Success, or the error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace omicsfs

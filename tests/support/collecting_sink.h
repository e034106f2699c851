// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "fetch/range_fetch.h"
#include "fetch/transport.h"
#include "tests/support/collected_bytes.h"

// Sinks that keep what they get and let a test wait for the end. Thread-safe.

namespace omicsfs {

class CollectingSink : public ResponseSink, public CollectedBytes {
 public:
  // Called at the end of on_done. Set before the exchange starts.
  std::function<void()> then;
  // Given as the result of on_head. Set before the exchange starts.
  Result<void> head_result;
  // Whether on_started came, and before on_head. Read after wait().
  bool started = false;
  bool started_before_head = false;
  // The head that came. Read after wait().
  std::optional<ResponseHead> head;

  void on_started() override { started = true; }
  Result<void> on_head(const ResponseHead& got) override {
    called('h');
    started_before_head = started;
    head = got;
    return head_result;
  }
  Result<void> on_body(std::span<const std::byte> bytes) override {
    return take(bytes);
  }
  void on_done(Result<void> result) override {
    if (then) {
      then();
    }
    finish(std::move(result));
  }
  [[nodiscard]] bool wanted() const override { return still_wanted(); }
};

class CollectingRangeSink : public RangeSink, public CollectedBytes {
 public:
  Result<void> on_bytes(std::span<const std::byte> bytes) override {
    return take(bytes);
  }
  void on_done(Result<void> result) override { finish(std::move(result)); }
  [[nodiscard]] bool wanted() const override { return still_wanted(); }
};

}  // namespace omicsfs

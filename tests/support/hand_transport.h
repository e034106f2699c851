// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "fetch/transport.h"

namespace omicsfs {

// Keeps what it is to start: the test is the server and the thread, and calls
// the sinks itself. Not thread-safe.
class HandTransport final : public Transport {
 public:
  struct Started {
    Request request;
    std::shared_ptr<ResponseSink> sink;
  };
  void start(Request request, std::shared_ptr<ResponseSink> sink) override {
    started_.push_back({std::move(request), std::move(sink)});
  }
  // The oldest that was not taken.
  Started take() {
    EXPECT_FALSE(started_.empty());
    Started one = std::move(started_.front());
    started_.pop_front();
    return one;
  }
  [[nodiscard]] bool empty() const { return started_.empty(); }
  // Whether the oldest asks for no more than `bytes`.
  [[nodiscard]] bool asks_part(std::uint64_t bytes) const {
    return !empty() && started_.front().request.range.has_value() &&
           started_.front().request.range->length <= bytes;
  }

 private:
  std::deque<Started> started_;
};

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "tests/support/gate.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

namespace omicsfs {
namespace {

timespec time_left(TimePoint time) {
  using std::chrono::nanoseconds;
  const auto left = std::max<nanoseconds>(
      time - std::chrono::steady_clock::now(), nanoseconds(0));
  constexpr long kNanosASecond = 1'000'000'000;
  return {left.count() / kNanosASecond, left.count() % kNanosASecond};
}

void poll_until(std::span<pollfd> polled, Deadline deadline) {
  int ready = -1;
  do {
    const timespec left = time_left(deadline.value_or(TimePoint()));
    ready = ::ppoll(polled.data(), polled.size(), deadline ? &left : nullptr,
                    nullptr);
  } while (ready < 0 && errno == EINTR);
}

}  // namespace

bool wait_until(int socket, TimePoint time) {
  std::array<pollfd, 1> polled = {{{socket, POLLRDHUP, 0}}};
  poll_until(polled, time);
  return polled[0].revents == 0;
}

Gate::Gate() : event_(::eventfd(0, EFD_CLOEXEC)) {}

void Gate::open() { ::eventfd_write(event_.get(), 1); }

bool Gate::wait(int socket, Deadline deadline) const {
  std::array<pollfd, 2> polled = {{
      {event_.get(), POLLIN, 0},
      {socket, POLLRDHUP, 0},
  }};
  poll_until(polled, deadline);
  return polled[1].revents == 0;
}

std::shared_ptr<const Gate> Pauses::gate() const {
  const MutexLock lock(mutex_);
  return gate_;
}

void Pauses::release() {
  auto next = std::make_shared<Gate>();
  std::shared_ptr<Gate> last;
  {
    const MutexLock lock(mutex_);
    last = std::exchange(gate_, std::move(next));
  }
  last->open();
}

}  // namespace omicsfs

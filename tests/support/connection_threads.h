// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <thread>

#include "catalog/unique_fd.h"
#include "fetch/mutex.h"

namespace omicsfs {

// A thread for each open connection, up to a number. Thread-safe.
class ConnectionThreads {
 public:
  using Serve = std::function<void(int socket)>;

  explicit ConnectionThreads(std::size_t limit) : limit_(limit) {}
  // Shuts every socket down and waits for every thread.
  ~ConnectionThreads();
  ConnectionThreads(const ConnectionThreads&) = delete;
  ConnectionThreads& operator=(const ConnectionThreads&) = delete;

  // Whether one more connection may be run; REQUIRES: one caller at a time.
  [[nodiscard]] bool has_room();
  // Serves `socket` on a thread of its own and then closes it.
  void run(UniqueFd socket, const Serve& serve);

 private:
  struct Client {
    UniqueFd socket;
    std::atomic<bool> done = false;
    std::thread thread;
  };

  void serve_client(Client& client, const Serve& serve);
  void reap() REQUIRES_LOCK(mutex_);

  const std::size_t limit_;
  Mutex mutex_;
  std::list<Client> clients_ GUARDED_BY(mutex_);
};

}  // namespace omicsfs

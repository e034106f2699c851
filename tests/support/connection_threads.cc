// SPDX-License-Identifier: MIT
#include "tests/support/connection_threads.h"

#include <pthread.h>
#include <sys/socket.h>

#include <csignal>
#include <utility>

namespace omicsfs {

ConnectionThreads::~ConnectionThreads() {
  std::list<Client> last;
  {
    const MutexLock lock(mutex_);
    for (const Client& client : clients_) {
      ::shutdown(client.socket.get(), SHUT_RDWR);
    }
    last.swap(clients_);
  }
  // Without the lock, which each thread takes to close its socket.
  for (Client& client : last) {
    client.thread.join();
  }
}

bool ConnectionThreads::has_room() {
  const MutexLock lock(mutex_);
  reap();
  return clients_.size() < limit_;
}

void ConnectionThreads::run(UniqueFd socket, const Serve& serve) {
  const MutexLock lock(mutex_);
  Client& client = clients_.emplace_back();
  client.socket = std::move(socket);
  client.thread =
      std::thread([this, &client, serve] { serve_client(client, serve); });
}

void ConnectionThreads::serve_client(Client& client, const Serve& serve) {
  // sendfile has no MSG_NOSIGNAL; a client that goes away is no event here.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  serve(client.socket.get());
  {
    const MutexLock lock(mutex_);
    client.socket.reset();
  }
  client.done = true;
}

void ConnectionThreads::reap() {
  clients_.remove_if([](Client& client) {
    if (client.done) {
      client.thread.join();
    }
    return client.done.load();
  });
}

}  // namespace omicsfs

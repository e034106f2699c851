// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

// stat_load: four threads stat the paths on stdin, below DIRECTORY, in random
// order, for as long as LIMIT_S allows; prints what that took as JSON.
//
// usage: stat_load DIRECTORY LIMIT_S

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kThreads = 4;

std::vector<std::string> shuffled_paths(const std::string& directory) {
  std::vector<std::string> paths;
  for (std::string line; std::getline(std::cin, line);) {
    paths.push_back(std::filesystem::path(directory) / line);
  }
  std::shuffle(paths.begin(), paths.end(), std::mt19937_64(1));
  return paths;
}

class Storm {
 public:
  Storm(std::vector<std::string> paths, Clock::time_point deadline)
      : paths_(std::move(paths)), deadline_(deadline) {}

  void run() {
    std::vector<std::thread> threads;
    for (std::size_t count = 0; count < kThreads; ++count) {
      threads.emplace_back([this] { stat_some(); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }

 private:
  void stat_some() {
    for (std::size_t index = next_++; index < paths_.size(); index = next_++) {
      if (Clock::now() > deadline_) {
        return;
      }
      struct stat facts {};
      failed_ += ::lstat(paths_[index].c_str(), &facts) == 0 ? 0 : 1;
      ++done_;
    }
  }

  const std::vector<std::string> paths_;
  const Clock::time_point deadline_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> done_{0};
  std::atomic<std::size_t> failed_{0};
};

int run(const std::string& directory, int limit_s) {
  std::vector<std::string> paths = shuffled_paths(directory);
  const Clock::time_point start = Clock::now();
  Storm storm(std::move(paths), start + std::chrono::seconds(limit_s));
  storm.run();
  const std::chrono::duration<double> spent = Clock::now() - start;
  if (storm.failed() != 0) {
    std::fprintf(stderr, "stat_load: %zu paths failed\n", storm.failed());
    return 1;
  }
  std::printf("{\"seconds\": %.9f, \"stats\": %zu}\n", spent.count(),
              storm.done());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: stat_load DIRECTORY LIMIT_S <PATHS\n", stderr);
    return 2;
  }
  try {
    return run(argv[1], std::atoi(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stat_load: %s\n", error.what());
    return 1;
  }
}

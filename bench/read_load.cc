// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <latch>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catalog/unique_fd.h"

// read_load: reads files as programs do, and prints what that took as JSON.
// What is read is kept and compared with the same files elsewhere ("truth")
// once the clock has stopped, so that comparing costs the reader nothing.
//
// Exit status: 0; 3 when a byte is wrong; 1 when a read fails.

namespace {

using Clock = std::chrono::steady_clock;

struct WrongBytes : std::runtime_error {
  using runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

struct Arguments {
  std::string order;
  std::size_t block = 1 << 20;
  std::size_t jobs = 1;
  std::size_t reads = 1000;
  double limit_s = 60;
  std::uint64_t seed = 1;
  std::vector<std::string> files;  // path, truth, path, truth, …
};

// Private memory whose pages are there before the clock starts.
class Pages {
 public:
  explicit Pages(std::size_t size) : size_(std::max<std::size_t>(size, 1)) {
    start_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (start_ == MAP_FAILED) {
      fail("memory for the reads");
    }
  }
  ~Pages() { ::munmap(start_, size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  [[nodiscard]] char* at(std::size_t offset) const {
    return static_cast<char*>(start_) + offset;
  }

 private:
  std::size_t size_;
  void* start_;
};

// A file that is known to be right.
class Truth {
 public:
  explicit Truth(const std::string& path) {
    const omicsfs::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (!file.valid() || ::fstat(file.get(), &facts) != 0) {
      fail(path);
    }
    size_ = static_cast<std::size_t>(facts.st_size);
    start_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (start_ == MAP_FAILED) {
      fail(path);
    }
  }
  ~Truth() { ::munmap(start_, size_); }
  Truth(const Truth&) = delete;
  Truth& operator=(const Truth&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  void check(const char* bytes, std::size_t length, std::size_t offset) const {
    if (std::memcmp(bytes, static_cast<const char*>(start_) + offset, length) !=
        0) {
      throw WrongBytes("wrong bytes at " + std::to_string(offset));
    }
  }

 private:
  std::size_t size_ = 0;
  void* start_ = nullptr;
};

struct Read {
  std::size_t offset;
  std::size_t length;
};

// Reads of one file by one thread, and the memory that they go to.
struct Job {
  std::string path;
  std::size_t truth;  // index
  std::vector<Read> reads;
  Pages kept;
  std::size_t done = 0;  // of the reads
};

std::size_t bytes_of(const std::vector<Read>& reads) {
  std::size_t sum = 0;
  for (const Read& read : reads) {
    sum += read.length;
  }
  return sum;
}

std::vector<Read> from_start_to_end(std::size_t size, std::size_t block) {
  std::vector<Read> reads;
  for (std::size_t offset = 0; offset < size; offset += block) {
    reads.push_back({offset, std::min(block, size - offset)});
  }
  return reads;
}

std::vector<Read> at_random(std::size_t size, const Arguments& arguments,
                            std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_int_distribution<std::size_t> blocks(0,
                                                    size / arguments.block - 1);
  std::vector<Read> reads(arguments.reads);
  for (Read& read : reads) {
    read = {blocks(engine) * arguments.block, arguments.block};
  }
  return reads;
}

void read_one(int file, const Read& read, char* into) {
  for (std::size_t done = 0; done < read.length;) {
    const ssize_t count = ::pread(file, into + done, read.length - done,
                                  static_cast<off_t>(read.offset + done));
    if (count < 0) {
      fail("read");
    }
    if (count == 0) {
      throw WrongBytes("the file ends early");
    }
    done += static_cast<std::size_t>(count);
  }
}

void perform(Job& job, Clock::time_point deadline) {
  const omicsfs::UniqueFd file(::open(job.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    fail(job.path);
  }
  std::size_t position = 0;
  for (const Read& read : job.reads) {
    if (Clock::now() > deadline) {
      return;
    }
    read_one(file.get(), read, job.kept.at(position));
    position += read.length;
    ++job.done;
  }
}

class Load {
 public:
  explicit Load(const Arguments& arguments) : arguments_(arguments) {
    for (std::size_t index = 0; index < arguments.files.size() / 2; ++index) {
      truths_.push_back(
          std::make_unique<Truth>(arguments.files[2 * index + 1]));
    }
    arguments.order == "random" ? plan_random() : plan_sequential();
  }

  // Returns the seconds from the first open to the last byte.
  double run() {
    std::latch ready(static_cast<std::ptrdiff_t>(arguments_.jobs) + 1);
    std::vector<std::thread> threads;
    for (std::size_t count = 0; count < arguments_.jobs; ++count) {
      threads.emplace_back([this, &ready] {
        ready.arrive_and_wait();
        work();
      });
    }
    start_ = Clock::now();
    ready.arrive_and_wait();
    for (std::thread& thread : threads) {
      thread.join();
    }
    const std::chrono::duration<double> spent = Clock::now() - start_;
    for (const std::exception_ptr& failure : failures_) {
      std::rethrow_exception(failure);
    }
    return spent.count();
  }

  void check() const {
    for (const auto& job : jobs_) {
      std::size_t position = 0;
      for (std::size_t index = 0; index < job->done; ++index) {
        const Read& read = job->reads[index];
        truths_[job->truth]->check(job->kept.at(position), read.length,
                                   read.offset);
        position += read.length;
      }
    }
  }

  void print(double seconds) const {
    std::size_t reads = 0;
    std::size_t bytes = 0;
    for (const auto& job : jobs_) {
      reads += job->done;
      for (std::size_t index = 0; index < job->done; ++index) {
        bytes += job->reads[index].length;
      }
    }
    std::printf("{\"seconds\": %.9f, \"reads\": %zu, \"bytes\": %zu}\n",
                seconds, reads, bytes);
  }

 private:
  void plan_sequential() {
    for (std::size_t index = 0; index < truths_.size(); ++index) {
      add(index, from_start_to_end(truths_[index]->size(), arguments_.block));
    }
  }

  void plan_random() {
    for (std::size_t count = 0; count < arguments_.jobs; ++count) {
      add(0,
          at_random(truths_[0]->size(), arguments_, arguments_.seed + count));
    }
  }

  void add(std::size_t truth, std::vector<Read> reads) {
    if (arguments_.order == "first") {
      reads.resize(1);
    }
    const std::size_t bytes = bytes_of(reads);
    jobs_.push_back(std::unique_ptr<Job>(new Job{
        arguments_.files[2 * truth], truth, std::move(reads), Pages(bytes)}));
  }

  // Takes jobs until none is left.
  void work() {
    const auto limit = std::chrono::duration<double>(arguments_.limit_s);
    const auto deadline =
        start_ + std::chrono::duration_cast<Clock::duration>(limit);
    try {
      for (std::size_t index = next_++; index < jobs_.size(); index = next_++) {
        perform(*jobs_[index], deadline);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failures_.push_back(std::current_exception());
    }
  }

  const Arguments& arguments_;
  std::vector<std::unique_ptr<Truth>> truths_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::atomic<std::size_t> next_{0};
  Clock::time_point start_;
  std::mutex mutex_;
  std::vector<std::exception_ptr> failures_;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--order", arguments.order,
                 "sequential: each file once, whole; random: --reads blocks of "
                 "the first file by each job; first: one block of each file")
      ->required()
      ->check(CLI::IsMember({"sequential", "random", "first"}));
  app.add_option("--block", arguments.block, "Bytes a read");
  app.add_option("--jobs", arguments.jobs, "Threads");
  app.add_option("--reads", arguments.reads, "Random reads of each job");
  app.add_option("--limit-s", arguments.limit_s, "Begin no read after this");
  app.add_option("--seed", arguments.seed, "Of the random positions");
  app.add_option("files", arguments.files, "FILE TRUTH [FILE TRUTH]…")
      ->required();
}

int run(int argc, char** argv) {
  CLI::App app("Reads files, times the reading, compares the bytes");
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  Load load(arguments);
  const double seconds = load.run();
  load.check();
  load.print(seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const WrongBytes& wrong) {
    std::fprintf(stderr, "read_load: %s\n", wrong.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "read_load: %s\n", error.what());
    return 1;
  }
}

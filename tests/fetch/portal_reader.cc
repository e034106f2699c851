// SPDX-License-Identifier: MIT
//
// Reads files through a cache as a mount does, many at a time.
//
// usage: portal_reader CACHE_DIR SERVER PER_SECOND < files
//
// A line of the input is "<address> <size> <md5>". Each file has a reader of
// its own. When all have read the first half of theirs, "half" is printed, and
// they wait for another line of input; what they read is compared with the md5.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "fetch/block_cache.h"
#include "fetch/curl_transport.h"
#include "fetch/resolving_transport.h"

namespace omicsfs {
namespace {

struct Listed {
  RemoteFile file;
  Digest md5;
};

std::vector<Listed> read_list() {
  std::vector<Listed> files;
  for (std::string line; std::getline(std::cin, line) && !line.empty();) {
    std::istringstream words(line);
    Listed one;
    std::string address;
    std::string md5;
    words >> address >> one.file.size >> md5;
    one.file.urls = {address};
    one.md5 = *parse_digest(DigestKind::kMd5, md5);
    files.push_back(one);
  }
  return files;
}

// What the readers share with a mount, in the order of its making.
struct Network {
  Network(const std::string& cache_dir, const RateRules& rates)
      : direct(std::make_unique<CurlTransport>(
            TransportOptions{.rates = rates, .rate_directory = cache_dir})),
        cache(cache_dir, {std::uint64_t{1} << 40, 0}, {fetcher}, counters, {}) {
  }
  ~Network() {
    cache.end_unpacking();
    direct.reset();
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Counters counters;
  Mirrors mirrors;
  std::unique_ptr<CurlTransport> direct;
  ResolvingTransport transport{*direct,
                               [](const MarkedUrl&) { return std::string(); }};
  RangeFetcher fetcher{transport, mirrors, RetryPolicy{}, counters, 1};
  BlockCache cache;
};

class Reader {
 public:
  Reader(Network& network, Listed listed)
      : listed_(std::move(listed)), source_(network.cache.open(listed_.file)) {}

  bool read_half(std::uint64_t from, std::uint64_t to) {
    bytes_.resize(listed_.file.size);
    const auto out = std::as_writable_bytes(std::span(bytes_));
    const auto read = source_->read_at(
        from, out.subspan(from, to - from),
        {std::chrono::steady_clock::now() + std::chrono::seconds(60), {}});
    if (!read) {
      std::fprintf(stderr, "%s\n", read.error().message.c_str());
    }
    return read.has_value();
  }
  [[nodiscard]] std::uint64_t half() const { return listed_.file.size / 2; }
  [[nodiscard]] std::uint64_t size() const { return listed_.file.size; }
  [[nodiscard]] bool is_right() const {
    return digest_of(DigestKind::kMd5, std::as_bytes(std::span(bytes_))) ==
           listed_.md5;
  }

 private:
  const Listed listed_;
  std::shared_ptr<ByteSource> source_;
  std::string bytes_;
};

// How many of the readers fail at `work`, each in a thread of its own.
template <typename Work>
int failures(std::vector<std::unique_ptr<Reader>>& readers, const Work& work) {
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  threads.reserve(readers.size());
  for (const auto& reader : readers) {
    threads.emplace_back(
        [&failed, &work, &reader] { failed += work(*reader) ? 0 : 1; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return failed;
}

int run(const std::string& cache_dir, const RateRules& rates) {
  const auto files = read_list();
  Network network(cache_dir, rates);
  std::vector<std::unique_ptr<Reader>> readers;
  readers.reserve(files.size());
  for (const Listed& file : files) {
    readers.push_back(std::make_unique<Reader>(network, file));
  }
  int failed = failures(
      readers, [](Reader& one) { return one.read_half(0, one.half()); });
  std::printf("half\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  failed += failures(readers, [](Reader& one) {
    return one.read_half(one.half(), one.size()) && one.is_right();
  });
  std::printf("failed %d\n", failed);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace omicsfs

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: portal_reader CACHE_DIR SERVER PER_SECOND\n");
    return 2;
  }
  setenv("no_proxy", "*", 1);
  using omicsfs::RateRules;
  return omicsfs::run(
      argv[1], RateRules(RateRules::PerSecond{{argv[2], std::atoi(argv[3])}}));
}

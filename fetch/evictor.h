// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fetch/cache_index.h"
#include "fetch/counters.h"
#include "fetch/eviction.h"

namespace omicsfs {

class FileSpace;

using OpenSpaces = std::vector<std::shared_ptr<FileSpace>>;
using ListOpenSpaces = std::function<OpenSpaces()>;

struct EvictionOrder {
  std::uint64_t bytes = 0;  // to free
  std::uint64_t limit = 0;  // of the cache's files
  std::uint64_t now = 0;    // as of UseClock
  Priority priority = Priority::kDemand;
  std::string for_file;  // key of the file that asks; may be empty
};

// Makes room: removes closed files, and punches extents out of those that are
// open here, in the order of choose_victims. Files open in other processes
// stay. Thread-compatible: one eviction at a time.
class Evictor {
 public:
  // `index` and `counters` must outlive it.
  Evictor(std::filesystem::path dir, CacheIndex& index, Counters& counters,
          ListOpenSpaces open_files);

  // Returns the bytes freed, which may be fewer or more than asked for.
  std::uint64_t evict(const EvictionOrder& order);

 private:
  struct Candidates;
  using Keys = std::set<std::string>;

  // All but the files of `passed`, which gave nothing.
  [[nodiscard]] Candidates survey(const EvictionOrder& order,
                                  const Keys& passed);
  struct ClosedPage {
    Heat heat;
    std::size_t enough;  // closed files
  };
  static bool enter_closed(Candidates& all, const IndexedFile& file,
                           const Keys& passed, const ClosedPage& page);
  void survey_closed(Candidates& candidates, const EvictionOrder& order,
                     Heat heat, const Keys& passed);
  std::uint64_t carry_out(const Candidates& candidates,
                          const std::vector<Victim>& victims, Keys& passed);
  std::uint64_t remove(const IndexedFile& file);

  std::filesystem::path dir_;
  CacheIndex& index_;
  Counters& counters_;
  ListOpenSpaces open_files_;
};

}  // namespace omicsfs

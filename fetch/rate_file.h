// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "catalog/unique_fd.h"
#include "fetch/rate_slots.h"

namespace omicsfs {

// The time that all processes of this machine share, and that no one can set:
// CLOCK_BOOTTIME.
[[nodiscard]] RateTime rate_clock();

// The slots of one server, as all processes see them that share a directory: a
// small file, which each reads, changes and writes under a lock. It is opened
// anew each time, so that one that was removed is made again. What the kernel
// does not release with its process needs no care: a place has an end.
//
// A server without places has a file only while it has taught a pace or asked
// for a pause. Where the file cannot be read or written, the slots of this
// process are what counts. Thread-compatible; a call may wait for other
// processes, but not long.
class RateFile {
 public:
  // Tests set the time; the program's is rate_clock().
  using Clock = std::function<RateTime()>;

  RateFile(std::filesystem::path path, std::size_t places,
           Clock clock = rate_clock);

  // Lets `change` alter the slots, and keeps them.
  using Change = std::function<void(RateSlots& slots, RateTime now)>;
  void update(const Change& change);
  // The same where there is a file, or slots that no file could keep. False,
  // and no change, where there are neither.
  bool update_if_known(const Change& change);

  // Whether the last update reached the file.
  [[nodiscard]] bool is_shared() const { return shared_; }

 private:
  void change_slots(UniqueFd fd, const Change& change);
  [[nodiscard]] RateSlots read(int fd) const;

  const std::filesystem::path path_;
  const std::size_t places_;
  const Clock clock_;
  const std::uint64_t boot_;  // which start of the machine this is
  RateSlots own_;             // as this process saw them last
  bool shared_ = false;
};

}  // namespace omicsfs

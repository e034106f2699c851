// SPDX-License-Identifier: MIT
#include "fs/mapped_reads.h"

#include <algorithm>

namespace omicsfs {

bool MappedReads::goes_on(ByteRange read) const {
  return std::any_of(runs_.begin(), runs_.end(), [&](const Run& run) {
    return run.end > run.begin && read.offset >= run.begin &&
           read.end() <= run.end + kGrowth * (run.end - run.begin);
  });
}

bool MappedReads::was_refused(ByteRange read) const {
  return std::any_of(
      refused_.begin(), refused_.end(), [&](const ByteRange& refused) {
        return read.offset >= refused.offset && read.end() <= refused.end();
      });
}

// Extends the run that it goes on from, else begins one in the place of that
// which was of use the longest time ago.
void MappedReads::note(ByteRange read) {
  auto run = std::find_if(runs_.begin(), runs_.end(), [&](const Run& one) {
    return one.end > one.begin && read.offset >= one.begin &&
           read.offset <= one.end;
  });
  if (run == runs_.end()) {
    run = std::min_element(
        runs_.begin(), runs_.end(),
        [](const Run& a, const Run& b) { return a.used < b.used; });
    *run = {read.offset, read.offset, 0};
  }
  run->end = std::max(run->end, read.end());
  run->used = ++reads_;
}

bool MappedReads::refuses(ByteRange read, bool is_here) {
  if (read.length <= small_ || is_here || goes_on(read) || was_refused(read)) {
    note(read);
    return false;
  }
  if (refused_.size() == kRefused) {
    refused_.pop_front();
  }
  refused_.push_back(read);
  return true;
}

}  // namespace omicsfs

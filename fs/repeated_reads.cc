// SPDX-License-Identifier: MIT
#include "fs/repeated_reads.h"

#include <algorithm>
#include <utility>

namespace omicsfs {

void RepeatedReads::remember(Failed failed) {
  if (failed.range.empty()) {
    return;
  }
  if (failed_.size() == kMost) {
    failed_.pop_front();
  }
  failed_.push_back(std::move(failed));
}

void RepeatedReads::note(ByteRange read, const Error& why, TimePoint now) {
  remember({read, why, now, false});
}

bool RepeatedReads::is_recent(const Failed& failed, TimePoint now) const {
  return now - failed.at < (failed.is_second ? kThirdTry : kSecondTry);
}

std::optional<Error> RepeatedReads::tried_again(ByteRange read, TimePoint now) {
  std::erase_if(failed_,
                [&](const Failed& one) { return !is_recent(one, now); });
  const auto found =
      std::find_if(failed_.begin(), failed_.end(), [&](const Failed& one) {
        return read.offset >= one.range.offset && read.end() <= one.range.end();
      });
  if (found == failed_.end()) {
    return std::nullopt;
  }
  const Failed failed = std::move(*found);
  failed_.erase(found);
  const ByteRange before{failed.range.offset,
                         read.offset - failed.range.offset};
  const ByteRange after{read.end(), failed.range.end() - read.end()};
  remember({before, failed.why, failed.at, failed.is_second});
  remember({after, failed.why, failed.at, failed.is_second});
  const bool may_come_again =
      is_mapped_ || failed.why.code == ErrorCode::kTimedOut;
  if (may_come_again && !failed.is_second) {
    remember({read, failed.why, now, true});
  }
  return failed.why;
}

}  // namespace omicsfs

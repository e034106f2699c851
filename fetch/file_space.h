// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "catalog/result.h"
#include "fetch/cached_file.h"
#include "fetch/extent_use.h"
#include "fetch/file_charge.h"

namespace omicsfs {

class CacheSpace;

// Where a survey of open files enters those of their extents that may go.
struct SpaceSurvey {
  Priority priority = Priority::kDemand;
  std::uint64_t now = 0;
  OldestVictims cold;
  OldestVictims ahead;
  OldestVictims hot;
  std::uint64_t hot_bytes = 0;
  std::uint64_t counted_hot_bytes = 0;  // those that the index counts as hot
  std::uint64_t busy_bytes = 0;         // about to be stored
};

// The disk space that one open file takes: it asks for more, knows how each
// part is used, and loses parts by punching. Thread-safe.
class FileSpace {
 public:
  // `space` is null where nothing is cached. Both must outlive it.
  FileSpace(CachedFile& file, CacheSpace* space);

  [[nodiscard]] const std::string& key() const { return file_.disk_key(); }

  // Takes up how the file was used before. Once, after the file's attach().
  void attach();
  // A reader opens it, or has had it open until now.
  void note_used();
  void touch(BlockRun run, Touch touch);

  // Reserves room to store `run`, evicting others, or other parts of this file,
  // as `priority` allows. Errors: kNoSpace, kIo: the run must not be stored; so
  // of a borrowed file.
  Result<Room> reserve(BlockRun run, Priority priority);

  // The same from what the file has been granted already: it waits for nothing.
  std::optional<Room> reserve_held(BlockRun run);

  // Enters the extents that may go, as file number `file`; `asks` says that
  // the room is for this file.
  enum class Asker { kThisFile, kOther };
  void survey(SpaceSurvey& survey, std::size_t file, Asker asker) const;
  // Gives up the blocks of `extents` that nobody is about to store. Returns the
  // bytes that the disk got back: 0 where the file cannot be punched, must not
  // be now, or had nothing there.
  std::uint64_t punch(std::span<const ExtentIndex> extents);

  // The time of the last use, where it is another than at the last call.
  std::optional<std::uint64_t> take_last_use();
  // Returns what was granted and is not needed at the moment, if anything is.
  void return_idle();
  // The last call: settles what the file is charged and notes its use.
  void close();
  // Likewise, but leaves that to what it returns: it waits for the index, and
  // may run when this is gone. Empty where there is nothing to tell.
  [[nodiscard]] std::function<void()> close_later();

 private:
  void settle();
  [[nodiscard]] bool is_hot() const;
  [[nodiscard]] std::uint64_t present_bytes(ExtentIndex extent) const;

  CachedFile& file_;
  CacheSpace* space_;
  FileUse earlier_;                    // constant once attached_
  std::atomic<bool> attached_{false};  // others look at it before
  ExtentUse use_;
  std::shared_ptr<FileCharge> charge_ = std::make_shared<FileCharge>();
  std::atomic<std::uint64_t> opened_at_{0};
  std::atomic<std::uint64_t> last_use_{0};
  std::uint64_t noted_use_ = 0;  // housekeeper's thread only
};

}  // namespace omicsfs

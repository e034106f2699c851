// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json_fields.h"
#include "catalog/patient_lock.h"
#include "catalog/result.h"
#include "catalog/source.h"
#include "fs/settings.h"

// The archives that make up a source such as refine-bio: in settings files, and
// those that `omicsfs add` added, kept in
// <state_dir>/items/<source>.json.

namespace omicsfs {

// An archive as a user or a settings file names it: an http(s) url, or a path,
// which is made absolute. Errors: kInvalid, no place at all.
Result<std::string> archive_place(const std::string& word);

// Whether a source's items may also be buckets and repositories: s3://, hf://.
enum class ItemPlaces { kFiles, kCollections };

// As archive_place, of an item of the source `kind`.
Result<std::string> item_place(const SourceKind& kind, const std::string& word);

// Whether `word` means the item: as its place, as a path to it, or as its name
// in the tree. Pure, but for the working directory.
[[nodiscard]] bool is_item_named(const ArchiveItem& item,
                                 const std::string& word);

// A JSON array whose elements are places, or objects {"place": …, "sha1": …,
// "id": …} of which place is needed. Errors: kInvalid at the element.
Result<std::vector<ArchiveItem>> parse_archive_items(
    const JsonValue& array, ItemPlaces places = ItemPlaces::kFiles);

// As parse_archive_items reads it.
[[nodiscard]] std::string archive_items_json(
    const std::vector<ArchiveItem>& items);

// Those that were added. None where there is no such file. Errors: kInvalid, it
// is damaged; kIo.
Result<std::vector<ArchiveItem>> load_items(
    const std::filesystem::path& state_dir, std::string_view source);
// Keeps `items` in place of those that are there, whole or not at all. Errors:
// kIo, kNoSpace.
Result<void> save_items(const std::filesystem::path& state_dir,
                        std::string_view source,
                        const std::vector<ArchiveItem>& items);

// Who reads the items of a source, and who changes them.
enum class ItemsUse { kRead, kChange };
// Keeps others from changing the items of `source`, or also from reading them,
// for as long as it is held. Errors: kTimedOut, another process holds it, and
// the patience is spent; kInterrupted; kIo.
Result<UniqueFd> lock_items(const std::filesystem::path& state_dir,
                            std::string_view source, ItemsUse use,
                            const LockWait& wait);

// `settings` with the items that were added to each of `sources`; a name of no
// source has none. The server of an item may be at a private address, so items
// of other sources stay out. Errors: as load_items.
Result<Settings> with_added_items(Settings settings,
                                  const std::vector<std::string>& sources);

}  // namespace omicsfs

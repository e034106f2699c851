// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "catalog/snapshot.h"
#include "catalog/snapshot_writer.h"
#include "catalog/tree_builder.h"

namespace omicsfs {

inline constexpr std::int64_t kTestTime = 1700000000;

// Writes a snapshot to `path` with what `fill` adds. Fails the test on errors.
void write_snapshot(const std::filesystem::path& path,
                    const std::function<void(TreeBuilder&)>& fill);
// The same, and opens it.
std::shared_ptr<const Snapshot> composed_snapshot(
    const std::filesystem::path& path,
    const std::function<void(TreeBuilder&)>& fill);

// A remote file of `size` bytes at https://h/<name>.
[[nodiscard]] RemoteFile remote_file_named(const std::string& name,
                                           std::uint64_t size);

}  // namespace omicsfs

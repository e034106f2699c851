// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "catalog/remote_file.h"
#include "catalog/result.h"
#include "fetch/block_origin.h"
#include "fetch/worker_pool.h"

namespace omicsfs {

// The file of this machine at `path`, as a RemoteFile with its absolute path,
// its size, and a validator that changes with the file.
// Errors: kNotFound; kInvalid, no regular file; kIo.
Result<RemoteFile> local_file(const std::filesystem::path& path);

// Where the blocks of a local file come from, while it is as it was: else
// kChanged.
class LocalOrigin final : public BlockOrigin {
 public:
  // `pool` must outlive it.
  LocalOrigin(RemoteFile file, WorkerPool& pool)
      : file_(std::make_shared<const RemoteFile>(std::move(file))),
        pool_(pool) {}

  RangeFetcher::AskAgain fetch(ByteRange range,
                               std::shared_ptr<RangeSink> sink) override;
  [[nodiscard]] LinkSpeed speed() const override { return {}; }

 private:
  const std::shared_ptr<const RemoteFile> file_;
  WorkerPool& pool_;
};

}  // namespace omicsfs

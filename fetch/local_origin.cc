// SPDX-License-Identifier: MIT
#include "fetch/local_origin.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "catalog/unique_fd.h"
#include "fetch/local_io.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kLocalPiece = 16 * kBlockBytes;

// What changes when somebody writes the file or puts another in its place.
std::string validator_of(const struct stat& facts) {
  return std::to_string(facts.st_mtim.tv_sec) + "." +
         std::to_string(facts.st_mtim.tv_nsec) + "-" +
         std::to_string(facts.st_dev) + "-" + std::to_string(facts.st_ino);
}

struct OpenLocal {
  UniqueFd fd;
  struct stat facts {};
};

// O_NONBLOCK: to open a pipe would wait for its other end.
Result<OpenLocal> open_local(const std::filesystem::path& path) {
  OpenLocal local;
  local.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!local.fd.valid() || ::fstat(local.fd.get(), &local.facts) != 0) {
    return system_error("cannot open " + path.string(), errno);
  }
  if (!S_ISREG(local.facts.st_mode)) {
    return Error{ErrorCode::kInvalid, path.string() + " is no regular file"};
  }
  return local;
}

// Gives `range` to the sink, all but its end.
Result<void> give(const RemoteFile& file, ByteRange range, RangeSink& sink) {
  const auto local = open_local(file.local_path);
  if (!local) {
    return local.error();
  }
  const Error changed{ErrorCode::kChanged,
                      file.local_path + " has changed since it was listed"};
  if (validator_of(local->facts) != file.validator) {
    return changed;
  }
  std::vector<std::byte> piece;
  for (std::uint64_t done = 0; done < range.length; done += piece.size()) {
    piece.resize(std::min(range.length - done, kLocalPiece));
    if (!sink.wanted()) {
      return Error{ErrorCode::kInterrupted, "not wanted any more"};
    }
    if (read_up_to(local->fd.get(), range.offset + done, piece) <
        piece.size()) {
      return changed;
    }
    if (auto taken = sink.on_bytes(piece); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace

Result<RemoteFile> local_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) {
    return system_error("cannot find " + path.string(), error.value());
  }
  const auto local = open_local(absolute);
  if (!local) {
    return local.error();
  }
  RemoteFile file;
  file.local_path = absolute.lexically_normal().string();
  file.size = static_cast<std::uint64_t>(local->facts.st_size);
  file.validator = validator_of(local->facts);
  file.modified = local->facts.st_mtim.tv_sec;
  return file;
}

RangeFetcher::AskAgain LocalOrigin::fetch(ByteRange range,
                                          std::shared_ptr<RangeSink> sink) {
  pool_.add([file = file_, range,
             sink = std::move(sink)](const std::stop_token& /*stop*/) {
    sink->on_started();
    sink->on_done(give(*file, range, *sink));
  });
  return [] {};
}

}  // namespace omicsfs

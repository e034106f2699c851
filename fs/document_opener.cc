// SPDX-License-Identifier: MIT
#include "fs/document_opener.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "catalog/gzip_piece.h"
#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "fetch/retry_after.h"
#include "fetch/url.h"

namespace omicsfs {
namespace {

// More is no catalogue: the largest that is known, all metadata of ENCODE's
// files, takes 10 GB.
constexpr std::uint64_t kMaxDocument = std::uint64_t{64} << 30;

// A file that is read from its start to its end.
struct OpenDocument {
  UniqueFd fd;
  std::string name;        // for messages
  std::uint64_t size = 0;  // as it was opened
  std::uint64_t done = 0;
  std::optional<std::int64_t> date{};
};

Result<std::size_t> read_some(OpenDocument& file, std::span<char> out) {
  ssize_t got = -1;
  do {
    got = ::read(file.fd.get(), out.data(), out.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return system_error("cannot read " + file.name, errno);
  }
  if (got == 0 && file.done < file.size) {
    return Error{ErrorCode::kIo, file.name + " became shorter as it was read"};
  }
  file.done += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

ReadPiece pieces_of(OpenDocument file) {
  return inflated_if_gzip(
      [shared = std::make_shared<OpenDocument>(std::move(file))](
          std::span<char> out) { return read_some(*shared, out); });
}

// O_NONBLOCK: to open a pipe would wait for its other end.
Result<OpenDocument> open_path(const std::string& path) {
  OpenDocument file{
      UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), path};
  struct stat facts {};
  if (!file.fd.valid() || ::fstat(file.fd.get(), &facts) != 0) {
    return system_error("cannot open " + path, errno);
  }
  if (!S_ISREG(facts.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is no regular file"};
  }
  file.size = static_cast<std::uint64_t>(facts.st_size);
  file.date = facts.st_mtim.tv_sec;
  return file;
}

// Not every file system knows files without a name.
UniqueFd named_for_a_moment(const std::filesystem::path& directory) {
  std::string name = (directory / "document.XXXXXX").native();
  UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (fd.valid()) {
    ::unlink(name.c_str());
  }
  return fd;
}

Result<UniqueFd> nameless_file(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return system_error("cannot make " + directory.string(), error.value());
  }
  UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    fd = named_for_a_moment(directory);
  }
  if (!fd.valid()) {
    return system_error("cannot make a file in " + directory.string(), errno);
  }
  return fd;
}

}  // namespace

DocumentOpener::DocumentOpener(DocumentFetcher& documents,
                               std::filesystem::path directory,
                               std::stop_token stop, Progress progress)
    : documents_(documents),
      directory_(std::move(directory)),
      stop_(std::move(stop)),
      progress_(std::move(progress)),
      open_([this](const std::string& place) { return open_place(place); }) {}

Result<ReadPiece> DocumentOpener::open_place(const std::string& place) {
  if (is_http_url(place)) {
    return open_url(place);
  }
  if (!place.starts_with('/')) {
    return Error{ErrorCode::kInvalid,
                 place + " is neither a url nor an absolute path"};
  }
  auto file = open_path(place);
  if (!file) {
    return file.error();
  }
  last_date_ = file->date;
  return pieces_of(*std::move(file));
}

Result<ReadPiece> DocumentOpener::open_url(const std::string& url) {
  auto fd = nameless_file(directory_);
  if (!fd) {
    return fd.error();
  }
  const std::string what = "bytes of " + printable_url(url);
  const auto facts =
      documents_.fetch_to(url, {fd->get(), kMaxDocument}, stop_,
                          [&](std::uint64_t done, std::uint64_t total) {
                            if (progress_) {
                              progress_(what, done, total);
                            }
                          });
  if (!facts) {
    return facts.error();
  }
  last_date_ = parse_http_date(facts->validator.last_modified);
  return pieces_of({*std::move(fd), printable_url(url), facts->size});
}

}  // namespace omicsfs

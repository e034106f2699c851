// SPDX-License-Identifier: MIT
#include "fs/errno_of.h"

#include <cerrno>

namespace omicsfs {

int errno_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound:
      return ENOENT;
    case ErrorCode::kChanged:
      return ESTALE;
    case ErrorCode::kTimedOut:
      return ETIMEDOUT;
    case ErrorCode::kInterrupted:
      return EINTR;
    case ErrorCode::kInvalid:
      return EINVAL;
    case ErrorCode::kUnsupported:
      return EOPNOTSUPP;
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnavailable:
    case ErrorCode::kRefused:
    case ErrorCode::kNoSpace:  // met by writers of the cache only
    case ErrorCode::kIo:
      return EIO;
  }
  return EIO;
}

Error of_listed_file(Error error) {
  if (error.code == ErrorCode::kNotFound) {
    error.code = ErrorCode::kUnavailable;
  }
  return error;
}

}  // namespace omicsfs

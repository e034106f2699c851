// SPDX-License-Identifier: MIT
#include <cerrno>
#include <string>
#include <string_view>

#include "fs/fuse_calls.h"

namespace omicsfs {
namespace {

// The reply to a query for `size` bytes of an attribute or list (xattr(7)): its
// length where `size` is 0, ERANGE where it does not fit.
void reply_xattr(fuse_req_t request, const std::string& value,
                 std::size_t size) {
  if (size == 0) {
    fuse_reply_xattr(request, value.size());
  } else if (value.size() > size) {
    fuse_reply_err(request, ERANGE);
  } else {
    fuse_reply_buf(request, value.data(), value.size());
  }
}

}  // namespace

fuse_entry_param entry_of(const struct stat& facts) {
  fuse_entry_param entry{};
  entry.ino = facts.st_ino;
  entry.attr = facts;
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  return entry;
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  const auto found = context_of(request).files.lookup(parent, name);
  if (found) {
    const fuse_entry_param entry = entry_of(*found);
    fuse_reply_entry(request, &entry);
  } else if (found.error().code == ErrorCode::kNotFound) {
    fuse_entry_param absent{};
    absent.entry_timeout = kForever;
    fuse_reply_entry(request, &absent);
  } else {
    reply_error(request, "lookup", parent, found.error());
  }
}

void on_forget(fuse_req_t request, fuse_ino_t /*inode*/, uint64_t /*count*/) {
  fuse_reply_none(request);  // nothing is held for an inode
}

void on_forget_multi(fuse_req_t request, size_t /*count*/,
                     fuse_forget_data* /*forgets*/) {
  fuse_reply_none(request);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode,
                fuse_file_info* /*file*/) {
  const auto facts = context_of(request).files.attributes(inode);
  if (facts) {
    fuse_reply_attr(request, &*facts, kForever);
  } else {
    reply_error(request, "getattr", inode, facts.error());
  }
}

void on_readlink(fuse_req_t request, fuse_ino_t inode) {
  const auto target = context_of(request).files.link_target(inode);
  if (target) {
    fuse_reply_readlink(request, target->c_str());
  } else {
    reply_error(request, "readlink", inode, target.error());
  }
}

void on_statfs(fuse_req_t request, fuse_ino_t /*inode*/) {
  const struct statvfs space = context_of(request).files.space();
  fuse_reply_statfs(request, &space);
}

void on_getxattr(fuse_req_t request, fuse_ino_t inode, const char* name,
                 size_t size) {
  // No other kind exists here. Told that (and not only that this one file has
  // none), ls -l asks once and not for each file.
  if (!std::string_view(name).starts_with("user.")) {
    fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  const auto value = context_of(request).files.xattr(inode, name);
  if (value) {
    reply_xattr(request, *value, size);
  } else if (value.error().code == ErrorCode::kNotFound) {
    fuse_reply_err(request, ENODATA);
  } else {
    reply_error(request, "getxattr", inode, value.error());
  }
}

void on_listxattr(fuse_req_t request, fuse_ino_t inode, size_t size) {
  const auto names = context_of(request).files.xattr_names(inode);
  if (!names) {
    reply_error(request, "listxattr", inode, names.error());
    return;
  }
  std::string list;
  for (const std::string& name : *names) {
    list += name;
    list += '\0';
  }
  reply_xattr(request, list, size);
}

void on_access(fuse_req_t request, fuse_ino_t inode, int mask) {
  if ((mask & W_OK) != 0) {
    fuse_reply_err(request, EROFS);
    return;
  }
  const auto facts = context_of(request).files.attributes(inode);
  if (!facts) {
    reply_error(request, "access", inode, facts.error());
    return;
  }
  const bool runs_file = (mask & X_OK) != 0 && S_ISREG(facts->st_mode);
  fuse_reply_err(request, runs_file ? EACCES : 0);
}

}  // namespace omicsfs

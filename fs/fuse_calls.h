// SPDX-License-Identifier: MIT
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <cstddef>
#include <cstdint>

#include "catalog/result.h"
#include "fs/fuse_ops.h"

// The callbacks of fuse_operations(), each as <fuse_lowlevel.h> describes it:
// one reply to a request, always. They may throw before that reply.

namespace omicsfs {

// A snapshot never changes, so the kernel may keep names, absences and
// attributes for ever: 30 years, in seconds.
inline constexpr double kForever = 1e9;

[[nodiscard]] FuseContext& context_of(fuse_req_t request);
// Answers with the errno of `error`. Reports an unexpected error with the path
// of `inode`: a user knows no inode numbers.
void reply_error(fuse_req_t request, const char* operation, fuse_ino_t inode,
                 const Error& error);

// The reply that names an inode, to be kept for ever.
[[nodiscard]] fuse_entry_param entry_of(const struct stat& facts);

// Names and attributes.
void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
void on_forget(fuse_req_t request, fuse_ino_t inode, uint64_t count);
void on_forget_multi(fuse_req_t request, size_t count,
                     fuse_forget_data* forgets);
void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file);
void on_readlink(fuse_req_t request, fuse_ino_t inode);
void on_statfs(fuse_req_t request, fuse_ino_t inode);
void on_getxattr(fuse_req_t request, fuse_ino_t inode, const char* name,
                 size_t size);
void on_listxattr(fuse_req_t request, fuse_ino_t inode, size_t size);
void on_access(fuse_req_t request, fuse_ino_t inode, int mask);

// Directories.
void on_opendir(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file);
void on_readdir(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
                fuse_file_info* file);
void on_readdirplus(fuse_req_t request, fuse_ino_t inode, size_t size,
                    off_t offset, fuse_file_info* file);

// The bytes of files.
void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file);
void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset,
             fuse_file_info* file);
void on_release(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file);

}  // namespace omicsfs

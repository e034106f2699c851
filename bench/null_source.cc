// SPDX-License-Identifier: MIT
#define FUSE_USE_VERSION 312
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "catalog/unique_fd.h"

// null_source: FUSE's own ceiling. Shows one file that is in memory already, by
// the least program that can, with the settings of omicsfs; without
// passthrough, which takes FUSE out of the way.
//
// usage: null_source FILE MOUNTPOINT     serves until it is unmounted

namespace {

constexpr fuse_ino_t kFile = 2;
constexpr double kForever = 1e9;
constexpr unsigned kMaxTransfer = 1U << 20U;
constexpr unsigned kMaxBackground = 64;
constexpr unsigned kCongestion = 48;
constexpr unsigned kThreads = 64;
constexpr const char* kReadAheadKib = "4096";

struct Content {
  std::string name;
  const char* bytes = nullptr;
  std::size_t size = 0;
};

const Content& content_of(fuse_req_t request) {
  return *static_cast<const Content*>(fuse_req_userdata(request));
}

struct stat facts_of(fuse_ino_t inode, const Content& content) {
  struct stat facts {};
  facts.st_ino = inode;
  facts.st_mode = inode == kFile ? S_IFREG | 0444 : S_IFDIR | 0555;
  facts.st_nlink = inode == kFile ? 1 : 2;
  facts.st_size = inode == kFile ? static_cast<off_t>(content.size) : 0;
  return facts;
}

void on_init(void* /*userdata*/, fuse_conn_info* connection) {
  connection->max_background = kMaxBackground;
  connection->congestion_threshold = kCongestion;
  connection->max_write = kMaxTransfer;
  connection->want &= ~static_cast<unsigned>(
      FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

void on_lookup(fuse_req_t request, fuse_ino_t /*parent*/, const char* name) {
  const Content& content = content_of(request);
  if (content.name != name) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry{};
  entry.ino = kFile;
  entry.attr = facts_of(kFile, content);
  entry.attr_timeout = kForever;
  entry.entry_timeout = kForever;
  fuse_reply_entry(request, &entry);
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info* /*fi*/) {
  const struct stat facts = facts_of(inode, content_of(request));
  fuse_reply_attr(request, &facts, kForever);
}

void on_readdir(fuse_req_t request, fuse_ino_t /*inode*/, size_t /*size*/,
                off_t /*offset*/, fuse_file_info* /*fi*/) {
  fuse_reply_buf(request, nullptr, 0);  // who reads here knows the name
}

void on_read(fuse_req_t request, fuse_ino_t /*inode*/, size_t size,
             off_t offset, fuse_file_info* /*fi*/) {
  const Content& content = content_of(request);
  const std::size_t start =
      std::min(static_cast<std::size_t>(offset), content.size);
  fuse_reply_buf(request, content.bytes + start,
                 std::min(size, content.size - start));
}

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops operations{};
  operations.init = on_init;
  operations.lookup = on_lookup;
  operations.getattr = on_getattr;
  operations.readdir = on_readdir;
  operations.read = on_read;
  return operations;
}

// The mapping lives as long as the program.
bool map_file(const char* path, Content& content) {
  const omicsfs::UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file.valid() || ::fstat(file.get(), &facts) != 0) {
    return false;
  }
  content.name = std::filesystem::path(path).filename();
  content.size = static_cast<std::size_t>(facts.st_size);
  void* start =
      ::mmap(nullptr, content.size, PROT_READ, MAP_SHARED, file.get(), 0);
  content.bytes = static_cast<const char*>(start);
  return start != MAP_FAILED;
}

// From its own thread: the stat is answered by the loop of this program.
void raise_read_ahead(const std::string& mount_point) {
  struct stat facts {};
  if (::stat(mount_point.c_str(), &facts) == 0) {
    std::ofstream("/sys/class/bdi/" + std::to_string(major(facts.st_dev)) +
                  ":" + std::to_string(minor(facts.st_dev)) + "/read_ahead_kb")
        << kReadAheadKib;
  }
}

int serve(fuse_session* session, const char* mount_point) {
  if (fuse_session_mount(session, mount_point) != 0) {
    return 1;
  }
  std::thread raising(raise_read_ahead, std::string(mount_point));
  fuse_loop_config* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, kThreads);
  const int status = fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
  raising.join();
  fuse_session_unmount(session);
  return status == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Content content;
  if (argc != 3 || !map_file(argv[1], content)) {
    std::fputs("usage: null_source FILE MOUNTPOINT\n", stderr);
    return 2;
  }
  fuse_args args = FUSE_ARGS_INIT(0, nullptr);
  fuse_opt_add_arg(&args, "null_source");
  fuse_opt_add_arg(&args, "-oro,fsname=null_source");
  const fuse_lowlevel_ops ops = operations();
  fuse_session* session = fuse_session_new(&args, &ops, sizeof ops, &content);
  fuse_opt_free_args(&args);
  if (session == nullptr) {
    return 1;
  }
  const int status = serve(session, argv[2]);
  fuse_session_destroy(session);
  return status;
}

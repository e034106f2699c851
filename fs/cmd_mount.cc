// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "catalog/snapshot.h"
#include "catalog/source.h"
#include "fs/command.h"
#include "fs/confined_mount.h"
#include "fs/daemon.h"
#include "fs/interrupt_watch.h"
#include "fs/kernel_readahead.h"
#include "fs/log.h"
#include "fs/mount_point.h"
#include "fs/mount_source.h"
#include "fs/mounted_tree.h"
#include "fs/private_servers.h"
#include "fs/progress.h"
#include "fs/refresh.h"
#include "fs/secret_words.h"
#include "fs/source_items.h"
#include "fs/tokens.h"

namespace omicsfs {
namespace {

int fail(const Error& error) {
  fmt::print(stderr, "omicsfs: {}\n", error.message);
  return kExitFailed;
}

// The snapshot of a source that is there, as far as this program can read it.
enum class Found {
  kNone,
  // With other archives as directories than are asked for, or of an older
  // schema: it does where no new one can be made.
  kOther,
  kAsAskedFor,
};

Found find_snapshot(const Settings& settings, const MountSource& source) {
  const auto snapshot = open_current_snapshot(settings.state_dir, source.name);
  if (!snapshot) {
    return Found::kNone;
  }
  const auto members = (*snapshot)->property("members");
  const bool same = source.kind.of_archives ||
                    (members && *members == settings.members.text());
  const bool current = (*snapshot)->header().schema == kSnapshotSchemaVersion;
  return same && current ? Found::kAsAskedFor : Found::kOther;
}

Result<void> refresh_one(const MountSource& source, const Settings& settings,
                         bool take_theirs) {
  const InterruptWatch interrupts;
  Progress progress(STDERR_FILENO);
  RefreshWish wish;
  wish.take_theirs = take_theirs;
  const auto summary = refresh(
      source.named_kind(), settings,
      watch_on_stderr(source.shown, progress, interrupts.token()), wish);
  if (!summary) {
    return summary.error().within(source.shown);
  }
  return {};
}

// Makes the snapshots that are missing, or all where asked to.
Result<void> prepare_snapshots(const MountOptions& options,
                               const std::vector<MountSource>& sources,
                               const Settings& settings) {
  for (const MountSource& source : sources) {
    const Found found = find_snapshot(settings, source);
    const bool there = found != Found::kNone;
    if (found == Found::kAsAskedFor && !options.refresh &&
        !source.may_have_changed()) {
      continue;
    }
    auto refreshed = refresh_one(source, settings, !options.refresh);
    // The network, the state directory or another process keeps us from a new
    // catalog, and the one that is there can be read.
    const bool as_last_seen =
        !refreshed && there && !options.refresh &&
        refreshed.error().code != ErrorCode::kInterrupted &&
        ends_refresh(refreshed.error());
    if (as_last_seen) {
      fmt::print(stderr, "omicsfs: {}; mounted as last seen\n",
                 refreshed.error().message);
    } else if (!refreshed) {
      return refreshed;
    }
  }
  return {};
}

Result<Log> open_log(const MountOptions& options, const Settings& settings) {
  const LogLevel least = options.verbose ? LogLevel::kDebug : LogLevel::kInfo;
  if (options.log_file) {
    return Log::to_file(*options.log_file, least);
  }
  if (options.foreground) {
    return Log::to_stderr(least);
  }
  auto log = Log::to_file(settings.state_dir / "omicsfs.log", least);
  if (log) {
    return log;
  }
  // A state directory that cannot be written holds catalogs all the same.
  fmt::print(stderr, "omicsfs: {}; mounted without a log\n",
             log.error().message);
  return Log::to_stderr(least);
}

std::string mount_name(const std::vector<MountSource>& sources) {
  std::string name;
  for (const MountSource& source : sources) {
    name += (name.empty() ? "" : "+") + source.shown;
  }
  return name;
}

// Where a mount's process changes files.
std::vector<std::filesystem::path> writable_directories(
    const MountOptions& options, const Settings& settings) {
  // Only what is there can be allowed. Where it cannot be made, nothing is
  // cached, and the cache says so.
  std::error_code ignored;
  std::filesystem::create_directories(settings.cache.dir, ignored);
  std::vector<std::filesystem::path> directories = {settings.state_dir,
                                                    settings.cache.dir};
  if (options.log_file) {  // is renamed there when it is full
    directories.push_back(
        std::filesystem::path(*options.log_file).parent_path());
  }
#ifdef OMICSFS_COUNTS_DIR
  directories.emplace_back(OMICSFS_COUNTS_DIR);
#endif
  return directories;
}

// What can only be done once the kernel and we talk: the first call waits for
// that, and so shows that the mount answers.
void finish_mount(const std::string& mount_point,
                  const Result<UniqueFd>& read_ahead, const Log& log) {
  struct statvfs space {};
  if (::statvfs(mount_point.c_str(), &space) != 0) {
    log.write(LogLevel::kWarning, mount_point + ": does not answer");
    return;
  }
  const auto raised = read_ahead ? raise_read_ahead(*read_ahead)
                                 : Result<void>(read_ahead.error());
  if (!raised) {
    log.write(LogLevel::kDebug, "the kernel's read-ahead stays as it is: " +
                                    raised.error().message);
  }
}

int serve(const MountOptions& options, const std::vector<MountSource>& what,
          const Settings& settings, Readiness& readiness) {
  // A write to stderr that nobody reads must not end the mount, also before
  // the signals are watched.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  const auto headers = secret_headers(settings);
  if (!headers) {
    return fail(headers.error());
  }
  hide_tokens(environ);
  auto unmounter = Unmounter::start();
  const auto log = open_log(options, settings);
  if (!log) {
    return fail(log.error());
  }
  auto sources = open_sources(settings, what);
  if (!sources) {
    return fail(sources.error());
  }
  const std::string where = mount_name(what) + " at " + options.mount_point;
  // A signal that comes before it is watched for must not leave a mount behind.
  const BlockedInterrupts until_watched(BrokenPipe::kEndsToo);
  // Ends when the mount is gone at the latest, and so is destroyed after it.
  std::jthread first_user;
  auto mount = mount_confined(
      {options.mount_point, mount_name(what), options.allow_other,
       options.kernel_options},
      {writable_directories(options, settings), settings.passthrough},
      unmounter, *log);
  if (!mount) {
    log->write(LogLevel::kError, mount.error().message);
    return fail(mount.error());
  }
  const InterruptWatch interrupts(BrokenPipe::kEndsToo);
  const auto on_ready = [&] {
    first_user = std::jthread([&, read_ahead = std::move(mount->read_ahead)] {
      finish_mount(options.mount_point, read_ahead, *log);
      log->write(LogLevel::kInfo, "mounted " + where);
      readiness.ready();
    });
  };
  MountedTree tree(settings, *std::move(sources), *log,
                   {*headers, interrupts.token(), on_ready});
  if (!tree.why_uncached().empty()) {
    fmt::print(stderr,
               "omicsfs: warning: nothing is cached in {}: {}. Name another "
               "directory with --cache-dir or cache.dir, or have its owner "
               "share it with a group (chmod 2770)\n",
               settings.cache.dir.string(), tree.why_uncached());
  }
  const auto served = tree.serve(*mount->session);
  if (!served) {
    log->write(LogLevel::kError, served.error().message);
    return fail(served.error());
  }
  log->write(LogLevel::kInfo, "unmounted " + where);
  return kExitDone;
}

}  // namespace

int run_mount(const MountOptions& options, const Settings& given) {
  const auto sources = mount_sources(options.sources, given.endpoints);
  if (!sources) {
    return fail(sources.error());
  }
  const Settings settings = with_places(given, *sources);
  auto mount_point = prepare_mount_point(options.mount_point);
  if (!mount_point) {
    return fail(mount_point.error());
  }
  MountOptions absolute = options;
  absolute.mount_point = mount_point->string();
  if (options.log_file) {
    absolute.log_file = std::filesystem::absolute(*options.log_file).string();
  }
  if (auto prepared = prepare_snapshots(absolute, *sources, settings);
      !prepared) {
    return fail(prepared.error());
  }
  // The user named the servers of the items that he added to these sources.
  std::vector<std::string> names;
  for (const MountSource& source : *sources) {
    names.push_back(source.name);
  }
  const auto serving = with_added_items(settings, names);
  if (!serving) {
    return fail(serving.error());
  }
  for (const MountSource& source : *sources) {
    warn_of_private_servers(source.name, source.shown, *serving);
  }
  if (options.foreground) {
    close_inherited();
    Readiness nobody_waits;
    return serve(absolute, *sources, *serving, nobody_waits);
  }
  return run_in_background([&](Readiness& readiness) {
    return serve(absolute, *sources, *serving, readiness);
  });
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "fs/cache_sharing.h"
#include "fs/command.h"
#include "fs/command_line.h"
#include "fs/secret_words.h"
#include "fs/settings_file.h"

namespace omicsfs {
namespace {

int say(const Farewell& farewell) {
  std::FILE* stream = farewell.status == kExitDone ? stdout : stderr;
  std::fputs(farewell.text.c_str(), stream);
  return farewell.status;
}

int run_with(const UmountOptions& options, const Settings& /*settings*/) {
  return run_umount(options);
}
int run_with(const MountOptions& options, const Settings& settings) {
  return run_mount(options, settings);
}
int run_with(const RefreshOptions& options, const Settings& settings) {
  return run_refresh(options, settings);
}
int run_with(const AddOptions& options, const Settings& settings) {
  return run_add(options, settings);
}
int run_with(const RemoveOptions& options, const Settings& settings) {
  return run_remove(options, settings);
}
int run_with(const FindOptions& options, const Settings& settings) {
  return run_find(options, settings);
}
int run_with(const FacetsOptions& options, const Settings& settings) {
  return run_facets(options, settings);
}
int run_with(const SourcesOptions& options, const Settings& settings) {
  return run_sources(options, settings);
}
int run_with(const LsOptions& options, const Settings& settings) {
  return run_ls(options, settings);
}
int run_with(const ManifestOptions& options, const Settings& settings) {
  return run_manifest(options, settings);
}
int run_with(const CacheStatusOptions& options, const Settings& settings) {
  return run_cache_status(options, settings);
}

int run(Invocation invocation) {
  // A mistake in the settings must not keep anybody from unmounting.
  if (const auto* umount = std::get_if<UmountOptions>(&invocation.command)) {
    return run_umount(*umount);
  }
  const Environment environment = process_environment();
  const auto merged =
      load_settings(invocation.config, invocation.flags, environment);
  if (!merged) {
    fmt::print(stderr, "omicsfs: {}\n", merged.error().message);
    return kExitFailed;
  }
  for (const std::string& warning : merged->warnings) {
    fmt::print(stderr, "omicsfs: warning: {}\n", warning);
  }
  follow_sharing(merged->settings);
  auto* mount = std::get_if<MountOptions>(&invocation.command);
  const auto log = environment.find("OMICSFS_LOG");
  if (mount != nullptr && !mount->log_file && log != environment.end() &&
      !log->second.empty()) {
    mount->log_file = log->second;
  }
  return std::visit(
      [&](const auto& options) { return run_with(options, merged->settings); },
      invocation.command);
}

int run_words(std::span<const std::string> words) {
  auto parsed = parse_command_line(words);
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    return say(*farewell);
  }
  return run(std::get<Invocation>(std::move(parsed)));
}

// Where one was left closed, the next file that is opened would get its number,
// and messages would be written into that file.
void open_standard_streams() {
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) {
    ::close(opened);
  }
}

// A result that could not be written is not a success.
int with_output_checked(int status) {
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (status == kExitDone && !written) {
    std::fputs("omicsfs: cannot write to stdout\n", stderr);
    return kExitFailed;
  }
  return status;
}

}  // namespace
}  // namespace omicsfs

int main(int argc, char** argv) {
  omicsfs::open_standard_streams();
  // Whatever it makes is its user's alone, but for a shared cache
  // (cache_sharing.h).
  ::umask(S_IRWXG | S_IRWXO);
  // A file that may not grow (ulimit -f) is a full disk, no reason to die.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0),
                                         argv + argc);
    for (char* word : std::span(argv, static_cast<std::size_t>(argc))) {
      omicsfs::hide_secrets({word, std::strlen(word)});
    }
    return omicsfs::with_output_checked(omicsfs::run_words(words));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "omicsfs: %s\n", error.what());
    return omicsfs::kExitFailed;
  }
}

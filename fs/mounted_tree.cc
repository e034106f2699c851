// SPDX-License-Identifier: MIT
#include "fs/mounted_tree.h"

#include <unistd.h>

#include <utility>

#include "catalog/snapshot.h"
#include "fs/descriptor_limit.h"
#include "fs/network_options.h"
#include "fs/read_deadline.h"

namespace omicsfs {

Result<std::vector<MountedSource>> open_sources(
    const Settings& settings, const std::vector<MountSource>& sources) {
  std::vector<MountedSource> opened;
  for (const MountSource& source : sources) {
    auto snapshot = open_current_snapshot(settings.state_dir, source.name);
    if (!snapshot) {
      return snapshot.error().within(source.shown);
    }
    const bool is_patient =
        settings.source(source.name).patient.value_or(source.kind.is_patient);
    opened.push_back({source.shown, *std::move(snapshot), is_patient});
  }
  return opened;
}

MountedTree::MountedTree(const Settings& settings,
                         std::vector<MountedSource> sources, Log log,
                         Surroundings around)
    : log_(std::move(log)),
      stop_(std::move(around.stop)),
      mirrors_(settings.mirrors),
      transport_(std::make_unique<CurlTransport>(transport_options(settings))),
      resolving_(*transport_, std::move(around.headers)),
      fetcher_(resolving_, mirrors_, retry_policy(settings.network), counters_),
      cache_(settings.cache.dir,
             {settings.cache.limit, settings.cache.keep_free},
             {fetcher_, fetch_limits(settings.network, machine_memory(),
                                     raise_descriptor_limit())},
             counters_,
             [this](const CacheReport& report) {
               log_.write(LogLevel::kError, report.message);
             }),
      backing_(open_backing(settings)),
      passthrough_(backing_ == nullptr
                       ? nullptr
                       : std::make_unique<Passthrough>(*backing_, counters_)),
      files_(std::move(sources), cache_, {::getuid(), ::getgid()},
             passthrough_.get()),
      context_{files_,
               read_deadline(settings.network.timeout, kernel_timeouts()),
               stop_,
               [this](const std::string& message) {
                 log_.write(LogLevel::kWarning, message);
               },
               std::move(around.on_ready),
               backing_.get()} {
  if (!cache_.why_uncached().empty()) {
    log_.write(LogLevel::kWarning,
               "nothing is cached: " + cache_.why_uncached());
  }
  if (context_.read_deadline < settings.network.timeout) {
    log_.write(LogLevel::kWarning,
               "reads end after " +
                   std::to_string(context_.read_deadline.count()) +
                   " ms: the kernel limits FUSE requests");
  }
}

std::unique_ptr<KernelBacking> MountedTree::open_backing(
    const Settings& settings) const {
  const auto refused = [this](const std::string& why) {
    log_.write(LogLevel::kDebug, "no file is passed through: " + why);
  };
  if (!settings.passthrough || !cache_.why_uncached().empty()) {
    return nullptr;
  }
  if (const auto may = may_pass_through(); !may) {
    refused(may.error().message);
    return nullptr;
  }
  return std::make_unique<KernelBacking>(stack_depth_below(settings.cache.dir),
                                         refused);
}

// The transport goes first: it ends the fetches, which use all the others; what
// starts fetches by itself goes before it.
MountedTree::~MountedTree() {
  cache_.end_unpacking();
  transport_.reset();
}

Result<void> MountedTree::serve(FuseSession& session) {
  const std::stop_callback end(stop_, [&session] { session.stop(); });
  return session.serve(context_);
}

}  // namespace omicsfs

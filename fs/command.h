// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/record_finder.h"
#include "fs/refine_request.h"
#include "fs/settings.h"

// The commands: what each is asked to do, and the function that does it, in
// the file of its name. Each prints its result on stdout and what went wrong
// on stderr, and returns an exit status.

namespace omicsfs {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

enum class OutputFormat { kText, kJson };

struct MountOptions {
  // Known names, and places of archives (mount_source.h); at least one.
  std::vector<std::string> sources;
  std::string mount_point;  // as given
  bool foreground = false;
  bool verbose = false;
  bool refresh = false;  // also where a snapshot is there already
  bool allow_other = false;
  // Words for the kernel, of nosuid, nodev, noexec and noatime, as given.
  std::vector<std::string> kernel_options;
  std::optional<std::string> log_file;
};

struct UmountOptions {
  std::string mount_point;
  bool lazy = false;  // detach now, end when the last open file is closed
};

struct RefreshOptions {
  std::vector<std::string> sources;  // known names, no repeats; none = all
  bool allow_empty = false;          // as SourceInput has it
};

struct AddOptions {
  std::string source;              // a known name, of a source with items
  std::vector<std::string> items;  // places of archives or manifests, or none
  std::optional<Digest> sha1;      // of the one item
  std::string id;                  // the one item's name in the tree, or ""
  std::optional<RefineRequest> request;  // in the place of items
  bool accept_terms = false;
};

struct RemoveOptions {
  std::string source;              // a known name, of a source with items
  std::vector<std::string> items;  // places, or names in the tree
};

enum class FindFormat { kText, kPaths, kTsv, kJson, kCount };

struct FindOptions {
  std::string source;  // a known name
  std::vector<FieldCondition> conditions;
  std::string kind;  // of records; "" = all
  FindFormat format = FindFormat::kText;
};

struct FacetsOptions {
  std::string source;  // a known name
  std::string field;   // "" = all fields
  OutputFormat format = OutputFormat::kText;
};

struct SourcesOptions {
  OutputFormat format = OutputFormat::kText;
};

struct LsOptions {
  std::string source;  // a known name
  std::string path;    // within the source; "" = its root
  bool details = false;
  OutputFormat format = OutputFormat::kText;
};

struct CacheStatusOptions {
  OutputFormat format = OutputFormat::kText;
};

int run_mount(const MountOptions& options, const Settings& settings);
int run_umount(const UmountOptions& options);
int run_refresh(const RefreshOptions& options, const Settings& settings);
int run_add(const AddOptions& options, const Settings& settings);
int run_remove(const RemoveOptions& options, const Settings& settings);
int run_find(const FindOptions& options, const Settings& settings);
int run_facets(const FacetsOptions& options, const Settings& settings);
int run_sources(const SourcesOptions& options, const Settings& settings);
int run_ls(const LsOptions& options, const Settings& settings);
int run_cache_status(const CacheStatusOptions& options,
                     const Settings& settings);

}  // namespace omicsfs

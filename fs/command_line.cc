// SPDX-License-Identifier: MIT
#include "fs/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <set>

#include "catalog/entry_name.h"
#include "catalog/source.h"
#include "fs/mount_source.h"
#include "fs/mount_words.h"

namespace omicsfs {
namespace {

constexpr const char* kProgramFooter =
    R"(Settings come from these flags, then from OMICSFS_* variables, then from
~/.config/omicsfs/config.json, then from /etc/omicsfs/config.json; see
omicsfs.json(5). The flags may stand before or after the command.

Example: omicsfs mount abc-atlas ~/abc && ls ~/abc/latest)";

constexpr const char* kMountFooter =
    R"(Nothing is downloaded beforehand: a file's bytes come when they are first
read, and stay in the cache. One source: MOUNTPOINT is its root; several: each
has a directory of its name. A source never refreshed is refreshed first.

A zip archive, a path or url, is mounted by itself: its members are unpacked as
they are read, and nothing else of it. Of a source, a zip or npz is a file, and
beside it, as NAME.d/, unpacked; -o members=PATTERN:... or none says which ones.

Example: omicsfs mount abc-atlas ~/abc
         omicsfs mount https://example.org/HOMO_SAPIENS.zip ~/human
         omicsfs mount -o allow_other,cache.limit=100G abc-atlas /data/abc)";

constexpr const char* kUmountFooter = R"(Example: omicsfs umount ~/abc)";

constexpr const char* kRefreshFooter =
    R"(Mounted sources show the new catalog the next time they are mounted. When a
refresh fails, the catalog that is there stays.

Example: omicsfs refresh abc-atlas)";

constexpr const char* kAddFooter =
    R"(Adds archives by their paths or urls, or asks refine.bio for them:
  compendium ORGANISM…     the newest compendium of an organism
  dataset ID…              a dataset that was made before
  experiment ACCESSION…    a new dataset of these experiments; it is waited for
An archive is read when it is added; one that cannot be is not added. Mounted
sources show it the next time they are mounted.

Example: omicsfs add refine-bio ~/Downloads/SRP164913.zip
         omicsfs add refine-bio compendium DANIO_RERIO --rna-seq
         omicsfs add refine-bio experiment SRP066781 --email me@example.org)";

constexpr const char* kFindFooter =
    R"(Prints what meets all conditions, a line each: its kind, its name, where it is
in the source's tree, and its fields. Case does not count in values. Needs a
refreshed source, and neither a mount nor the network. `omicsfs facets` lists
what can be asked for.

Example: omicsfs find encode assay="TF ChIP-seq" target=CTCF format=bigWig
         omicsfs find --paths encode experiment=ENCSR133RZO
         omicsfs find --kind sample --json refine-bio sex=female)";

constexpr const char* kFacetsFooter =
    R"(Without FIELD, each field and how many different values it has; with it, its
values, the most frequent first. Needs a refreshed source, and neither a mount
nor the network.

Example: omicsfs facets encode
         omicsfs facets encode assay)";

constexpr const char* kSourcesFooter = R"(Example: omicsfs sources --json)";

constexpr const char* kLsFooter =
    R"(Needs a refreshed source, and neither a mount nor the network.

Example: omicsfs ls -l abc-atlas/releases)";

constexpr const char* kCacheFooter = R"(Example: omicsfs cache status --json)";

// What the words mean, as CLI11 fills it in.
struct Words {
  std::string config;
  std::string base_url;
  // Settings in the order of kSettingFlags.
  std::vector<std::string> settings;
  std::vector<std::string> mount_words;
  std::vector<std::string> mount_places;  // sources, then the mount point
  std::string log_file;
  std::string ls_target;
  bool json = false;
  MountOptions mount;
  UmountOptions umount;
  RefreshOptions refresh;
  LsOptions ls;
  AddOptions add;
  FindOptions find;
  FacetsOptions facets;
  ManifestOptions manifest;
  bool paths = false;
  bool tsv = false;
  bool count = false;
  std::vector<std::string> conditions;
  std::string sha1;
  RefineRequest request;
  std::string by = "experiment";
  std::string scale = "none";
  bool no_quantile = false;
};

struct SettingFlag {
  const char* flag;
  const char* key;
  const char* type;
  const char* help;
};

constexpr std::array<SettingFlag, 5> kSettingFlags = {{
    {"--state-dir", "state_dir", "DIR", "Where catalogs and logs are kept"},
    {"--cache-dir", "cache.dir", "DIR", "Where fetched bytes are kept"},
    {"--cache-limit", "cache.limit", "SIZE",
     "The most that the cache may take, as in 20G"},
    {"--keep-free", "cache.keep_free", "SIZE",
     "What stays free on the cache's disk, as in 2G"},
    {"--passthrough", "passthrough", "BOOL",
     "Let the kernel read complete, verified files itself, where it can"},
}};

// CLI11 would have the sources take the mount point too, so both are one option
// to it, and only the help tells them apart.
class MountHelp : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* /*app*/,
                         std::string /*name*/) const override {
    return "Usage: omicsfs mount [OPTIONS] SOURCE... MOUNTPOINT\n";
  }
};

// The words were understood, but ask for something that cannot be.
Farewell usage_error(const std::string& message) {
  return {"omicsfs: " + message + "\n", kExitUsage};
}

void add_program_options(CLI::App& app, Words& words) {
  app.fallthrough();
  app.require_subcommand(1);
  app.footer(kProgramFooter);
  app.set_version_flag("--version", "omicsfs " OMICSFS_VERSION,
                       "Print the version and exit");
  app.add_option("--config", words.config,
                 "Read this settings file and no other")
      ->type_name("FILE");
  words.settings.resize(kSettingFlags.size());
  for (std::size_t index = 0; index < kSettingFlags.size(); ++index) {
    const SettingFlag& flag = kSettingFlags.at(index);
    app.add_option(flag.flag, words.settings[index], flag.help)
        ->type_name(flag.type);
  }
  app.add_option("--base-url", words.base_url,
                 "Where the one source named is published")
      ->type_name("URL");
}

void add_mount(CLI::App& app, Words& words) {
  CLI::App* mount =
      app.add_subcommand("mount", "Mount sources as a read-only directory");
  mount->footer(kMountFooter);
  mount->formatter(std::make_shared<MountHelp>());
  mount->add_flag("-f,--foreground", words.mount.foreground,
                  "Stay in the foreground, log to stderr");
  mount->add_flag("-v,--verbose", words.mount.verbose, "Log in more detail");
  mount->add_flag("--refresh", words.mount.refresh,
                  "Refresh the sources first");
  mount
      ->add_option("--log", words.log_file,
                   "Log to this file; else to omicsfs.log in the state "
                   "directory")
      ->type_name("FILE");
  mount
      ->add_option("-o", words.mount_words,
                   "Options with commas between them: allow_other, settings "
                   "such as cache.limit=10G, and the words of fstab(5)")
      ->type_name("OPTIONS")
      ->allow_extra_args(false);
  mount
      ->add_option(
          "PLACES", words.mount_places,
          "Sources or zip archives (paths, urls), then the mount point")
      ->type_name("");
}

void add_umount(CLI::App& app, Words& words) {
  CLI::App* umount = app.add_subcommand("umount", "Unmount what mount mounted");
  umount->footer(kUmountFooter);
  umount->add_flag("-l,--lazy", words.umount.lazy,
                   "Detach now, end when the last open file is closed");
  umount->add_option("MOUNTPOINT", words.umount.mount_point, "What to unmount")
      ->required()
      ->type_name("");
}

void add_refresh(CLI::App& app, Words& words) {
  CLI::App* refresh = app.add_subcommand(
      "refresh", "Fetch the index of sources and build their catalogs");
  refresh->footer(kRefreshFooter);
  refresh
      ->add_option("SOURCE", words.refresh.sources,
                   "What to refresh; all known sources if none is named")
      ->type_name("");
}

void add_add(CLI::App& app, Words& words) {
  CLI::App* add = app.add_subcommand(
      "add", "Add archives to a source that is made of them");
  add->footer(kAddFooter);
  add->add_option("--sha1", words.sha1,
                  "The published SHA-1 of the one archive, to be checked")
      ->type_name("HEX");
  add->add_option("--id", words.add.id,
                  "The one archive's name in the tree; else its file's")
      ->type_name("NAME");
  add->add_option("SOURCE", words.add.source, "What to add to: refine-bio")
      ->required()
      ->type_name("");
  add->add_flag("--rna-seq", words.request.rna_seq,
                "Of a compendium: RNA-seq samples, not normalized together");
  add->add_option("--by", words.by,
                  "Of experiments: experiment, species or all in one matrix")
      ->type_name("WHAT");
  add->add_option("--scale", words.scale,
                  "Of experiments: none, minmax, standard or robust")
      ->type_name("HOW");
  add->add_flag("--no-quantile-normalize", words.no_quantile,
                "Of experiments: leave quantiles as they are");
  add->add_option("--email", words.request.wish.email,
                  "Of experiments: refine.bio wants an address")
      ->type_name("ADDRESS");
  add->add_flag("--accept-terms", words.add.accept_terms,
                "Agree to refine.bio's terms of use without being asked");
  add->add_option("ARCHIVE", words.add.items,
                  "Paths or urls of zip archives, or a request as below")
      ->required()
      ->type_name("");
}

void add_find(CLI::App& app, Words& words) {
  CLI::App* find = app.add_subcommand(
      "find", "Find what a source describes by its metadata");
  find->footer(kFindFooter);
  find->add_option("--kind", words.find.kind,
                   "Only records of this kind: experiment, file, sample")
      ->type_name("KIND");
  CLI::Option* const json = find->add_flag("--json", words.json, "Print JSON");
  CLI::Option* const paths = find->add_flag(
      "--paths", words.paths, "Print where they are in the tree, and no more");
  CLI::Option* const tsv = find->add_flag(
      "--tsv", words.tsv, "Print a table with a header, a column a field");
  CLI::Option* const count =
      find->add_flag("--count", words.count, "Print how many there are");
  json->excludes(paths, tsv, count);
  paths->excludes(tsv, count);
  tsv->excludes(count);
  find->add_option("SOURCE", words.find.source, "Where to look")
      ->required()
      ->type_name("");
  find->add_option("FIELD=VALUE", words.conditions,
                   "What must hold; all is printed if nothing is given")
      ->type_name("");
}

void add_facets(CLI::App& app, Words& words) {
  CLI::App* facets = app.add_subcommand(
      "facets", "List what `find` can ask a source for, and how much is there");
  facets->footer(kFacetsFooter);
  facets->add_flag("--json", words.json, "Print JSON");
  facets->add_option("SOURCE", words.facets.source, "Where to look")
      ->required()
      ->type_name("");
  facets->add_option("FIELD", words.facets.field, "List the values of this one")
      ->type_name("");
}

void add_sources(CLI::App& app, Words& words) {
  CLI::App* sources = app.add_subcommand(
      "sources", "List what can be mounted, its newest release and its size");
  sources->footer(kSourcesFooter);
  sources->add_flag("--json", words.json, "Print JSON");
}

void add_ls(CLI::App& app, Words& words) {
  CLI::App* ls =
      app.add_subcommand("ls", "List a directory of a source without a mount");
  ls->footer(kLsFooter);
  ls->add_flag("-l", words.ls.details, "Also mode, links, size and date (UTC)");
  ls->add_flag("--json", words.json, "Print JSON");
  ls->add_option("PLACE", words.ls_target, "SOURCE or SOURCE/PATH")
      ->required()
      ->type_name("");
}

void add_cache(CLI::App& app, Words& words) {
  CLI::App* cache = app.add_subcommand("cache", "Look at the cache");
  cache->require_subcommand(1);
  cache->footer(kCacheFooter);
  CLI::App* status = cache->add_subcommand(
      "status", "Show where the cache is, its limit and what is in it");
  status->footer(kCacheFooter);
  status->add_flag("--json", words.json, "Print JSON");
}

// The sources that the command names.
std::vector<std::string> named_sources(const Command& command) {
  if (const auto* mount = std::get_if<MountOptions>(&command)) {
    return mount->sources;
  }
  if (const auto* refresh = std::get_if<RefreshOptions>(&command)) {
    return refresh->sources;
  }
  if (const auto* ls = std::get_if<LsOptions>(&command)) {
    return {ls->source};
  }
  if (const auto* add = std::get_if<AddOptions>(&command)) {
    return {add->source};
  }
  if (const auto* find = std::get_if<FindOptions>(&command)) {
    return {find->source};
  }
  if (const auto* facets = std::get_if<FacetsOptions>(&command)) {
    return {facets->source};
  }
  return {};
}

Result<void> check_sources(const std::vector<std::string>& names,
                           bool archives) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const bool archive = archives && means_place(name);
    if (const auto kind = find_source(name); !archive && !kind) {
      return kind.error();
    }
    if (!seen.insert(name).second) {
      return Error{ErrorCode::kInvalid, name + " is named twice"};
    }
  }
  return {};
}

Result<std::vector<Assignment>> assignments(
    const Words& words, const std::vector<std::string>& sources) {
  std::vector<Assignment> flags;
  for (std::size_t index = 0; index < kSettingFlags.size(); ++index) {
    const SettingFlag& flag = kSettingFlags.at(index);
    if (!words.settings[index].empty()) {
      flags.push_back({flag.key, words.settings[index], flag.flag});
    }
  }
  if (words.base_url.empty()) {
    return flags;
  }
  if (sources.size() != 1 || !find_source(sources[0])) {
    return Error{ErrorCode::kInvalid, "--base-url needs exactly one source"};
  }
  flags.push_back(
      {"sources." + sources[0] + ".base_url", words.base_url, "--base-url"});
  return flags;
}

// A bad value of a flag is an error of usage, so it is found before any file
// is read. The home directory only has to be some directory.
Result<void> check_flags(const std::vector<Assignment>& flags) {
  const auto merged = merge_settings({{}, {{"HOME", "/"}}, flags});
  return merged ? Result<void>() : merged.error();
}

Result<MountOptions> mount_options(const Words& words,
                                   std::vector<Assignment>& flags) {
  if (words.mount_places.size() < 2) {
    return Error{ErrorCode::kInvalid,
                 "mount needs a source and a mount point, as in `omicsfs mount "
                 "abc-atlas ~/abc`"};
  }
  MountOptions options = words.mount;
  options.sources = words.mount_places;
  options.mount_point = options.sources.back();
  options.sources.pop_back();
  if (!words.log_file.empty()) {
    options.log_file = words.log_file;
  }
  for (const std::string& list : words.mount_words) {
    auto parsed = parse_mount_words(list);
    if (!parsed) {
      return parsed.error();
    }
    options.allow_other |= parsed->allow_other;
    options.kernel_options.insert(options.kernel_options.end(),
                                  parsed->kernel_options.begin(),
                                  parsed->kernel_options.end());
    flags.insert(flags.end(), parsed->assignments.begin(),
                 parsed->assignments.end());
  }
  return options;
}

// `word` in upper case, where it is one of `known`.
Result<std::string> one_of(std::string word,
                           std::initializer_list<std::string_view> known,
                           const char* flag) {
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (std::find(known.begin(), known.end(), word) == known.end()) {
    return Error{ErrorCode::kInvalid, std::string(flag) + ": " +
                                          omicsfs::quoted(word) +
                                          " is none that refine.bio knows"};
  }
  return word;
}

// "compendium …", "dataset …", "experiment …" with what the flags say.
Result<RefineRequest> refine_request(const Words& words,
                                     RefineRequest::What what) {
  RefineRequest request = words.request;
  request.what = what;
  request.names.assign(words.add.items.begin() + 1, words.add.items.end());
  auto by = one_of(words.by, {"EXPERIMENT", "SPECIES", "ALL"}, "--by");
  auto scale =
      one_of(words.scale, {"NONE", "MINMAX", "STANDARD", "ROBUST"}, "--scale");
  if (!by || !scale) {
    return by ? scale.error() : by.error();
  }
  request.wish.aggregate_by = *std::move(by);
  request.wish.scale_by = *std::move(scale);
  request.wish.quantile_normalize = !words.no_quantile;
  if (request.names.empty()) {
    return Error{ErrorCode::kInvalid,
                 words.add.items.front() + " of what? A name must follow"};
  }
  if (what == RefineRequest::What::kExperiments && request.wish.email.empty()) {
    return Error{ErrorCode::kInvalid,
                 "refine.bio wants an address: --email ADDRESS"};
  }
  return request;
}

Result<void> check_one_archive(const AddOptions& options,
                               const std::string& sha1) {
  const bool one = options.items.size() == 1 && !options.request;
  if (!one && !(sha1.empty() && options.id.empty())) {
    return Error{ErrorCode::kInvalid,
                 "--sha1 and --id need exactly one archive"};
  }
  const auto checked =
      options.id.empty() ? Result<void>() : check_entry_name(options.id);
  return checked ? checked : checked.error().within("--id");
}

Result<AddOptions> add_options(const Words& words) {
  AddOptions options = words.add;
  const auto kind = find_source(options.source);
  if (kind && !(*kind)->of_archives) {
    return Error{ErrorCode::kInvalid,
                 options.source + " is not made of archives that one can add"};
  }
  if (const auto what = request_kind(options.items)) {
    auto request = refine_request(words, *what);
    if (!request) {
      return request.error();
    }
    options.request = *std::move(request);
    options.items.clear();
  }
  if (const auto checked = check_one_archive(options, words.sha1); !checked) {
    return checked.error();
  }
  if (!words.sha1.empty()) {
    auto digest = parse_digest(DigestKind::kSha1, words.sha1);
    if (!digest) {
      return digest.error().within("--sha1");
    }
    options.sha1 = *std::move(digest);
  }
  return options;
}

FindFormat find_format(const Words& words) {
  if (words.json) {
    return FindFormat::kJson;
  }
  if (words.paths) {
    return FindFormat::kPaths;
  }
  if (words.tsv) {
    return FindFormat::kTsv;
  }
  return words.count ? FindFormat::kCount : FindFormat::kText;
}

Result<FindOptions> find_options(const Words& words) {
  FindOptions options = words.find;
  options.format = find_format(words);
  for (const std::string& word : words.conditions) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{ErrorCode::kInvalid, omicsfs::quoted(word) +
                                            " is no condition such as "
                                            "organism=HOMO_SAPIENS"};
    }
    options.conditions.push_back(
        {word.substr(0, equals), word.substr(equals + 1)});
  }
  return options;
}

LsOptions ls_options(const Words& words, OutputFormat format) {
  LsOptions options = words.ls;
  const std::size_t slash = words.ls_target.find('/');
  options.source = words.ls_target.substr(0, slash);
  if (slash != std::string::npos) {
    options.path = words.ls_target.substr(slash + 1);
  }
  options.format = format;
  return options;
}

FacetsOptions facets_options(const Words& words, OutputFormat format) {
  FacetsOptions options = words.facets;
  options.format = format;
  return options;
}

template <typename Options>
Result<Command> as_command(Result<Options> options) {
  return options ? Result<Command>(*std::move(options)) : options.error();
}

// A command by its name; -o of a mount may add to `flags`.
struct CommandOf {
  std::string_view name;
  Result<Command> (*options)(const Words& words, OutputFormat format,
                             std::vector<Assignment>& flags);
};

using Flags = std::vector<Assignment>;

constexpr std::array<CommandOf, 10> kCommands = {{
    {"mount",
     [](const Words& words, OutputFormat, Flags& flags) {
       return as_command(mount_options(words, flags));
     }},
    {"umount", [](const Words& words, OutputFormat,
                  Flags&) { return Result<Command>(words.umount); }},
    {"refresh", [](const Words& words, OutputFormat,
                   Flags&) { return Result<Command>(words.refresh); }},
    {"manifest", [](const Words& words, OutputFormat,
                    Flags&) { return Result<Command>(words.manifest); }},
    {"sources", [](const Words&, OutputFormat format,
                   Flags&) { return Result<Command>(SourcesOptions{format}); }},
    {"ls", [](const Words& words, OutputFormat format,
              Flags&) { return Result<Command>(ls_options(words, format)); }},
    {"find", [](const Words& words, OutputFormat,
                Flags&) { return as_command(find_options(words)); }},
    {"facets",
     [](const Words& words, OutputFormat format, Flags&) {
       return Result<Command>(facets_options(words, format));
     }},
    {"add", [](const Words& words, OutputFormat,
               Flags&) { return as_command(add_options(words)); }},
    {"cache",
     [](const Words&, OutputFormat format, Flags&) {
       return Result<Command>(CacheStatusOptions{format});
     }},
}};

// The command that was given. REQUIRES: exactly one was.
Result<Command> chosen_command(const CLI::App& app, const Words& words,
                               Flags& flags) {
  const OutputFormat format =
      words.json ? OutputFormat::kJson : OutputFormat::kText;
  const std::string name = app.get_subcommands().front()->get_name();
  const auto* const command =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const CommandOf& one) { return one.name == name; });
  return command != kCommands.end()
             ? command->options(words, format, flags)
             : Error{ErrorCode::kInvalid, name + " is no command"};
}

Result<Invocation> invocation(const CLI::App& app, const Words& words) {
  std::vector<Assignment> mount_flags;
  auto command = chosen_command(app, words, mount_flags);
  if (!command) {
    return command.error();
  }
  const std::vector<std::string> sources = named_sources(*command);
  const bool archives = std::holds_alternative<MountOptions>(*command);
  if (const auto checked = check_sources(sources, archives); !checked) {
    return checked.error();
  }
  auto flags = assignments(words, sources);
  if (!flags) {
    return flags.error();
  }
  flags->insert(flags->end(), mount_flags.begin(), mount_flags.end());
  if (const auto checked = check_flags(*flags); !checked) {
    return checked.error();
  }
  Invocation result{*std::move(command), std::nullopt, *std::move(flags)};
  if (!words.config.empty()) {
    result.config = words.config;
  }
  return result;
}

// The deepest command that was begun: the one whose help is of use.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* current = &app;
  while (!current->get_subcommands().empty()) {
    current = current->get_subcommands().front();
  }
  return *current;
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name()
                           : full_name(*parent) + " " + app.get_name();
}

Farewell farewell(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    std::ostringstream out;
    app.exit(error, out, out);
    return {out.str(), kExitDone};
  }
  // A word that means nothing is the likelier mistake than one that is missing.
  const std::vector<std::string> unknown = app.remaining(true);
  const std::string what = unknown.empty() ? error.what()
                                           : omicsfs::quoted(unknown.front()) +
                                                 " means nothing here";
  return usage_error(what + "\nTry '" + full_name(innermost(app)) +
                     " --help'.");
}

}  // namespace

std::variant<Invocation, Farewell> parse_command_line(
    std::span<const std::string> words) {
  CLI::App app("Mount public omics data releases as read-only directories",
               "omicsfs");
  Words parsed;
  add_program_options(app, parsed);
  add_mount(app, parsed);
  add_umount(app, parsed);
  add_refresh(app, parsed);
  add_add(app, parsed);
  add_find(app, parsed);
  add_facets(app, parsed);
  add_sources(app, parsed);
  add_ls(app, parsed);
  add_cache(app, parsed);
  add_manifest_command(app, parsed.manifest);
  try {
    // CLI11 takes the words last first.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return farewell(app, error);
  }
  auto result = invocation(app, parsed);
  if (!result) {
    return usage_error(result.error().message);
  }
  return *std::move(result);
}

}  // namespace omicsfs

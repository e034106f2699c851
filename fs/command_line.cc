// SPDX-License-Identifier: MIT
#include "fs/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <set>

#include "catalog/entry_name.h"
#include "catalog/source.h"
#include "fs/command_words.h"
#include "fs/mount_source.h"
#include "fs/mount_words.h"

namespace omicsfs {
namespace {

// The words were understood, but ask for something that cannot be.
Farewell usage_error(const std::string& message) {
  return {"omicsfs: " + message + "\n", kExitUsage};
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
  if (const auto* remove = std::get_if<RemoveOptions>(&command)) {
    return {remove->source};
  }
  if (const auto* find = std::get_if<FindOptions>(&command)) {
    return {find->source};
  }
  if (const auto* facets = std::get_if<FacetsOptions>(&command)) {
    return {facets->source};
  }
  return {};
}

Result<void> check_sources(const std::vector<std::string>& names, bool places) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const bool place = places && means_place(name);
    if (const auto kind = find_source(name); !place && !kind) {
      return kind.error();
    }
    if (!seen.insert(name).second) {
      return Error{ErrorCode::kInvalid, name + " is named twice"};
    }
  }
  return {};
}

Result<std::vector<Assignment>> assignments(
    const CommandWords& words, const std::vector<std::string>& sources) {
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

Result<MountOptions> mount_options(const CommandWords& words,
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
Result<RefineRequest> refine_request(const CommandWords& words,
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

// Errors: kInvalid, nothing can be added to the source.
Result<void> check_takes_items(const std::string& source) {
  const auto kind = find_source(source);
  return kind && !(*kind)->takes_items()
             ? Error{ErrorCode::kInvalid,
                     source +
                         " has no archives or manifests that one can add "
                         "or remove; refine-bio and manifest have"}
             : Result<void>();
}

Result<RemoveOptions> remove_options(const CommandWords& words) {
  auto taken = check_takes_items(words.remove.source);
  return taken ? Result<RemoveOptions>(words.remove) : taken.error();
}

Result<AddOptions> add_options(const CommandWords& words) {
  AddOptions options = words.add;
  const auto kind = find_source(options.source);
  if (auto taken = check_takes_items(options.source); !taken) {
    return taken.error();
  }
  const bool of_manifests = kind && (*kind)->of_manifests;
  if (of_manifests && !(words.sha1.empty() && options.id.empty())) {
    return Error{ErrorCode::kInvalid, "--sha1 and --id are for archives"};
  }
  if (const auto what = request_kind(options.items); what && !of_manifests) {
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

FindFormat find_format(const CommandWords& words) {
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

Result<FindOptions> find_options(const CommandWords& words) {
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

LsOptions ls_options(const CommandWords& words, OutputFormat format) {
  LsOptions options = words.ls;
  const std::size_t slash = words.ls_target.find('/');
  options.source = words.ls_target.substr(0, slash);
  if (slash != std::string::npos) {
    options.path = words.ls_target.substr(slash + 1);
  }
  options.format = format;
  return options;
}

FacetsOptions facets_options(const CommandWords& words, OutputFormat format) {
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
  Result<Command> (*options)(const CommandWords& words, OutputFormat format,
                             std::vector<Assignment>& flags);
};

using Flags = std::vector<Assignment>;

constexpr std::array<CommandOf, 11> kCommands = {{
    {"mount",
     [](const CommandWords& words, OutputFormat, Flags& flags) {
       return as_command(mount_options(words, flags));
     }},
    {"umount", [](const CommandWords& words, OutputFormat,
                  Flags&) { return Result<Command>(words.umount); }},
    {"refresh", [](const CommandWords& words, OutputFormat,
                   Flags&) { return Result<Command>(words.refresh); }},
    {"manifest", [](const CommandWords& words, OutputFormat,
                    Flags&) { return Result<Command>(words.manifest); }},
    {"sources", [](const CommandWords&, OutputFormat format,
                   Flags&) { return Result<Command>(SourcesOptions{format}); }},
    {"ls", [](const CommandWords& words, OutputFormat format,
              Flags&) { return Result<Command>(ls_options(words, format)); }},
    {"find", [](const CommandWords& words, OutputFormat,
                Flags&) { return as_command(find_options(words)); }},
    {"facets",
     [](const CommandWords& words, OutputFormat format, Flags&) {
       return Result<Command>(facets_options(words, format));
     }},
    {"add", [](const CommandWords& words, OutputFormat,
               Flags&) { return as_command(add_options(words)); }},
    {"remove", [](const CommandWords& words, OutputFormat,
                  Flags&) { return as_command(remove_options(words)); }},
    {"cache",
     [](const CommandWords&, OutputFormat format, Flags&) {
       return Result<Command>(CacheStatusOptions{format});
     }},
}};

// The command that was given. REQUIRES: exactly one was.
Result<Command> chosen_command(const CLI::App& app, const CommandWords& words,
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

Result<Invocation> invocation(const CLI::App& app, const CommandWords& words) {
  std::vector<Assignment> mount_flags;
  auto command = chosen_command(app, words, mount_flags);
  if (!command) {
    return command.error();
  }
  const std::vector<std::string> sources = named_sources(*command);
  const bool places = std::holds_alternative<MountOptions>(*command) ||
                      std::holds_alternative<RefreshOptions>(*command);
  if (const auto checked = check_sources(sources, places); !checked) {
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
  CommandWords parsed;
  add_commands(app, parsed);
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

// SPDX-License-Identifier: MIT
#include "fs/command_words.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>

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
refresh fails, the catalog that is there stays. A bad entry of a source is left
out with a warning; README.txt at the source's root lists the warnings.

Example: omicsfs refresh abc-atlas)";

constexpr const char* kAddFooter =
    R"(Adds archives by their paths or urls, or asks refine.bio for them:
  compendium ORGANISM…     the newest compendium of an organism
  dataset ID…              a dataset that was made before
  experiment ACCESSION…    a new dataset of these experiments; it is waited for
An archive or manifest is read when it is added; where one of them cannot be,
nothing is added. Mounted sources show it the next time they are mounted.

Example: omicsfs add refine-bio ~/Downloads/SRP164913.zip
         omicsfs add manifest https://example.org/datapackage.json
         omicsfs add refine-bio compendium DANIO_RERIO --rna-seq
         omicsfs add refine-bio experiment SRP066781 --email me@example.org)";

constexpr const char* kRemoveFooter =
    R"(ITEM is what was added, by its path or url, or by its name in the tree. The
source is refreshed at once. What the settings name is removed from the settings.

Example: omicsfs remove refine-bio SRP164913
         omicsfs remove manifest https://example.org/datapackage.json)";

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

// CLI11 would have the sources take the mount point too, so both are one option
// to it, and only the help tells them apart.
class MountHelp : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* /*app*/,
                         std::string /*name*/) const override {
    return "Usage: omicsfs mount [OPTIONS] SOURCE... MOUNTPOINT\n";
  }
};

void add_program_options(CLI::App& app, CommandWords& words) {
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

void add_mount(CLI::App& app, CommandWords& words) {
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

void add_umount(CLI::App& app, CommandWords& words) {
  CLI::App* umount = app.add_subcommand("umount", "Unmount what mount mounted");
  umount->footer(kUmountFooter);
  umount->add_flag("-l,--lazy", words.umount.lazy,
                   "Detach now, end when the last open file is closed");
  umount->add_option("MOUNTPOINT", words.umount.mount_point, "What to unmount")
      ->required()
      ->type_name("");
}

void add_refresh(CLI::App& app, CommandWords& words) {
  CLI::App* refresh = app.add_subcommand(
      "refresh", "Fetch the index of sources and build their catalogs");
  refresh->footer(kRefreshFooter);
  refresh->add_flag("--allow-empty", words.refresh.allow_empty,
                    "Accept that the new catalog, or a document of it, has no "
                    "files or is another one");
  refresh
      ->add_option("SOURCE", words.refresh.sources,
                   "What to refresh: sources, or places as `mount` takes "
                   "them; all configured sources if none is named")
      ->type_name("");
}

void add_add(CLI::App& app, CommandWords& words) {
  CLI::App* add = app.add_subcommand(
      "add", "Add archives or manifests to a source that is made of them");
  add->footer(kAddFooter);
  add->add_option("--sha1", words.sha1,
                  "The published SHA-1 of the one archive, to be checked")
      ->type_name("HEX");
  add->add_option("--id", words.add.id,
                  "The one archive's name in the tree; else its file's")
      ->type_name("NAME");
  add->add_option("SOURCE", words.add.source,
                  "What to add to: refine-bio or manifest")
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
                  "Paths or urls of zip archives or of manifests, or a request "
                  "as below")
      ->required()
      ->type_name("");
}

void add_remove(CLI::App& app, CommandWords& words) {
  CLI::App* remove = app.add_subcommand(
      "remove", "Remove archives or manifests that were added to a source");
  remove->footer(kRemoveFooter);
  remove
      ->add_option("SOURCE", words.remove.source,
                   "What to remove from: refine-bio or manifest")
      ->required()
      ->type_name("");
  remove
      ->add_option("ITEM", words.remove.items,
                   "What was added: paths, urls or names in the tree")
      ->required()
      ->type_name("");
}

void add_find(CLI::App& app, CommandWords& words) {
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

void add_facets(CLI::App& app, CommandWords& words) {
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

void add_sources(CLI::App& app, CommandWords& words) {
  CLI::App* sources = app.add_subcommand(
      "sources", "List what can be mounted, its newest release and its size");
  sources->footer(kSourcesFooter);
  sources->add_flag("--json", words.json, "Print JSON");
}

void add_ls(CLI::App& app, CommandWords& words) {
  CLI::App* ls =
      app.add_subcommand("ls", "List a directory of a source without a mount");
  ls->footer(kLsFooter);
  ls->add_flag("-l", words.ls.details, "Also mode, links, size and date (UTC)");
  ls->add_flag("--json", words.json, "Print JSON");
  ls->add_option("PLACE", words.ls_target, "SOURCE or SOURCE/PATH")
      ->required()
      ->type_name("");
}

void add_cache(CLI::App& app, CommandWords& words) {
  CLI::App* cache = app.add_subcommand("cache", "Look at the cache");
  cache->require_subcommand(1);
  cache->footer(kCacheFooter);
  CLI::App* status = cache->add_subcommand(
      "status", "Show where the cache is, its limit and what is in it");
  status->footer(kCacheFooter);
  status->add_flag("--json", words.json, "Print JSON");
}

}  // namespace

void add_commands(CLI::App& app, CommandWords& words) {
  add_program_options(app, words);
  add_mount(app, words);
  add_umount(app, words);
  add_refresh(app, words);
  add_add(app, words);
  add_remove(app, words);
  add_find(app, words);
  add_facets(app, words);
  add_sources(app, words);
  add_ls(app, words);
  add_cache(app, words);
  add_manifest_command(app, words.manifest);
}

}  // namespace omicsfs

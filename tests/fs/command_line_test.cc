// SPDX-License-Identifier: MIT
#include "fs/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace omicsfs {
namespace {

using Words = std::vector<std::string>;

Invocation accepted(const Words& words) {
  auto parsed = parse_command_line(words);
  const auto* invocation = std::get_if<Invocation>(&parsed);
  if (invocation == nullptr) {
    ADD_FAILURE() << std::get<Farewell>(parsed).text;
    return {};
  }
  return *invocation;
}

template <typename Options>
Options accepted_as(const Words& words) {
  const Invocation invocation = accepted(words);
  const auto* options = std::get_if<Options>(&invocation.command);
  EXPECT_NE(options, nullptr);
  return options == nullptr ? Options{} : *options;
}

Farewell farewell(const Words& words) {
  auto parsed = parse_command_line(words);
  const auto* text = std::get_if<Farewell>(&parsed);
  EXPECT_NE(text, nullptr);
  return text == nullptr ? Farewell{} : *text;
}

// The message of a usage error.
std::string words_refused(const Words& words) {
  const Farewell result = farewell(words);
  EXPECT_EQ(result.status, kExitUsage);
  EXPECT_TRUE(result.text.starts_with("omicsfs: ")) << result.text;
  EXPECT_TRUE(result.text.ends_with("\n")) << result.text;
  return result.text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CommandLine, TakesSourceAndMountPoint) {
  const auto options = accepted_as<MountOptions>({"mount", "abc-atlas", "/m"});
  EXPECT_EQ(options.sources, Words{"abc-atlas"});
  EXPECT_EQ(options.mount_point, "/m");
  EXPECT_FALSE(options.foreground);
  EXPECT_FALSE(options.verbose);
  EXPECT_FALSE(options.refresh);
  EXPECT_FALSE(options.allow_other);
  EXPECT_FALSE(options.log_file);
}

TEST(CommandLine, TakesEveryFlagOfMount) {
  const Invocation invocation = accepted(
      {"mount", "-f", "-v", "--refresh", "--log", "/l", "-o",
       "ro,allow_other,noexec", "-o", "cache.limit=10G", "abc-atlas", "/m"});
  const auto& options = std::get<MountOptions>(invocation.command);
  EXPECT_TRUE(options.foreground);
  EXPECT_TRUE(options.verbose);
  EXPECT_TRUE(options.refresh);
  EXPECT_TRUE(options.allow_other);
  EXPECT_EQ(options.log_file, "/l");
  EXPECT_EQ(options.kernel_options, Words{"noexec"});
  EXPECT_EQ(
      invocation.flags,
      (std::vector<Assignment>{{"cache.limit", "10G", "-o cache.limit"}}));
}

TEST(CommandLine, TakesOptionsAfterTheMountPointAsMount8GivesThem) {
  const auto options =
      accepted_as<MountOptions>({"mount", "abc-atlas", "/m", "-o", "ro,nodev"});
  EXPECT_EQ(options.sources, Words{"abc-atlas"});
  EXPECT_EQ(options.mount_point, "/m");
  EXPECT_EQ(options.kernel_options, Words{"nodev"});
}

TEST(CommandLine, TakesSettingsBeforeAndAfterTheCommand) {
  const std::vector<Assignment> expected = {
      {"state_dir", "/s", "--state-dir"},
      {"cache.dir", "/c", "--cache-dir"},
      {"cache.limit", "3G", "--cache-limit"},
      {"cache.keep_free", "1G", "--keep-free"},
      {"passthrough", "false", "--passthrough"},
      {"sources.abc-atlas.base_url", "http://x", "--base-url"}};
  const Words flags = {"--config",      "f",    "--state-dir",   "/s",
                       "--cache-dir",   "/c",   "--cache-limit", "3G",
                       "--keep-free",   "1G",   "--base-url",    "http://x",
                       "--passthrough", "false"};
  Words before = flags;
  before.insert(before.end(), {"mount", "abc-atlas", "/m"});
  Words after = {"mount", "abc-atlas", "/m"};
  after.insert(after.end(), flags.begin(), flags.end());
  for (const Words& words : {before, after}) {
    const Invocation invocation = accepted(words);
    EXPECT_EQ(invocation.config, "f");
    EXPECT_EQ(invocation.flags, expected);
  }
}

TEST(CommandLine, TakesTheOtherCommands) {
  EXPECT_FALSE(accepted_as<UmountOptions>({"umount", "/m"}).lazy);
  const auto umount = accepted_as<UmountOptions>({"umount", "-l", "/m"});
  EXPECT_TRUE(umount.lazy);
  EXPECT_EQ(umount.mount_point, "/m");
  EXPECT_TRUE(accepted_as<RefreshOptions>({"refresh"}).sources.empty());
  EXPECT_EQ(accepted_as<RefreshOptions>({"refresh", "abc-atlas"}).sources,
            Words{"abc-atlas"});
  EXPECT_EQ(accepted_as<SourcesOptions>({"sources"}).format,
            OutputFormat::kText);
  EXPECT_EQ(accepted_as<SourcesOptions>({"sources", "--json"}).format,
            OutputFormat::kJson);
  EXPECT_EQ(accepted_as<CacheStatusOptions>({"cache", "status"}).format,
            OutputFormat::kText);
  EXPECT_EQ(
      accepted_as<CacheStatusOptions>({"cache", "status", "--json"}).format,
      OutputFormat::kJson);
}

TEST(CommandLine, TakesArchivesInPlaceOfSources) {
  const auto options = accepted_as<MountOptions>(
      {"mount", "https://h/a.zip?x=1", "b.npz", "./c", "abc-atlas", "/m"});
  EXPECT_EQ(options.sources,
            (Words{"https://h/a.zip?x=1", "b.npz", "./c", "abc-atlas"}));
}

TEST(CommandLine, TakesWhatIsToBeAdded) {
  const auto many =
      accepted_as<AddOptions>({"add", "refine-bio", "a.zip", "https://h/b"});
  EXPECT_EQ(many.source, "refine-bio");
  EXPECT_EQ(many.items, (Words{"a.zip", "https://h/b"}));
  EXPECT_FALSE(many.sha1);
  const std::string hex(40, 'a');
  const auto one = accepted_as<AddOptions>(
      {"add", "--sha1", hex, "--id", "name", "refine-bio", "a.zip"});
  EXPECT_EQ(one.sha1->hex, hex);
  EXPECT_EQ(one.id, "name");
}

TEST(CommandLine, TakesWhatIsToBeRemoved) {
  const auto options =
      accepted_as<RemoveOptions>({"remove", "refine-bio", "SRP1", "b.zip"});
  EXPECT_EQ(options.source, "refine-bio");
  EXPECT_EQ(options.items, (Words{"SRP1", "b.zip"}));
  EXPECT_EQ(accepted_as<RemoveOptions>({"remove", "manifest", "s3://b"}).items,
            Words{"s3://b"});
}

TEST(CommandLine, TakesManifestsThatAreToBeAdded) {
  const auto options =
      accepted_as<AddOptions>({"add", "manifest", "dataset", "s3://b/x"});
  EXPECT_EQ(options.items, (Words{"dataset", "s3://b/x"}));
  EXPECT_FALSE(options.request) << "refine.bio alone is asked for datasets";
}

TEST(CommandLine, TakesARefreshThatMayEmptyACatalog) {
  EXPECT_FALSE(accepted_as<RefreshOptions>({"refresh"}).allow_empty);
  EXPECT_TRUE(
      accepted_as<RefreshOptions>({"refresh", "--allow-empty"}).allow_empty);
}

TEST(CommandLine, TakesWhatIsToBeAskedOfRefineBio) {
  const auto compendium = accepted_as<AddOptions>(
      {"add", "refine-bio", "compendium", "DANIO_RERIO", "--rna-seq"});
  ASSERT_TRUE(compendium.request);
  EXPECT_EQ(compendium.request->what, RefineRequest::What::kCompendium);
  EXPECT_EQ(compendium.request->names, Words{"DANIO_RERIO"});
  EXPECT_TRUE(compendium.request->rna_seq);
  EXPECT_FALSE(compendium.accept_terms);
  const auto experiment = accepted_as<AddOptions>(
      {"add", "refine-bio", "experiment", "SRP1", "SRP2", "--by", "species",
       "--scale", "MinMax", "--no-quantile-normalize", "--email", "a@b.c",
       "--accept-terms"});
  const RefineRequest& request = *experiment.request;
  EXPECT_EQ(request.what, RefineRequest::What::kExperiments);
  EXPECT_EQ(request.names, (Words{"SRP1", "SRP2"}));
  EXPECT_EQ(request.wish.aggregate_by, "SPECIES");
  EXPECT_EQ(request.wish.scale_by, "MINMAX");
  EXPECT_FALSE(request.wish.quantile_normalize);
  EXPECT_EQ(request.wish.email, "a@b.c");
  EXPECT_TRUE(experiment.accept_terms);
}

TEST(CommandLine, TakesConditionsOfFind) {
  const auto options =
      accepted_as<FindOptions>({"find", "--kind", "sample", "--json",
                                "refine-bio", "sex=female", "a=b=c"});
  EXPECT_EQ(options.source, "refine-bio");
  EXPECT_EQ(options.kind, "sample");
  EXPECT_EQ(options.format, FindFormat::kJson);
  ASSERT_EQ(options.conditions.size(), 2U);
  EXPECT_EQ(options.conditions[0].name, "sex");
  EXPECT_EQ(options.conditions[1].value, "b=c");
}

TEST(CommandLine, TakesOneFormOfWhatIsFound) {
  const std::pair<const char*, FindFormat> forms[] = {
      {"--paths", FindFormat::kPaths},
      {"--tsv", FindFormat::kTsv},
      {"--json", FindFormat::kJson},
      {"--count", FindFormat::kCount}};
  for (const auto& [flag, format] : forms) {
    EXPECT_EQ(accepted_as<FindOptions>({"find", "encode", flag}).format,
              format);
    for (const auto& [other, unused] : forms) {
      if (other != flag) {
        EXPECT_FALSE(words_refused({"find", "encode", flag, other}).empty());
      }
    }
  }
  EXPECT_EQ(accepted_as<FindOptions>({"find", "encode"}).format,
            FindFormat::kText);
}

TEST(CommandLine, TakesAFieldOfFacets) {
  const auto all = accepted_as<FacetsOptions>({"facets", "encode"});
  EXPECT_EQ(all.source, "encode");
  EXPECT_EQ(all.field, "");
  const auto one =
      accepted_as<FacetsOptions>({"facets", "--json", "encode", "assay"});
  EXPECT_EQ(one.field, "assay");
  EXPECT_EQ(one.format, OutputFormat::kJson);
  EXPECT_TRUE(contains(words_refused({"facets", "nothing"}), "encode"));
}

TEST(CommandLine, TakesTheCommandsOfManifests) {
  using What = ManifestOptions::What;
  const auto check = accepted_as<ManifestOptions>({"manifest", "check", "a"});
  EXPECT_EQ(check.what, What::kCheck);
  EXPECT_EQ(check.place, "a");
  const auto make = accepted_as<ManifestOptions>(
      {"manifest", "make", "s3://b/x", "-o", "m.jsonl"});
  EXPECT_EQ(make.what, What::kMake);
  EXPECT_EQ(make.output, "m.jsonl");
  const auto from = accepted_as<ManifestOptions>({"manifest", "from", "/m/d"});
  EXPECT_EQ(from.what, What::kFrom);
  EXPECT_EQ(from.output, "");
  for (const Words& words :
       {Words{"manifest"}, Words{"manifest", "check"},
        Words{"manifest", "make"}, Words{"manifest", "eat", "x"},
        Words{"manifest", "check", "x", "-o", "y"}}) {
    EXPECT_FALSE(words_refused(words).empty());
  }
}

TEST(CommandLine, TakesPlacesOfManifestsForAMount) {
  const Words places = {"s3://b/x", "hf://datasets/o/n", "datapackage.json"};
  const auto options = accepted_as<MountOptions>(
      {"mount", places[0], places[1], places[2], "/m"});
  EXPECT_EQ(options.sources, places);
}

TEST(CommandLine, SplitsThePlaceOfLsAtItsFirstSlash) {
  const auto root = accepted_as<LsOptions>({"ls", "abc-atlas"});
  EXPECT_EQ(root.source, "abc-atlas");
  EXPECT_EQ(root.path, "");
  EXPECT_FALSE(root.details);
  const auto deep =
      accepted_as<LsOptions>({"ls", "-l", "--json", "abc-atlas/a/b"});
  EXPECT_EQ(deep.source, "abc-atlas");
  EXPECT_EQ(deep.path, "a/b");
  EXPECT_TRUE(deep.details);
  EXPECT_EQ(deep.format, OutputFormat::kJson);
}

TEST(CommandLine, HasHelpWithAnExampleForEachCommand) {
  for (const Words& command : {Words{}, Words{"mount"}, Words{"umount"},
                               Words{"refresh"}, Words{"sources"}, Words{"ls"},
                               Words{"cache"}, Words{"cache", "status"}}) {
    Words words = command;
    words.emplace_back("--help");
    const Farewell help = farewell(words);
    EXPECT_EQ(help.status, kExitDone);
    EXPECT_TRUE(contains(help.text, "Example: omicsfs")) << help.text;
    EXPECT_TRUE(contains(help.text, "Usage: omicsfs")) << help.text;
  }
}

TEST(CommandLine, TellsItsVersion) {
  const Farewell version = farewell({"--version"});
  EXPECT_EQ(version.status, kExitDone);
  EXPECT_EQ(version.text, "omicsfs " OMICSFS_VERSION "\n");
}

TEST(CommandLine, PointsToTheHelpOfTheCommandThatWasMistyped) {
  EXPECT_TRUE(contains(words_refused({}), "'omicsfs --help'"));
  EXPECT_TRUE(contains(words_refused({"umount"}), "'omicsfs umount --help'"));
  EXPECT_TRUE(contains(words_refused({"cache"}), "'omicsfs cache --help'"));
  EXPECT_TRUE(contains(words_refused({"cache", "status", "x"}),
                       "'omicsfs cache status --help'"));
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_TRUE(contains(words_refused({"mout"}), "mout"));
  EXPECT_TRUE(contains(words_refused({"umount", "/m", "/n"}), "/n"));
  EXPECT_TRUE(contains(words_refused({"mount", "--fast", "abc-atlas", "/m"}),
                       "--fast"));
  EXPECT_TRUE(contains(words_refused({"mount", "abc-atlas"}), "a mount point"));
  EXPECT_TRUE(contains(words_refused({"sources", "-x"}), "-x"));
}

TEST(CommandLine, NamesTheKnownSourcesForAnUnknownOne) {
  for (const Words& words :
       {Words{"mount", "abc", "/m"}, Words{"refresh", "abc"},
        Words{"ls", "abc/x"}, Words{"ls", ""}}) {
    EXPECT_TRUE(contains(words_refused(words), "abc-atlas"));
  }
}

TEST(CommandLine, RefusesASourceTwice) {
  EXPECT_TRUE(contains(words_refused({"mount", "abc-atlas", "abc-atlas", "/m"}),
                       "abc-atlas is named twice"));
}

TEST(CommandLine, ChecksTheValuesOfSettings) {
  EXPECT_TRUE(contains(words_refused({"sources", "--cache-limit", "much"}),
                       "--cache-limit: \"much\""));
  EXPECT_TRUE(contains(words_refused({"sources", "--state-dir", "rel"}),
                       "--state-dir: \"rel\""));
  EXPECT_TRUE(contains(
      words_refused({"mount", "-o", "cache.size=1G", "abc-atlas", "/m"}),
      "unknown setting \"cache.size\""));
  EXPECT_TRUE(contains(words_refused({"sources", "--base-url", "http://x"}),
                       "exactly one source"));
  EXPECT_TRUE(
      contains(words_refused({"refresh", "abc-atlas", "--base-url", "x"}),
               "--base-url"));
}

TEST(CommandLine, RefusesToMountForWriting) {
  EXPECT_TRUE(contains(words_refused({"mount", "-o", "rw", "abc-atlas", "/m"}),
                       "omicsfs is read-only"));
}

}  // namespace
}  // namespace omicsfs

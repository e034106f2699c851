// SPDX-License-Identifier: MIT
#include "catalog/sources/refine_readme.h"

#include <fmt/format.h>

namespace omicsfs {
namespace {

constexpr std::string_view kRefineAbout =
    "refine.bio: transcriptomes of public archives, processed and normalized\n"
    "in one way. https://www.refine.bio\n";

std::string line(std::string_view label, std::string_view value) {
  return value.empty() ? "" : fmt::format("{:<12} {}\n", label, value);
}

std::string about_experiment(const RefineExperiment& experiment) {
  return line("Title:", experiment.title) +
         line("Technology:", experiment.technology) +
         line("Organism:", joined(experiment.organisms)) +
         line("Samples:", std::to_string(experiment.samples.size())) +
         line("From:", experiment.institution) +
         line("Published:", experiment.published) +
         line("PubMed:", experiment.pubmed_id);
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string refine_root_readme(const std::vector<RefineDownload>& downloads) {
  std::string text(kRefineAbout);
  text +=
      "\n"
      "datasets/     each download, unpacked, and its zip\n"
      "experiments/  the experiments of all datasets made by experiment\n"
      "species/      the species of all datasets made by species\n"
      "compendia/    all samples of a species: normalized/, rna-seq/\n"
      "\n";
  if (downloads.empty()) {
    return text +
           "Nothing is here yet. `omicsfs add refine-bio ARCHIVE.zip` adds a\n"
           "download by its path or url.\n";
  }
  for (const RefineDownload& download : downloads) {
    text += fmt::format("{}: {} members, {} bytes zipped, made {}\n",
                        download.directory(), download.members.size(),
                        download.archive->size, download.metadata.created_at);
  }
  return text + "\nEach download's terms are in its LICENSE.TXT.\n";
}

std::string refine_folder_readme(const RefineDownload& download,
                                 std::string_view view,
                                 const std::string& name) {
  std::string text = fmt::format("{} of refine.bio\n\n", name);
  const auto experiment = download.metadata.experiments.find(name);
  if (view == "experiments" &&
      experiment != download.metadata.experiments.end()) {
    text += about_experiment(experiment->second);
  }
  return text + line("Dataset:", download.directory()) +
         line("Made:", download.metadata.created_at) +
         line("Scaled:", download.metadata.scale_by) +
         line("Quantile:", download.metadata.quantile_normalized) +
         line("Licence:",
              fmt::format("see {}/LICENSE.TXT", download.directory()));
}

std::string refine_missing_text(const RefineDownload& download,
                                const std::string& name) {
  std::string text = fmt::format(
      "{0}.tsv is missing: refine.bio made no expression matrix of {0} in "
      "this\n"
      "download ({1}).\n",
      name, download.directory());
  const auto reasons = download.reasons.find(name);
  if (reasons == download.reasons.end()) {
    return text + "The download does not say why.\n";
  }
  text += "\nSamples that were left out, and why:\n";
  for (const auto& [reason, samples] : reasons->second) {
    text += fmt::format("{:>6}  {}\n", samples, reason);
  }
  return text;
}

}  // namespace omicsfs

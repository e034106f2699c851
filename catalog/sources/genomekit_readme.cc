// SPDX-License-Identifier: MIT
#include "catalog/sources/genomekit_readme.h"

#include <fmt/format.h>

namespace omicsfs {
namespace {

constexpr std::string_view kAboutGenomekit =
    "GenomeKit's data: assemblies and annotations as its programs map them "
    "into\n"
    "memory. https://github.com/deepgenomics/GenomeKit\n";

constexpr std::string_view kHowToUse =
    "This directory can be GenomeKit's data directory. Where it is mounted:\n"
    "\n"
    "  export GENOMEKIT_DATA_DIR=$PWD\n"
    "\n"
    "<assembly>.2bit, .chrom.sizes, .chromAlias.txt    the sequence, its "
    "names\n"
    "<annotation>.cfg, .v<version>.dganno              which assembly; the "
    "genes\n"
    "appris.<annotation>.*.pkl, mane.<annotation>.*.pkl\n"
    "<number>.hash                   the assembly that a stored number means\n"
    "by-annotation/<annotation>/     links to all that one annotation needs\n"
    "by-assembly/<assembly>/         links to its files and its annotations\n"
    "\n"
    "Before a long job\n"
    "\n"
    "GenomeKit maps .2bit and .dganno files: where a page of one cannot be "
    "had,\n"
    "the kernel ends Python by SIGBUS. It reads its other files without a "
    "look at\n"
    "errors: a list of names that ends early stays short until Python ends. "
    "So\n"
    "reads of all these files are tried again until the deadline of a read\n"
    "(network.timeout_s) has passed, and to open one fails where its first "
    "bytes\n"
    "cannot be had by then. To depend on no network at all, bring the files "
    "in\n"
    "before, by reading them once:\n"
    "\n"
    "  cat by-annotation/<annotation>/* > /dev/null\n"
    "\n"
    "Files of your own\n"
    "\n"
    "This directory is read-only: GenomeKit cannot put a file here that the\n"
    "catalog does not have (a genome of your own, or what `genome_kit build` "
    "makes).\n"
    "Give it a directory of links, to which you may add files:\n"
    "\n"
    "  mkdir ~/genomekit-data && ln -s \"$PWD\"/* ~/genomekit-data/\n"
    "  export GENOMEKIT_DATA_DIR=~/genomekit-data\n"
    "\n"
    "or, as root, lay a directory over this one:\n"
    "\n"
    "  mount -t overlay overlay -o "
    "lowerdir=$PWD,upperdir=/data/own,workdir=/data/work \\\n"
    "    /data/genomekit\n"
    "\n"
    "Without a network\n"
    "\n"
    "gk.Genome(\"<annotation>\") first asks for <annotation>.chrom.sizes, "
    "which there\n"
    "is not. What is not here GenomeKit looks for in its bucket, and it fails "
    "where\n"
    "the bucket cannot be reached, also if all that it needs is here. Let it "
    "look\n"
    "in this directory alone:\n"
    "\n"
    "  import os\n"
    "  import genome_kit as gk\n"
    "  from genome_kit.data_manager import DataManager, "
    "GKDataFileNotFoundError\n"
    "\n"
    "  class MountedData(DataManager):\n"
    "      def get_file(self, filename):\n"
    "          path = os.path.join(self.data_dir, filename)\n"
    "          if os.path.exists(path):\n"
    "              return path\n"
    "          raise GKDataFileNotFoundError(\n"
    "              filename=filename, message=filename + \" is not mounted\")\n"
    "\n"
    "      def upload_file(self, *args, **kwargs):\n"
    "          raise OSError(\"the mounted data are read-only\")\n"
    "\n"
    "      def list_available_genomes(self):\n"
    "          names = (os.path.splitext(name) for name in "
    "os.listdir(self.data_dir))\n"
    "          return sorted({stem for stem, end in names if end in "
    "(\".2bit\", \".cfg\")})\n"
    "\n"
    "      def list_available_annotations_by_assembly(self):\n"
    "          below = os.path.join(self.data_dir, \"by-assembly\")\n"
    "          places = {name: os.path.join(below, name, \"annotations\")\n"
    "                    for name in os.listdir(below)}\n"
    "          return {name: sorted(os.listdir(place))\n"
    "                  for name, place in places.items() if "
    "os.path.isdir(place)}\n"
    "\n"
    "  gk.gk_data.data_manager = "
    "MountedData(os.environ[\"GENOMEKIT_DATA_DIR\"])\n";

}  // namespace

std::string genomekit_readme(const GenomekitTotals& totals,
                             const std::string& from) {
  return fmt::format(
      "{}\n"
      "Files:       {}\nBytes:       {}\nAssemblies:  {}\nAnnotations: {}\n"
      "Licence:     of those whose data they are: UCSC, GENCODE, Ensembl, "
      "NCBI\n"
      "             RefSeq, APPRIS, MANE\n"
      "From:        {}\n\n{}",
      kAboutGenomekit, totals.files, totals.bytes, totals.assemblies,
      totals.annotations, from, kHowToUse);
}

}  // namespace omicsfs

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
    "GenomeKit maps .2bit and .dganno files: where a page of one can be had "
    "from\n"
    "nowhere, the kernel ends Python by SIGBUS. Reads of these files are "
    "tried\n"
    "again until the deadline of a read (network.timeout_s) has passed. To "
    "depend\n"
    "on no network at all, bring the files in before, by reading them once:\n"
    "\n"
    "  cat by-annotation/<annotation>/* > /dev/null\n"
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
    "      def list_available_annotations_by_assembly(self, assembly):\n"
    "          place = os.path.join(self.data_dir, \"by-assembly\", assembly)\n"
    "          return sorted(os.listdir(os.path.join(place, "
    "\"annotations\")))\n"
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

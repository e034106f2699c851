// SPDX-License-Identifier: MIT
#include "catalog/sources/genomekit_names.h"

#include <gtest/gtest.h>

namespace omicsfs {
namespace {

using Kind = GenomekitKind;

TEST(GenomekitNames, TellWhatAFileIsOf) {
  const std::tuple<const char*, Kind, const char*> names[] = {
      {"hg38.p12.2bit", Kind::kTwoBit, "hg38.p12"},
      {"hg38.p12.chrom.sizes", Kind::kSizes, "hg38.p12"},
      {"hg38.p12.chromAlias.txt", Kind::kAliases, "hg38.p12"},
      {"1387866593985245338.hash", Kind::kHash, "1387866593985245338"},
      {"gencode.v29.basic.cfg", Kind::kConfig, "gencode.v29.basic"},
      {"gencode.v29.basic.v22.dganno", Kind::kAnnotation, "gencode.v29.basic"},
      {"gencode.v29.v23.dganno", Kind::kAnnotation, "gencode.v29"},
      {"appris.gencode.v29.v7.pkl", Kind::kAppris, "gencode.v29"},
      {"mane.ncbi_refseq.hg38.p14_RS_2024_08.v1.pkl", Kind::kMane,
       "ncbi_refseq.hg38.p14_RS_2024_08"},
      {"hg38.hash", Kind::kOther, ""},
      {"gencode.v29.dganno", Kind::kAnnotation, "gencode"},
      {"gencode.dganno", Kind::kOther, ""},
      {"gencode.vM1.dganno", Kind::kOther, ""},
      {"gencode.v.dganno", Kind::kOther, ""},
      {"appris.v7.pkl", Kind::kOther, ""},
      {"gencode.v29.v7.pkl", Kind::kOther, ""},
      {".2bit", Kind::kOther, ""},
      {".cfg", Kind::kOther, ""},
      {"MANE.GRCh38.v1.4.summary.txt.gz", Kind::kOther, ""},
      {"", Kind::kOther, ""},
  };
  for (const auto& [name, kind, subject] : names) {
    const GenomekitName parsed = parse_genomekit_name(name);
    EXPECT_EQ(parsed.kind, kind) << name;
    EXPECT_EQ(parsed.subject, subject) << name;
    EXPECT_FALSE(is_of_assembly(kind) && is_of_annotation(kind));
  }
  EXPECT_TRUE(is_mapped(Kind::kTwoBit) && is_mapped(Kind::kAnnotation));
  EXPECT_FALSE(is_mapped(Kind::kSizes) || is_mapped(Kind::kConfig));
  EXPECT_EQ(genomekit_kind_word(Kind::kTwoBit), "2bit");
  EXPECT_EQ(genomekit_kind_word(Kind::kOther), "other");
}

// The numbers of the assemblies that GenomeKit's own scripts build; those of
// several occur in its binary annotations.
TEST(GenomekitNames, NumbersOfAssemblies) {
  const std::pair<const char*, const char*> hashes[] = {
      {"hg19", "18066321624714247006"},
      {"hg19.p13.plusMT", "12647328242380981287"},
      {"hg38", "18068147913528327027"},
      {"hg38.p7", "16615530836334344294"},
      {"hg38.p10", "1387864394961988916"},
      {"hg38.p12", "1387866593985245338"},
      {"hg38.p13", "1387867693496873549"},
      {"hg38.p14", "1387859996915476072"},
      {"mm10", "18293327716200929822"},
      {"mm10.p4", "4180249037831030396"},
      {"mm10.p5", "4180250137342658607"},
      {"mm10.p6", "4180251236854286818"},
      {"mm39", "18291354092828669527"},
      {"rn6", "9948154817724823221"},
      {"rn7", "9948153718213195010"},
      {"rn8", "9948157016748079643"},
      {"macFas5", "9769122646454547913"},
      {"macFas6", "9769119347919663280"},
      {"susScr11", "225786682078657324"},
      {"", "14695981039346656037"},
  };
  for (const auto& [assembly, number] : hashes) {
    EXPECT_EQ(genomekit_hash_name(assembly), std::string(number) + ".hash");
  }
}

TEST(GenomekitNames, TheAssemblyOfAConfig) {
  EXPECT_EQ(*genomekit_assembly_of("refg=hg38.p12\n"), "hg38.p12");
  EXPECT_EQ(*genomekit_assembly_of("refg=hg38.p12"), "hg38.p12");
  EXPECT_EQ(*genomekit_assembly_of("a=b\nrefg=mm39\nnonsense\n"), "mm39");
  for (const char* config :
       {"", "\n", "a=b\n", "\nrefg=hg19\n", "nonsense\nrefg=hg19\n",
        "refg=a=b\n", "refg=\n", "refg=../x\n", "refg=..\n", "refg=a\r\n",
        "refg=a\x01\n", "=hg19\n"}) {
    const auto assembly = genomekit_assembly_of(config);
    ASSERT_FALSE(assembly) << config;
    EXPECT_EQ(assembly.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/result.h"

// How GenomeKit names its files and what its small ones say, as
// deepgenomics/GenomeKit 7.5.0 reads them (data_manager.py, src/refg.cpp,
// src/genome.cpp). Pure.

namespace omicsfs {

enum class GenomekitKind {
  kTwoBit,      // <assembly>.2bit
  kSizes,       // <assembly>.chrom.sizes
  kAliases,     // <assembly>.chromAlias.txt
  kHash,        // <digits>.hash
  kConfig,      // <annotation>.cfg
  kAnnotation,  // <annotation>.v<digits>.dganno
  kAppris,      // appris.<annotation>.v<digits>.pkl
  kMane,        // mane.<annotation>.v<digits>.pkl
  kOther        // what GenomeKit does not ask for
};

struct GenomekitName {
  GenomekitKind kind = GenomekitKind::kOther;
  // The assembly, the annotation or the digits that it is about; a part of what
  // was parsed, "" for kOther.
  std::string_view subject;
};

[[nodiscard]] GenomekitName parse_genomekit_name(std::string_view name);

// Whether the subject is an assembly, or an annotation.
[[nodiscard]] bool is_of_assembly(GenomekitKind kind);
[[nodiscard]] bool is_of_annotation(GenomekitKind kind);

// Whether GenomeKit maps such files into memory.
[[nodiscard]] bool is_mapped(GenomekitKind kind);

// "2bit", "dganno" and the like: the kind in a word; "other".
[[nodiscard]] std::string_view genomekit_kind_word(GenomekitKind kind);

// The name of the file that says which assembly a stored number means:
// the 64-bit FNV-1a of the assembly's name (offset 0xcbf29ce484222325, prime
// 0x100000001b3; draft-eastlake-fnv), in decimal, and ".hash".
[[nodiscard]] std::string genomekit_hash_name(std::string_view assembly);

// The assembly that an annotation's .cfg names: of lines KEY=VALUE the value of
// the first "refg". Errors: kInvalid: a line before it has not exactly one '=',
// there is none, or its value is no name that a directory may hold.
Result<std::string> genomekit_assembly_of(std::string_view config);

}  // namespace omicsfs

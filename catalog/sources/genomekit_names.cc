// SPDX-License-Identifier: MIT
#include "catalog/sources/genomekit_names.h"

#include <algorithm>
#include <array>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

using Kind = GenomekitKind;

// What stands before and behind the subject.
struct NamePattern {
  Kind kind;
  std::string_view prefix;
  std::string_view suffix;
  bool has_version;  // ".v<digits>" before the suffix
  std::string_view word;
};

constexpr std::array<NamePattern, 8> kPatterns = {{
    {Kind::kTwoBit, "", ".2bit", false, "2bit"},
    {Kind::kSizes, "", ".chrom.sizes", false, "chrom.sizes"},
    {Kind::kAliases, "", ".chromAlias.txt", false, "chromAlias"},
    {Kind::kHash, "", ".hash", false, "hash"},
    {Kind::kConfig, "", ".cfg", false, "cfg"},
    {Kind::kAnnotation, "", ".dganno", true, "dganno"},
    {Kind::kAppris, "appris.", ".pkl", true, "appris"},
    {Kind::kMane, "mane.", ".pkl", true, "mane"},
}};

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// `name` less ".v<digits>"; "" where it does not end so.
std::string_view without_version(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool versioned = dot != std::string_view::npos &&
                         name.substr(dot + 1).starts_with('v') &&
                         all_digits(name.substr(dot + 2));
  return versioned ? name.substr(0, dot) : "";
}

// "" where the name has not the pattern.
std::string_view subject_of(const NamePattern& pattern, std::string_view name) {
  if (!name.starts_with(pattern.prefix) || !name.ends_with(pattern.suffix) ||
      name.size() <= pattern.prefix.size() + pattern.suffix.size()) {
    return "";
  }
  name.remove_prefix(pattern.prefix.size());
  name.remove_suffix(pattern.suffix.size());
  if (pattern.kind == Kind::kHash && !all_digits(name)) {
    return "";
  }
  return pattern.has_version ? without_version(name) : name;
}

}  // namespace

GenomekitName parse_genomekit_name(std::string_view name) {
  for (const NamePattern& pattern : kPatterns) {
    const std::string_view subject = subject_of(pattern, name);
    if (!subject.empty()) {
      return {pattern.kind, subject};
    }
  }
  return {};
}

bool is_of_assembly(GenomekitKind kind) {
  return kind == Kind::kTwoBit || kind == Kind::kSizes ||
         kind == Kind::kAliases;
}

bool is_of_annotation(GenomekitKind kind) {
  return kind == Kind::kConfig || kind == Kind::kAnnotation ||
         kind == Kind::kAppris || kind == Kind::kMane;
}

bool is_mapped(GenomekitKind kind) {
  return kind == Kind::kTwoBit || kind == Kind::kAnnotation;
}

std::string_view genomekit_kind_word(GenomekitKind kind) {
  const auto* const pattern =
      std::find_if(kPatterns.begin(), kPatterns.end(),
                   [&](const NamePattern& one) { return one.kind == kind; });
  return pattern == kPatterns.end() ? "other" : pattern->word;
}

std::string genomekit_hash_name(std::string_view assembly) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : assembly) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return std::to_string(hash) + ".hash";
}

Result<std::string> genomekit_assembly_of(std::string_view config) {
  while (!config.empty()) {
    const std::size_t end = std::min(config.find('\n'), config.size());
    const std::string_view line = config.substr(0, end);
    config.remove_prefix(std::min(end + 1, config.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals != line.rfind('=')) {
      return Error{ErrorCode::kInvalid,
                   "the line " + omicsfs::quoted(line) + " is not KEY=VALUE"};
    }
    if (line.substr(0, equals) == "refg") {
      const std::string_view assembly = line.substr(equals + 1);
      const auto valid = check_entry_name(assembly);
      return valid ? Result<std::string>(std::string(assembly))
                   : valid.error().within("refg");
    }
  }
  return Error{ErrorCode::kInvalid, "it has no refg"};
}

}  // namespace omicsfs

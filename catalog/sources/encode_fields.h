// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/record.h"

// What is known of a file of ENCODE, as a row of fields. The first 47 are the
// columns of files.tsv, in their order.

namespace omicsfs {

enum class EncodeField : std::uint8_t {
  kId,
  kAccession,
  kExperiments,
  kAssayTermName,
  kAssayTitle,
  kAssaySlims,
  kCellSlims,
  kDevelopmentalSlims,
  kSystemSlims,
  kClassification,
  kBiosample,
  kOrganSlims,
  kSimpleBiosampleSummary,
  kLifeStageAge,
  kDonors,
  kOutputCategory,
  kOutputType,
  kTarget,
  kFileFormat,
  kFileType,
  kFileFormatType,
  kDownloadLink,
  kAssembly,
  kGenomeAnnotation,
  kBiologicalReplicates,
  kTechnicalReplicates,
  kIndexOf,
  kDerivedFrom,
  kOriginBatches,
  kPairedWith,
  kPairedEnd,
  kPlatform,
  kReadCount,
  kReadLength,
  kRunType,
  kReadLengthUnits,
  kMappedReadLength,
  kMappedRunType,
  kStepRun,
  kPreferredDefault,
  kFileSize,
  kFileSizeMb,
  kMd5sum,
  kDateCreated,
  kRfa,
  kLab,
  kSoftware,
  // Not in files.tsv.
  kStatus,
  kDataset,
  kHref,
  kCloudUrl,
  kS3Uri,
  kAzureUri,
  kRestricted,
  kNoFileAvailable,
  kTargetName,
  kOrganism,
  kBiosampleTermId,
  kProject,
  kControlledBy,
  kDbxrefs,
  kLabId,
  kAnalysisStep,
  kReplicateLibraries,
  kTreatments,
  kTreatmentsAmount,
  kTreatmentsDuration,
  kModificationMethods,
  kModificationCategories,
  kModificationTargets,
  kModificationGeneTargets,
  kModificationSites,
  kModificationZygosity,
  kLibraryMadeFrom,
  kLibraryDepletedIn,
  kLibraryExtraction,
  kLibraryLysis,
  kLibraryCrosslinking,
  kLibraryStrandSpecific,
  kDateReleased,
  kRbnsConcentration,
  kLibraryFragmentation,
  kLibrarySizeRange,
  kAnalysisTitle,
  kAnalysisStatus,
  kAuditWarning,
  kAuditNotCompliant,
  kAuditError,
};
inline constexpr std::size_t kEncodeFields =
    static_cast<std::size_t>(EncodeField::kAuditError) + 1;
inline constexpr std::size_t kEncodeTableColumns = 47;

// What a document's value must be, and the form in which it is kept.
enum class EncodeShape {
  kText,
  kNumber,   // a whole number
  kFlag,     // "true" or "false"
  kList,     // of texts; kept as a JSON array
  kNumbers,  // a list of whole numbers; likewise
  kSegment,  // a path such as "/experiments/ENCSR1/", of which the second name
};

struct EncodeColumn {
  EncodeField field;
  std::string_view name;  // in files.tsv, as an attribute and to find by
  EncodeShape shape = EncodeShape::kText;
  FieldKind kind = FieldKind::kTerm;
};

// Every field's, in order.
[[nodiscard]] std::span<const EncodeColumn, kEncodeFields> encode_columns();
[[nodiscard]] const EncodeColumn& encode_column(EncodeField field);
// Whether its values are kept as JSON arrays.
[[nodiscard]] bool is_encode_list(EncodeField field);

// The field that the member at `key` of a File object holds, keys joined by
// dots: "target.label". Also that of a column of a table whose columns have
// such names. None for others.
[[nodiscard]] std::optional<EncodeField> encode_field_of_key(
    std::string_view key);
// The field of a column of the portal's metadata.tsv: "File accession".
[[nodiscard]] std::optional<EncodeField> encode_field_of_portal_column(
    std::string_view title);

// A column of the portal's metadata.tsv.
struct EncodePortalColumn {
  std::string_view title;
  EncodeField field;
};
// All 59, in their order.
[[nodiscard]] std::span<const EncodePortalColumn> encode_portal_columns();

// One file's values, as texts in the form of their shapes, one behind another
// in one piece of memory, which is kept for the next row.
class EncodeFile {
 public:
  [[nodiscard]] bool has(EncodeField field) const {
    return places_[index_of(field)].size != kNone;
  }
  // "" where there is none. Good until the file is changed.
  [[nodiscard]] std::string_view get(EncodeField field) const {
    const Place& place = places_[index_of(field)];
    return place.size == kNone
               ? std::string_view()
               : std::string_view(bytes_).substr(place.begin, place.size);
  }
  // `value` may be what get() gave.
  void set(EncodeField field, std::string_view value) {
    places_[index_of(field)] = {static_cast<std::uint32_t>(bytes_.size()),
                                static_cast<std::uint32_t>(value.size())};
    bytes_.append(value);
  }
  void drop(EncodeField field) { places_[index_of(field)] = {}; }
  void clear() {
    places_.fill({});
    bytes_.clear();
  }
  // Takes what it lacks from `other`.
  void fill_from(const EncodeFile& other);

  // All values as bytes, and back. unpack() REQUIRES what pack() gave.
  void pack(std::string& out) const;
  void unpack(std::string_view bytes);

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Place {  // in bytes_
    std::uint32_t begin = 0;
    std::uint32_t size = kNone;
  };
  static std::size_t index_of(EncodeField field) {
    return static_cast<std::size_t>(field);
  }
  std::array<Place, kEncodeFields> places_{};
  std::string bytes_;
};

}  // namespace omicsfs

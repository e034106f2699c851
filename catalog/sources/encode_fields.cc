// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_fields.h"

#include <algorithm>
#include <unordered_map>

#include "catalog/varint.h"

namespace omicsfs {
namespace {

constexpr std::array<EncodeColumn, kEncodeFields> kColumns = {{
    {EncodeField::kId, "id", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kAccession, "accession", EncodeShape::kText,
     FieldKind::kText},
    {EncodeField::kExperiments, "experiments", EncodeShape::kSegment,
     FieldKind::kTerm},
    {EncodeField::kAssayTermName, "assay_term_name", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAssayTitle, "assay_title", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAssaySlims, "assay_slims", EncodeShape::kList,
     FieldKind::kTermList},
    {EncodeField::kCellSlims, "cell_slims", EncodeShape::kList,
     FieldKind::kTermList},
    {EncodeField::kDevelopmentalSlims, "developmental_slims",
     EncodeShape::kList, FieldKind::kTermList},
    {EncodeField::kSystemSlims, "system_slims", EncodeShape::kList,
     FieldKind::kTermList},
    {EncodeField::kClassification, "classification", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kBiosample, "biosample", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kOrganSlims, "organ_slims", EncodeShape::kList,
     FieldKind::kTermList},
    {EncodeField::kSimpleBiosampleSummary, "simple_biosample_summary",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kLifeStageAge, "life_stage_age", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kDonors, "donors", EncodeShape::kList, FieldKind::kTermList},
    {EncodeField::kOutputCategory, "output_category", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kOutputType, "output_type", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kTarget, "target", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kFileFormat, "file_format", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kFileType, "file_type", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kFileFormatType, "file_format_type", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kDownloadLink, "download_link", EncodeShape::kText,
     FieldKind::kText},
    {EncodeField::kAssembly, "assembly", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kGenomeAnnotation, "genome_annotation", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kBiologicalReplicates, "biological_replicates",
     EncodeShape::kNumbers, FieldKind::kTermList},
    {EncodeField::kTechnicalReplicates, "technical_replicates",
     EncodeShape::kList, FieldKind::kTermList},
    {EncodeField::kIndexOf, "index_of", EncodeShape::kList, FieldKind::kText},
    {EncodeField::kDerivedFrom, "derived_from", EncodeShape::kList,
     FieldKind::kText},
    {EncodeField::kOriginBatches, "origin_batches", EncodeShape::kList,
     FieldKind::kText},
    {EncodeField::kPairedWith, "paired_with", EncodeShape::kText,
     FieldKind::kText},
    {EncodeField::kPairedEnd, "paired_end", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kPlatform, "platform", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kReadCount, "read_count", EncodeShape::kNumber,
     FieldKind::kText},
    {EncodeField::kReadLength, "read_length", EncodeShape::kNumber,
     FieldKind::kTerm},
    {EncodeField::kRunType, "run_type", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kReadLengthUnits, "read_length_units", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kMappedReadLength, "mapped_read_length", EncodeShape::kNumber,
     FieldKind::kTerm},
    {EncodeField::kMappedRunType, "mapped_run_type", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kStepRun, "step_run", EncodeShape::kSegment,
     FieldKind::kTerm},
    {EncodeField::kPreferredDefault, "preferred_default", EncodeShape::kFlag,
     FieldKind::kTerm},
    {EncodeField::kFileSize, "file_size", EncodeShape::kNumber,
     FieldKind::kText},
    {EncodeField::kFileSizeMb, "file_size_mb", EncodeShape::kNumber,
     FieldKind::kText},
    {EncodeField::kMd5sum, "md5sum", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kDateCreated, "date_created", EncodeShape::kText,
     FieldKind::kText},
    {EncodeField::kRfa, "rfa", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kLab, "lab", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kSoftware, "software", EncodeShape::kList,
     FieldKind::kTermList},
    {EncodeField::kStatus, "status", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kDataset, "dataset", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kHref, "href", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kCloudUrl, "cloud_url", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kS3Uri, "s3_uri", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kAzureUri, "azure_uri", EncodeShape::kText, FieldKind::kText},
    {EncodeField::kRestricted, "restricted", EncodeShape::kFlag,
     FieldKind::kTerm},
    {EncodeField::kNoFileAvailable, "no_file_available", EncodeShape::kFlag,
     FieldKind::kTerm},
    {EncodeField::kTargetName, "target_name", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kOrganism, "organism", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kBiosampleTermId, "biosample_term_id", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kProject, "project", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kControlledBy, "controlled_by", EncodeShape::kList,
     FieldKind::kText},
    {EncodeField::kDbxrefs, "dbxrefs", EncodeShape::kList, FieldKind::kText},
    {EncodeField::kLabId, "lab_id", EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kAnalysisStep, "analysis_step", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kReplicateLibraries, "replicate_libraries",
     EncodeShape::kList, FieldKind::kText},
    {EncodeField::kTreatments, "biosample_treatments", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kTreatmentsAmount, "biosample_treatments_amount",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kTreatmentsDuration, "biosample_treatments_duration",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kModificationMethods, "modification_methods",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kModificationCategories, "modification_categories",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kModificationTargets, "modification_targets",
     EncodeShape::kText, FieldKind::kText},
    {EncodeField::kModificationGeneTargets, "modification_gene_targets",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kModificationSites, "modification_sites", EncodeShape::kText,
     FieldKind::kText},
    {EncodeField::kModificationZygosity, "modification_zygosity",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kLibraryMadeFrom, "library_made_from", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kLibraryDepletedIn, "library_depleted_in", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kLibraryExtraction, "library_extraction", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kLibraryLysis, "library_lysis", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kLibraryCrosslinking, "library_crosslinking",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kLibraryStrandSpecific, "library_strand_specific",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kDateReleased, "date_released", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kRbnsConcentration, "rbns_concentration", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kLibraryFragmentation, "library_fragmentation",
     EncodeShape::kText, FieldKind::kTerm},
    {EncodeField::kLibrarySizeRange, "library_size_range", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAnalysisTitle, "analysis_title", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAnalysisStatus, "analysis_status", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAuditWarning, "audit_warning", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAuditNotCompliant, "audit_not_compliant", EncodeShape::kText,
     FieldKind::kTerm},
    {EncodeField::kAuditError, "audit_error", EncodeShape::kText,
     FieldKind::kTerm},
}};

// The names of enum and table go together.
constexpr bool in_order() {
  for (std::size_t index = 0; index < kColumns.size(); ++index) {
    if (static_cast<std::size_t>(kColumns[index].field) != index) {
      return false;
    }
  }
  return true;
}
static_assert(in_order());

struct Key {
  std::string_view key;
  EncodeField field;
};

// What a server embeds as an object, it may also tell as that object's path.
constexpr Key kKeys[] = {
    {"@id", EncodeField::kId},
    {"accession", EncodeField::kAccession},
    {"dataset", EncodeField::kDataset},
    {"dataset.@id", EncodeField::kDataset},
    {"assay_term_name", EncodeField::kAssayTermName},
    {"assay_title", EncodeField::kAssayTitle},
    {"replicate.experiment.assay_slims", EncodeField::kAssaySlims},
    {"biosample_ontology.cell_slims", EncodeField::kCellSlims},
    {"biosample_ontology.developmental_slims",
     EncodeField::kDevelopmentalSlims},
    {"biosample_ontology.system_slims", EncodeField::kSystemSlims},
    {"biosample_ontology.classification", EncodeField::kClassification},
    {"biosample_ontology.term_name", EncodeField::kBiosample},
    {"biosample_ontology.organ_slims", EncodeField::kOrganSlims},
    {"biosample_ontology.term_id", EncodeField::kBiosampleTermId},
    {"simple_biosample_summary", EncodeField::kSimpleBiosampleSummary},
    {"replicate.experiment.life_stage_age", EncodeField::kLifeStageAge},
    {"donors", EncodeField::kDonors},
    {"donors.@id", EncodeField::kDonors},
    {"output_category", EncodeField::kOutputCategory},
    {"output_type", EncodeField::kOutputType},
    {"target.label", EncodeField::kTarget},
    {"target.name", EncodeField::kTargetName},
    {"file_format", EncodeField::kFileFormat},
    {"file_type", EncodeField::kFileType},
    {"file_format_type", EncodeField::kFileFormatType},
    {"href", EncodeField::kHref},
    {"assembly", EncodeField::kAssembly},
    {"genome_annotation", EncodeField::kGenomeAnnotation},
    {"biological_replicates", EncodeField::kBiologicalReplicates},
    {"technical_replicates", EncodeField::kTechnicalReplicates},
    {"index_of", EncodeField::kIndexOf},
    {"index_of.@id", EncodeField::kIndexOf},
    {"derived_from", EncodeField::kDerivedFrom},
    {"derived_from.@id", EncodeField::kDerivedFrom},
    {"origin_batches", EncodeField::kOriginBatches},
    {"origin_batches.@id", EncodeField::kOriginBatches},
    {"paired_with", EncodeField::kPairedWith},
    {"paired_with.@id", EncodeField::kPairedWith},
    {"paired_end", EncodeField::kPairedEnd},
    {"platform.term_name", EncodeField::kPlatform},
    {"read_count", EncodeField::kReadCount},
    {"read_length", EncodeField::kReadLength},
    {"run_type", EncodeField::kRunType},
    {"read_length_units", EncodeField::kReadLengthUnits},
    {"mapped_read_length", EncodeField::kMappedReadLength},
    {"mapped_run_type", EncodeField::kMappedRunType},
    {"step_run.analysis_step_version", EncodeField::kStepRun},
    {"step_run.analysis_step_version.@id", EncodeField::kStepRun},
    {"preferred_default", EncodeField::kPreferredDefault},
    {"file_size", EncodeField::kFileSize},
    {"md5sum", EncodeField::kMd5sum},
    {"date_created", EncodeField::kDateCreated},
    {"award.rfa", EncodeField::kRfa},
    {"award.project", EncodeField::kProject},
    {"lab.title", EncodeField::kLab},
    {"lab.@id", EncodeField::kLabId},
    {"status", EncodeField::kStatus},
    {"cloud_metadata.url", EncodeField::kCloudUrl},
    {"s3_uri", EncodeField::kS3Uri},
    {"azure_uri", EncodeField::kAzureUri},
    {"restricted", EncodeField::kRestricted},
    {"no_file_available", EncodeField::kNoFileAvailable},
    {"controlled_by", EncodeField::kControlledBy},
    {"controlled_by.@id", EncodeField::kControlledBy},
    {"dbxrefs", EncodeField::kDbxrefs},
    {"analysis_step_version.analysis_step.name", EncodeField::kAnalysisStep},
    {"replicate_libraries", EncodeField::kReplicateLibraries},
    {"replicate.library.biosample.organism.scientific_name",
     EncodeField::kOrganism},
    {"replicate.library.biosample.donor.organism.scientific_name",
     EncodeField::kOrganism},
};

// "File format" holds the file type and "File type" the file format; so the
// portal has it (ENCODE-DCC/encoded, reports/constants).
constexpr std::array<EncodePortalColumn, 59> kPortalColumns = {{
    {"File accession", EncodeField::kId},
    {"File format", EncodeField::kFileType},
    {"File type", EncodeField::kFileFormat},
    {"File format type", EncodeField::kFileFormatType},
    {"Output type", EncodeField::kOutputType},
    {"File assembly", EncodeField::kAssembly},
    {"Experiment accession", EncodeField::kExperiments},
    {"Assay", EncodeField::kAssayTitle},
    {"Donor(s)", EncodeField::kDonors},
    {"Biosample term id", EncodeField::kBiosampleTermId},
    {"Biosample term name", EncodeField::kBiosample},
    {"Biosample type", EncodeField::kClassification},
    {"Biosample organism", EncodeField::kOrganism},
    {"Biosample treatments", EncodeField::kTreatments},
    {"Biosample treatments amount", EncodeField::kTreatmentsAmount},
    {"Biosample treatments duration", EncodeField::kTreatmentsDuration},
    {"Biosample genetic modifications methods",
     EncodeField::kModificationMethods},
    {"Biosample genetic modifications categories",
     EncodeField::kModificationCategories},
    {"Biosample genetic modifications targets",
     EncodeField::kModificationTargets},
    {"Biosample genetic modifications gene targets",
     EncodeField::kModificationGeneTargets},
    {"Biosample genetic modifications site coordinates",
     EncodeField::kModificationSites},
    {"Biosample genetic modifications zygosity",
     EncodeField::kModificationZygosity},
    {"Experiment target", EncodeField::kTargetName},
    {"Library made from", EncodeField::kLibraryMadeFrom},
    {"Library depleted in", EncodeField::kLibraryDepletedIn},
    {"Library extraction method", EncodeField::kLibraryExtraction},
    {"Library lysis method", EncodeField::kLibraryLysis},
    {"Library crosslinking method", EncodeField::kLibraryCrosslinking},
    {"Library strand specific", EncodeField::kLibraryStrandSpecific},
    {"Experiment date released", EncodeField::kDateReleased},
    {"Project", EncodeField::kProject},
    {"RBNS protein concentration", EncodeField::kRbnsConcentration},
    {"Library fragmentation method", EncodeField::kLibraryFragmentation},
    {"Library size range", EncodeField::kLibrarySizeRange},
    {"Biological replicate(s)", EncodeField::kBiologicalReplicates},
    {"Technical replicate(s)", EncodeField::kTechnicalReplicates},
    {"Read length", EncodeField::kReadLength},
    {"Mapped read length", EncodeField::kMappedReadLength},
    {"Run type", EncodeField::kRunType},
    {"Paired end", EncodeField::kPairedEnd},
    {"Paired with", EncodeField::kPairedWith},
    {"Index of", EncodeField::kIndexOf},
    {"Derived from", EncodeField::kDerivedFrom},
    {"Size", EncodeField::kFileSize},
    {"Lab", EncodeField::kLab},
    {"md5sum", EncodeField::kMd5sum},
    {"dbxrefs", EncodeField::kDbxrefs},
    {"File download URL", EncodeField::kDownloadLink},
    {"Genome annotation", EncodeField::kGenomeAnnotation},
    {"Platform", EncodeField::kPlatform},
    {"Controlled by", EncodeField::kControlledBy},
    {"File Status", EncodeField::kStatus},
    {"s3_uri", EncodeField::kS3Uri},
    {"Azure URL", EncodeField::kAzureUri},
    {"File analysis title", EncodeField::kAnalysisTitle},
    {"File analysis status", EncodeField::kAnalysisStatus},
    {"Audit WARNING", EncodeField::kAuditWarning},
    {"Audit NOT_COMPLIANT", EncodeField::kAuditNotCompliant},
    {"Audit ERROR", EncodeField::kAuditError},
}};

// As the metadata.tsv of annotations, of publication data and of series have
// them (their headers are in ENCODE-DCC/encoded, tests/data/inserts). What a
// row says of the collection, its accession and date, is in encode_table.cc.
constexpr Key kOtherTitles[] = {
    {"Assembly", EncodeField::kAssembly},
    {"Assay term name", EncodeField::kAssayTermName},
    {"File dataset", EncodeField::kDataset},
    {"File output type", EncodeField::kOutputType},
    {"File target", EncodeField::kTarget},
    {"Targets", EncodeField::kTarget},
    {"Organism", EncodeField::kOrganism},
    {"Software used", EncodeField::kSoftware},
    {"File status", EncodeField::kStatus},
    {"Dataset accession", EncodeField::kExperiments},
    {"Series accession", EncodeField::kExperiments},
    {"Dataset date released", EncodeField::kDateReleased},
    {"Series date released", EncodeField::kDateReleased},
    {"S3 URL", EncodeField::kCloudUrl},
    {"Azure Link", EncodeField::kAzureUri},
};

using FieldByName = std::unordered_map<std::string_view, EncodeField>;

FieldByName by_key() {
  FieldByName fields;
  for (const Key& key : kKeys) {
    fields.emplace(key.key, key.field);
  }
  return fields;
}

FieldByName by_title() {
  FieldByName fields;
  for (const EncodePortalColumn& column : kPortalColumns) {
    fields.emplace(column.title, column.field);
  }
  for (const Key& key : kOtherTitles) {
    fields.emplace(key.key, key.field);
  }
  return fields;
}

std::optional<EncodeField> find(const FieldByName& fields,
                                std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::span<const EncodeColumn, kEncodeFields> encode_columns() {
  return kColumns;
}

const EncodeColumn& encode_column(EncodeField field) {
  return kColumns[static_cast<std::size_t>(field)];
}

bool is_encode_list(EncodeField field) {
  const EncodeShape shape = encode_column(field).shape;
  return shape == EncodeShape::kList || shape == EncodeShape::kNumbers;
}

std::optional<EncodeField> encode_field_of_key(std::string_view key) {
  static const FieldByName fields = by_key();
  return find(fields, key);
}

std::optional<EncodeField> encode_field_of_portal_column(
    std::string_view title) {
  static const FieldByName fields = by_title();
  return find(fields, title);
}

std::span<const EncodePortalColumn> encode_portal_columns() {
  return kPortalColumns;
}

void EncodeFile::fill_from(const EncodeFile& other) {
  for (const EncodeColumn& column : kColumns) {
    if (!has(column.field) && other.has(column.field)) {
      set(column.field, other.get(column.field));
    }
  }
}

void EncodeFile::pack(std::string& out) const {
  for (const EncodeColumn& column : kColumns) {
    if (has(column.field)) {
      const std::string_view value = get(column.field);
      out += static_cast<char>(column.field);
      put_varint(out, value.size());
      out += value;
    }
  }
}

void EncodeFile::unpack(std::string_view bytes) {
  clear();
  bytes_ = bytes;
  const auto all = std::as_bytes(std::span(bytes_));
  auto rest = all;
  while (!rest.empty()) {
    const auto index = std::to_integer<std::size_t>(rest.front());
    rest = rest.subspan(1);
    const std::size_t length =
        std::min<std::uint64_t>(take_varint(rest).value_or(0), rest.size());
    places_[index] = {static_cast<std::uint32_t>(all.size() - rest.size()),
                      static_cast<std::uint32_t>(length)};
    rest = rest.subspan(length);
  }
}

}  // namespace omicsfs

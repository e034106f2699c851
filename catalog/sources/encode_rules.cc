// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "catalog/digest.h"
#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/snapshot_writer.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

constexpr std::pair<std::string_view, std::string_view> kExtensions[] = {
    {"2bit", ".2bit"},
    {"CEL", ".cel.gz"},
    {"bam", ".bam"},
    {"bed", ".bed.gz"},
    {"bedpe", ".bedpe.gz"},
    {"chain", ".chain"},
    {"bigBed", ".bigBed"},
    {"bigInteract", ".bigInteract"},
    {"bigWig", ".bigWig"},
    {"btr", ".btr"},
    {"csfasta", ".csfasta.gz"},
    {"csqual", ".csqual.gz"},
    {"cndb", ".cndb"},
    {"database", ".db"},
    {"fasta", ".fasta.gz"},
    {"fastq", ".fastq.gz"},
    {"gff", ".gff.gz"},
    {"gtf", ".gtf.gz"},
    {"idx", ".idx"},
    {"hic", ".hic"},
    {"h5ad", ".h5ad"},
    {"hdf5", ".h5"},
    {"idat", ".idat"},
    {"PWM", ".pwm"},
    {"rcc", ".rcc"},
    {"sra", ".sra"},
    {"tagAlign", ".tagAlign.gz"},
    {"tar", ".tar.gz"},
    {"tsv", ".tsv"},
    {"csv", ".csv"},
    {"vcf", ".vcf.gz"},
    {"wig", ".wig.gz"},
    {"sam", ".sam.gz"},
    {"txt", ".txt.gz"},
    {"pairs", ".pairs.gz"},
    {"starch", ".starch"},
    {"nucle3d", ".nucle3d"},
    {"yaml", ".yaml.gz"},
};

Error invalid_row(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

// The names of a path such as "/files/ENCFF1/".
std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (!name.empty()) {
      names.push_back(name);
    }
    path.remove_prefix(std::min(name.size() + 1, path.size()));
  }
  return names;
}

// A url's path, with its first slash; "" where it has none.
std::string_view path_of_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  const std::size_t slash = url.find('/', scheme + 3);
  if (slash == std::string_view::npos) {
    return {};
  }
  return url.substr(slash, url.find_first_of("?#", slash) - slash);
}

Result<std::string> s3_address(std::string_view uri,
                               const Endpoints& endpoints) {
  if (!uri.starts_with("s3://")) {
    return invalid_row(omicsfs::quoted(uri) + " is no s3:// address");
  }
  return web_url(uri, endpoints);
}

// "ENCFF123ABC", or a test server's.
bool is_accession(std::string_view id) {
  return id.size() == 11 &&
         (id.starts_with("ENCFF") || id.starts_with("TSTFF"));
}

// A file's name less the extension of its format.
std::string_view stem(std::string_view name, std::string_view format) {
  const auto extension = encode_extension(format);
  if (extension && name.ends_with(*extension)) {
    return name.substr(0, name.size() - extension->size());
  }
  return name.substr(0, name.find('.'));
}

Result<void> find_id(EncodeFile& file) {
  std::string id(file.get(Field::kId));
  if (id.find('/') != std::string::npos) {
    const auto names = names_of(id);
    id = names.size() == 2 ? std::string(names[1]) : std::string();
  }
  if (id.empty()) {
    id = file.get(Field::kAccession);
  }
  if (id.empty() && file.has(Field::kHref)) {
    const auto names = names_of(file.get(Field::kHref));
    id = names.size() > 1 ? std::string(names[1]) : std::string();
  }
  if (id.empty()) {
    id = stem(last_entry_name(path_of_url(file.get(Field::kCloudUrl))),
              file.get(Field::kFileFormat));
  }
  if (auto named = check_entry_name(id); !named) {
    return invalid_row("nothing tells which file it is");
  }
  file.set(Field::kId, id);
  if (!file.has(Field::kAccession) && is_accession(id)) {
    file.set(Field::kAccession, id);
  }
  return {};
}

Result<void> find_dataset(EncodeFile& file) {
  if (!file.has(Field::kDataset)) {
    return {};
  }
  const std::string dataset(file.get(Field::kDataset));
  const auto names = names_of(dataset);
  if (names.size() != 2 || !check_entry_name(names[0]) ||
      !check_entry_name(names[1])) {
    return invalid_row("its dataset " + omicsfs::quoted(dataset) + " is none");
  }
  file.set(Field::kExperiments, names[1]);
  return {};
}

Result<void> find_href(EncodeFile& file, std::string_view portal) {
  std::string href(file.get(Field::kHref));
  if (href.empty()) {
    href = path_of_url(file.get(Field::kDownloadLink));
  }
  if (href.empty()) {
    std::string name(last_entry_name(path_of_url(file.get(Field::kCloudUrl))));
    const auto extension = encode_extension(file.get(Field::kFileFormat));
    if (extension) {
      name = std::string(file.get(Field::kId)).append(*extension);
    }
    if (name.empty()) {
      return {};  // another document may tell
    }
    href = "/files/";
    href.append(file.get(Field::kId)).append("/@@download/").append(name);
  }
  const auto names = names_of(href);
  const bool valid = names.size() == 4 && names[0] == "files" &&
                     names[2] == "@@download" && check_entry_name(names[3]);
  if (!valid) {
    return invalid_row("its href " + omicsfs::quoted(href) + " is none");
  }
  file.set(Field::kHref, href);
  file.set(Field::kDownloadLink,
           std::string(portal.substr(0, portal.size() - 1)).append(href));
  return {};
}

Result<void> find_urls(EncodeFile& file, const Endpoints& endpoints) {
  const std::string_view s3 = file.get(Field::kS3Uri);
  if (!file.has(Field::kCloudUrl) && !s3.empty()) {
    const auto url = s3_address(s3, endpoints);
    if (!url) {
      return invalid_row("its s3_uri: " + url.error().message);
    }
    file.set(Field::kCloudUrl, *url);
  }
  if (file.has(Field::kCloudUrl) && !is_web_place(file.get(Field::kCloudUrl))) {
    return invalid_row(
        "its url " + omicsfs::quoted(file.get(Field::kCloudUrl)) + " is none");
  }
  return {};
}

Result<void> check_size(EncodeFile& file) {
  if (!file.has(Field::kFileSize)) {
    return {};
  }
  const std::string_view text = file.get(Field::kFileSize);
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, size);
  if (error != std::errc() || stop != end || size > kMaxFileBytes) {
    return invalid_row("its size " + omicsfs::quoted(text) + " is none");
  }
  // As Python rounds: a half to the even number.
  constexpr double kMebibyte = 1024.0 * 1024.0;
  const double mebibytes =
      std::nearbyint(static_cast<double>(size) / kMebibyte);
  file.set(Field::kFileSizeMb,
           std::to_string(static_cast<std::uint64_t>(mebibytes)));
  return {};
}

Result<void> check_md5(EncodeFile& file) {
  if (!file.has(Field::kMd5sum)) {
    return {};
  }
  const auto digest = parse_digest(DigestKind::kMd5, file.get(Field::kMd5sum));
  if (!digest) {
    return invalid_row("its md5sum: " + digest.error().message);
  }
  file.set(Field::kMd5sum, digest->hex);
  return {};
}

// The portal's tables tell "EBF1-human", of which "EBF1" is the label.
void find_target(EncodeFile& file) {
  const std::string_view name = file.get(Field::kTargetName);
  const std::size_t dash = name.rfind('-');
  if (!file.has(Field::kTarget) && !name.empty()) {
    const std::string label(name.substr(0, dash));
    file.set(Field::kTarget, label);
  }
}

// A file type is the format, or the format, a blank and the format's type. Some
// of the portal's tables tell the type alone.
void find_file_format(EncodeFile& file) {
  const std::string type(file.get(Field::kFileType));
  if (type.empty() || file.has(Field::kFileFormat)) {
    return;
  }
  const std::size_t blank = type.find(' ');
  file.set(Field::kFileFormat, std::string_view(type).substr(0, blank));
  if (blank != std::string::npos && !file.has(Field::kFileFormatType)) {
    file.set(Field::kFileFormatType, std::string_view(type).substr(blank + 1));
  }
}

void find_file_type(EncodeFile& file) {
  if (file.has(Field::kFileType) || !file.has(Field::kFileFormat)) {
    return;
  }
  std::string type(file.get(Field::kFileFormat));
  if (file.has(Field::kFileFormatType)) {
    type += ' ';
    type += file.get(Field::kFileFormatType);
  }
  file.set(Field::kFileType, type);
}

bool is_wanted(const EncodeFile& file, const EncodeChoice& choice) {
  const std::string_view status = file.get(Field::kStatus);
  if (status != "released" && !(choice.archived && status == "archived")) {
    return false;
  }
  const auto names = names_of(file.get(Field::kDataset));
  return names.empty() ||
         std::find(choice.datasets.begin(), choice.datasets.end(), names[0]) !=
             choice.datasets.end();
}

bool is_kept(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte >= 0x80 ||
         std::string_view("-+.()").find(c) != std::string_view::npos;
}

// A whole number as JSON writes it.
bool is_number(std::string_view text) {
  const bool all_digits = !text.empty() && text.size() < 20 &&
                          std::all_of(text.begin(), text.end(), [](char c) {
                            return c >= '0' && c <= '9';
                          });
  return all_digits && (text.size() == 1 || text[0] != '0');
}

}  // namespace

std::optional<std::string_view> encode_extension(std::string_view file_format) {
  for (const auto& [format, extension] : kExtensions) {
    if (format == file_format) {
      return extension;
    }
  }
  return std::nullopt;
}

Result<void> complete_encode_file(EncodeFile& file, std::string_view portal,
                                  const Endpoints& endpoints) {
  if (!file.has(Field::kStatus)) {
    file.set(Field::kStatus, "released");  // what the public is told of
  }
  find_file_format(file);
  find_file_type(file);
  find_target(file);
  Result<void> done = find_urls(file, endpoints);
  if (done) {
    done = find_id(file);
  }
  if (done) {
    done = find_dataset(file);
  }
  if (done) {
    done = find_href(file, portal);
  }
  if (done) {
    done = check_size(file);
  }
  return done ? check_md5(file) : done;
}

std::string_view encode_file_name(const EncodeFile& file) {
  return last_entry_name(file.get(Field::kHref));
}

std::string encode_dataset_path(const EncodeFile& file) {
  const auto names = names_of(file.get(Field::kDataset));
  return names.empty() ? std::string()
                       : std::string(names[0]).append("/").append(names[1]);
}

EncodeVerdict judge_encode_file(const EncodeFile& file,
                                const EncodeChoice& choice) {
  if (!is_wanted(file, choice)) {
    return EncodeVerdict::kPassedOver;
  }
  return encode_unavailable_reason(file).empty() ? EncodeVerdict::kShown
                                                 : EncodeVerdict::kUnavailable;
}

std::string_view encode_unavailable_reason(const EncodeFile& file) {
  if (file.get(Field::kRestricted) == "true") {
    return "restricted: not for the public";
  }
  if (file.get(Field::kNoFileAvailable) == "true") {
    return "no file available";
  }
  if (!file.has(Field::kHref)) {
    return "nothing tells its name";
  }
  return file.has(Field::kFileSize) ? "" : "no size is published";
}

std::string encode_term_name(std::string_view term) {
  std::string name;
  bool gap = false;
  for (const char c : term) {
    if (!is_kept(c)) {
      gap = !name.empty();
      continue;
    }
    if (gap) {
      name += '_';
      gap = false;
    }
    name += c;
  }
  return clean_entry_name(name.empty() ? "unnamed" : name);
}

std::string_view encode_index_suffix(std::string_view file_name) {
  if (file_name.ends_with(".bam")) {
    return ".bai";
  }
  if (file_name.ends_with(".fasta.gz")) {
    return ".fai";
  }
  return file_name.ends_with(".gz") ? ".tbi" : "";
}

std::string encode_list(std::span<const std::string_view> items,
                        EncodeShape shape) {
  const bool numbers = shape == EncodeShape::kNumbers &&
                       std::all_of(items.begin(), items.end(), is_number);
  std::string text = "[";
  for (const std::string_view item : items) {
    text += text.size() > 1 ? ", " : "";
    text += numbers ? std::string(item) : json_quoted(item);
  }
  return text += ']';
}

}  // namespace omicsfs

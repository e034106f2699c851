// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_manifest.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/json_fields.h"
#include "catalog/percent_encoding.h"
#include "catalog/refresh_rules.h"
#include "catalog/snapshot_writer.h"

namespace omicsfs {
namespace {

using Member = std::pair<std::string, JsonValue>;

// Names that the tree has of its own: at its root, and beside the datasets and
// the kinds of a release.
constexpr std::array<std::string_view, 4> kOwnRootNames = {
    "releases", "latest", "README.txt", "_downloaded_data.json"};
constexpr std::array<std::string_view, 2> kOwnReleaseNames = {"manifest.json",
                                                              "README.txt"};
constexpr std::uint64_t kMaxTotal = std::numeric_limits<std::int64_t>::max();

template <std::size_t count>
bool is_one_of(std::string_view name,
               const std::array<std::string_view, count>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The string `key` of `object`; "" where it is absent.
Result<std::string> string_or_empty(const JsonValue& object,
                                    std::string_view key) {
  const std::optional<JsonValue> value = object.find(key);
  return value.has_value() ? value->as_string() : Result<std::string>("");
}

// The path in `value`, fit for a tree.
Result<std::string> path_in(const JsonValue& value) {
  Result<std::string> path = value.as_string();
  if (!path) {
    return path;
  }
  const auto names = split_path(*path);
  if (!names) {
    return value.error(names.error().message);
  }
  return path;
}

Result<std::string> file_path(const JsonValue& file) {
  const Result<JsonValue> value = file.at("relative_path");
  if (!value) {
    return value.error();
  }
  Result<std::string> path = path_in(*value);
  if (path && is_one_of(path->substr(0, path->find('/')), kOwnRootNames)) {
    return value->error("path " + omicsfs::quoted(*path) +
                        " would hide a name that this tree has of its own");
  }
  return path;
}

Result<std::uint64_t> file_size(const JsonValue& file) {
  const Result<JsonValue> value = file.at("size");
  if (!value) {
    return value.error();
  }
  Result<std::uint64_t> size = value->as_size();
  if (size && *size > kMaxFileBytes) {
    return value->error("is over 2^62");
  }
  return size;
}

Result<std::optional<Digest>> file_digest(const JsonValue& file) {
  const std::optional<JsonValue> value = file.find("file_hash");
  if (!value.has_value()) {
    return std::optional<Digest>();
  }
  const Result<std::string> hex = value->as_string();
  if (!hex) {
    return hex.error();
  }
  Result<Digest> digest = parse_digest(DigestKind::kMd5, *hex);
  if (!digest) {
    return value->error(digest.error().message);
  }
  return std::optional<Digest>(*std::move(digest));
}

bool is_control_character(char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }

// The provider puts paths into urls as they are; what a url may not hold is
// encoded here.
Result<std::string> file_url(const JsonValue& file) {
  constexpr std::string_view kReserved = ":/?#[]@!$&'()*+,;=%";  // RFC 3986 2.2
  Result<std::string> url = string_or_empty(file, "url");
  if (!url || url->empty()) {
    return url;
  }
  const bool web = url->starts_with("https://") || url->starts_with("http://");
  if (!web || std::any_of(url->begin(), url->end(), is_control_character)) {
    return file.find("url")->error(omicsfs::quoted(*url) +
                                   " is not an http or https url");
  }
  return percent_encode(*url, kReserved);
}

// A FILE object, but for its dataset and kind.
Result<AbcFile> parse_file(const JsonValue& value) {
  AbcFile file;
  file.where = value.pointer();
  Result<std::string> path = file_path(value);
  const Result<std::uint64_t> size = path ? file_size(value) : path.error();
  Result<std::optional<Digest>> digest =
      size ? file_digest(value) : size.error();
  Result<std::string> url = digest ? file_url(value) : digest.error();
  Result<std::string> version =
      url ? string_or_empty(value, "version") : url.error();
  if (!version) {
    return version.error();
  }
  file.path = *std::move(path);
  file.size = *size;
  file.digest = *std::move(digest);
  file.url = *std::move(url);
  file.version = *std::move(version);
  return file;
}

bool contradict(const AbcFile& one, const AbcFile& other) {
  const bool digests_differ = one.digest.has_value() &&
                              other.digest.has_value() &&
                              one.digest != other.digest;
  return one.size != other.size || one.url != other.url || digests_differ;
}

Error at_path(const AbcFile& file, const std::string& what) {
  return {ErrorCode::kInvalid, printable(file.where, 400) +
                                   "/relative_path: path " +
                                   omicsfs::quoted(file.path) + " " + what};
}

class Reader {
 public:
  explicit Reader(AbcUrls urls) : urls_(urls) {}

  Result<AbcManifest> read(const JsonValue& root) {
    Result<void> done = read_version(root);
    if (done) {
      done = read_directories(root);
    }
    if (done) {
      done = read_files(root);
    }
    if (done) {
      drop_files_that_are_directories();
      done = tally_.verdict();
    }
    return done ? Result<AbcManifest>(std::move(manifest_)) : done.error();
  }

 private:
  using Visit = Result<void> (Reader::*)(const std::string&, const JsonValue&);

  Result<void> read_version(const JsonValue& root) {
    const Result<JsonValue> value = root.at("version");
    Result<std::string> version =
        value ? value->as_string() : Result<std::string>(value.error());
    if (!version) {
      return version.error();
    }
    manifest_.version = *std::move(version);
    return {};
  }

  // Gives each member of `value` to `visit`; one that is bad is left out.
  Result<void> each(const Result<JsonValue>& value, Visit visit) {
    if (!value) {
      return value.error();
    }
    const Result<std::vector<Member>> members = value->members();
    if (!members) {
      return members.error();
    }
    for (const auto& [name, member] : *members) {
      if (const auto done = (this->*visit)(name, member); !done) {
        leave_out(done.error());
      }
    }
    return {};
  }

  Result<void> read_directories(const JsonValue& root) {
    return each(root.at("directory_listing"), &Reader::read_directory);
  }

  // Sets the dataset that what follows belongs to.
  Result<void> enter_directory(const std::string& name,
                               const JsonValue& value) {
    directory_ = name;
    return check_name(name, value);
  }

  Result<void> enter_kind(const std::string& name, const JsonValue& value) {
    kind_ = name;
    return check_name(name, value);
  }

  static Result<void> check_name(const std::string& name,
                                 const JsonValue& value) {
    const Result<void> valid = check_entry_name(name);
    if (!valid) {
      return value.error(valid.error().message);
    }
    if (is_one_of(name, kOwnReleaseNames)) {
      return value.error("name " + omicsfs::quoted(name) +
                         " is one that this tree has of its own");
    }
    return {};
  }

  Result<void> read_directory(const std::string& name, const JsonValue& value) {
    const Result<void> entered = enter_directory(name, value);
    return entered ? each(value.at("directories"), &Reader::read_kind)
                   : entered;
  }

  Result<void> read_kind(const std::string& name, const JsonValue& value) {
    Result<void> entered = enter_kind(name, value);
    if (!entered) {
      return entered;
    }
    const Result<JsonValue> place = value.at("relative_path");
    Result<std::string> path = place ? path_in(*place) : place.error();
    Result<std::string> version =
        path ? string_or_empty(value, "version") : path.error();
    if (!version) {
      return version.error();
    }
    prefixes_[{directory_, kind_}] = *path + "/";
    manifest_.directories.push_back(
        {directory_, kind_, *std::move(version), *std::move(path)});
    return {};
  }

  Result<void> read_files(const JsonValue& root) {
    return each(root.at("file_listing"), &Reader::read_file_directory);
  }

  Result<void> read_file_directory(const std::string& name,
                                   const JsonValue& value) {
    const Result<void> entered = enter_directory(name, value);
    return entered ? each(value, &Reader::read_file_kind) : entered;
  }

  Result<void> read_file_kind(const std::string& name, const JsonValue& value) {
    const Result<void> entered = enter_kind(name, value);
    return entered ? each(value, &Reader::read_tag) : entered;
  }

  // Either the files, or objects (log2, raw) that hold them.
  Result<void> read_tag(const std::string& /*name*/, const JsonValue& value) {
    const std::optional<JsonValue> files = value.find("files");
    return files.has_value() ? each(*files, &Reader::read_file)
                             : each(value, &Reader::read_part);
  }

  Result<void> read_part(const std::string& /*name*/, const JsonValue& value) {
    const std::optional<JsonValue> files = value.find("files");
    if (files.has_value()) {
      return each(*files, &Reader::read_file);
    }
    if (value.is_object()) {
      warn(value.error("has no files"));
    }
    return {};
  }

  Result<void> read_file(const std::string& /*name*/, const JsonValue& value) {
    Result<AbcFile> file = parse_file(value);
    if (!file) {
      return file.error();
    }
    file->directory = directory_;
    file->kind = kind_;
    const auto first = by_path_.find(file->path);
    if (first != by_path_.end()) {
      return add_again(first->second, *std::move(file));
    }
    if (file->url.empty() && urls_ == AbcUrls::kNeeded) {
      return value.error("lacks the key \"url\"");
    }
    if (file->size > kMaxTotal - manifest_.bytes) {
      return value.error("the sizes add up to over 2^63-1");
    }
    tally_.good();
    manifest_.bytes += file->size;
    by_path_[file->path] = manifest_.files.size();
    add(*std::move(file));
    return {};
  }

  // One path listed once more: fine where it says the same.
  Result<void> add_again(std::size_t first_index, AbcFile file) {
    AbcFile& first = manifest_.files[first_index];
    if (contradict(first, file)) {
      return at_path(file, "has other facts at " + printable(first.where, 400));
    }
    if (!first.digest.has_value()) {
      first.digest = file.digest;
    }
    if (listed_.count(listing_key(file)) == 0) {
      file.digest = first.digest;
      add(std::move(file));
    }
    return {};
  }

  void add(AbcFile file) {
    const auto prefix = prefixes_.find({file.directory, file.kind});
    const bool inside =
        prefix != prefixes_.end() && file.path.starts_with(prefix->second);
    file.view_path =
        inside ? file.path.substr(prefix->second.size()) : file.path;
    if (!inside) {
      warn(at_path(file, "is outside its dataset's own directory"));
    }
    listed_.insert(listing_key(file));
    manifest_.files.push_back(std::move(file));
  }

  static std::tuple<std::string, std::string, std::string> listing_key(
      const AbcFile& file) {
    return {file.directory, file.kind, file.path};
  }

  // A file whose path others need as a directory gives way to them.
  void drop_files_that_are_directories() {
    std::set<std::string> blocking;
    for (const AbcFile& file : manifest_.files) {
      for (std::size_t slash = file.path.find('/'); slash != std::string::npos;
           slash = file.path.find('/', slash + 1)) {
        std::string parent = file.path.substr(0, slash);
        const auto found = by_path_.find(parent);
        if (found != by_path_.end() && blocking.insert(parent).second) {
          const AbcFile& dropped = manifest_.files[found->second];
          manifest_.bytes -= dropped.size;
          leave_out(at_path(dropped,
                            "is a directory at " + printable(file.where, 400)));
        }
      }
    }
    std::erase_if(manifest_.files, [&blocking](const AbcFile& file) {
      return blocking.contains(file.path);
    });
  }

  void leave_out(const Error& why) {
    tally_.bad("left out", why.message);
    manifest_.warnings.push_back("left out: " + why.message);
  }

  void warn(const Error& what) { manifest_.warnings.push_back(what.message); }

  const AbcUrls urls_;
  EntryTally tally_;
  AbcManifest manifest_;
  std::string directory_;  // where in the document we are
  std::string kind_;
  // The dataset's relative_path and "/", by its name and kind.
  std::map<std::pair<std::string, std::string>, std::string> prefixes_;
  std::map<std::string, std::size_t> by_path_;  // first index of each path
  std::set<std::tuple<std::string, std::string, std::string>> listed_;
};

}  // namespace

Result<AbcManifest> parse_abc_manifest(std::string_view text, AbcUrls urls) {
  const Result<JsonValue> root = JsonValue::parse(text);
  return root ? Reader(urls).read(*root) : Result<AbcManifest>(root.error());
}

std::vector<AbcDataset> datasets_of(const AbcManifest& manifest) {
  std::map<std::string, AbcDataset> by_name;
  for (const AbcDirectory& place : manifest.directories) {
    by_name[place.directory].places.push_back(&place);
  }
  for (const AbcFile& file : manifest.files) {
    by_name[file.directory].files.push_back(&file);
  }
  std::vector<AbcDataset> datasets;
  for (auto& [name, dataset] : by_name) {
    dataset.name = name;
    datasets.push_back(std::move(dataset));
  }
  return datasets;
}

}  // namespace omicsfs

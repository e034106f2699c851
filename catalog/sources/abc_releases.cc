// SPDX-License-Identifier: MIT
#include "catalog/sources/abc_releases.h"

#include <functional>
#include <set>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/last_known.h"
#include "catalog/percent_encoding.h"
#include "catalog/refresh_rules.h"
#include "catalog/s3_listing.h"
#include "catalog/sources/abc_atlas.h"
#include "catalog/sources/abc_manifest.h"

namespace omicsfs {
namespace {

// The largest real one has 250 KB; a bound that a server's mistake cannot pass.
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20U;

using ReleaseNames = std::set<std::string, std::greater<>>;  // newest first

std::string manifest_path(std::string_view release) {
  return std::string(kAbcReleases) + std::string(release) +
         std::string(kAbcManifest);
}

// The release whose manifest `key` is; "" for any other key.
std::string_view release_of(std::string_view key) {
  if (!key.starts_with(kAbcReleases) || !key.ends_with(kAbcManifest) ||
      key.size() <= kAbcReleases.size() + kAbcManifest.size()) {
    return "";
  }
  key.remove_prefix(kAbcReleases.size());
  key.remove_suffix(kAbcManifest.size());
  return check_entry_name(key) ? key : "";
}

void warn_odd(const SourceInput& input, const std::string& message) {
  if (input.warn) {
    input.warn(message);
  }
}

Result<ReleaseNames> listed_releases(const SourceInput& input,
                                     const std::string& base_url) {
  const Result<std::vector<S3Object>> objects =
      list_s3(base_url, std::string(kAbcReleases), input.download,
              [&input](const EntryFault& fault) {
                warn_odd(input, "the bucket's list: " + fault.place +
                                    ": left out: " + fault.why);
              });
  if (!objects) {
    return objects.error();
  }
  ReleaseNames names;
  for (const S3Object& object : *objects) {
    const std::string_view name = release_of(object.key);
    if (!name.empty()) {
      names.emplace(name);
    }
  }
  if (names.empty()) {
    return Error{ErrorCode::kNotFound,
                 "no releases/<version>/manifest.json below " + base_url};
  }
  return names;
}

Result<ReleaseNames> release_names(const SourceInput& input,
                                   const std::string& base_url) {
  const std::vector<std::string>& wanted = input.settings.releases;
  if (wanted.empty()) {
    return listed_releases(input, base_url);
  }
  for (const std::string& name : wanted) {
    const Result<void> valid = check_entry_name(name);
    if (!valid) {
      return valid.error().within("sources.abc-atlas.releases");
    }
  }
  return ReleaseNames(wanted.begin(), wanted.end());
}

std::string oddity_at(const std::string& path, const std::string& oddity) {
  return path + ": " + oddity;
}

void tell_progress(const SourceInput& input, std::size_t done,
                   std::size_t total) {
  if (input.progress) {
    input.progress("manifests", done, total);
  }
}

Result<AbcRelease> parse_release(const SourceInput& input,
                                 const std::string& name,
                                 std::string document) {
  const std::string path = manifest_path(name);
  const bool has_urls = input.settings.base_url.empty();
  Result<AbcManifest> manifest = parse_abc_manifest(
      document, has_urls ? AbcUrls::kNeeded : AbcUrls::kUnused);
  if (!manifest) {
    return manifest.error().within(path);
  }
  for (const std::string& oddity : manifest->warnings) {
    warn_odd(input, oddity_at(path, oddity));
  }
  if (manifest->version != name) {
    warn_odd(input, oddity_at(path, "/version: is " +
                                        omicsfs::quoted(manifest->version)));
  }
  return AbcRelease{name, std::move(document), *std::move(manifest)};
}

// The release as the current catalog has it.
Result<AbcRelease> known_release(const SourceInput& input,
                                 const std::string& name) {
  auto document = last_known_text(input.before, manifest_path(name));
  return document ? parse_release(input, name, *std::move(document))
                  : Result<AbcRelease>(
                        Error{ErrorCode::kNotFound, "it is not known"});
}

Result<AbcRelease> fetch_release(const SourceInput& input,
                                 const std::string& base_url,
                                 const std::string& name) {
  const std::string path = manifest_path(name);
  Result<std::string> document =
      input.download(base_url + percent_encode(path, "/"), kMaxManifestBytes);
  if (!document) {
    return document.error();
  }
  auto release = parse_release(input, name, *std::move(document));
  const bool lost_all = release && release->manifest.files.empty() &&
                        keeps_what_was_known(input) &&
                        was_known(input.before, path);
  return lost_all ? Error{ErrorCode::kInvalid, path + ": it lists no file"}
                  : std::move(release);
}

// The releases of a refresh, and what is odd about them.
class ReleaseReader {
 public:
  ReleaseReader(const SourceInput& input, const std::string& base_url)
      : input_(input), base_url_(base_url) {}

  // Errors: those that end a refresh.
  Result<void> read(const std::string& name);
  // Errors: kInvalid, none could be read.
  Result<std::vector<AbcRelease>> take();

 private:
  const SourceInput& input_;
  const std::string& base_url_;
  EntryTally tally_;
  std::vector<AbcRelease> releases_;
};

Result<void> ReleaseReader::read(const std::string& name) {
  auto release = fetch_release(input_, base_url_, name);
  if (release) {
    tally_.good();
    releases_.push_back(*std::move(release));
    return {};
  }
  const Error& error = release.error();
  if (ends_refresh(error)) {
    return error;
  }
  tally_.bad("release " + name, error.message);
  // Rule 5 of refresh_rules.h.
  auto known =
      error.code == ErrorCode::kNotFound || !keeps_what_was_known(input_)
          ? Result<AbcRelease>(error)
          : known_release(input_, name);
  warn_odd(input_,
           "release " + name +
               (known ? " stands as it did before: " : " is left out: ") +
               error.message);
  if (known) {
    releases_.push_back(*std::move(known));
  }
  return {};
}

Result<std::vector<AbcRelease>> ReleaseReader::take() {
  const auto any = tally_.verdict();
  return any ? Result<std::vector<AbcRelease>>(std::move(releases_))
             : any.error();
}

}  // namespace

std::string abc_base_url(const SourceSettings& settings) {
  std::string url = settings.base_url.empty()
                        ? std::string(kAbcAtlas.default_base_url)
                        : settings.base_url;
  if (!url.ends_with('/')) {
    url += '/';
  }
  return url;
}

Result<std::vector<AbcRelease>> fetch_abc_releases(
    const SourceInput& input, const std::string& base_url) {
  const Result<ReleaseNames> names = release_names(input, base_url);
  if (!names) {
    return names.error();
  }
  ReleaseReader reader(input, base_url);
  std::size_t done = 0;
  for (const std::string& name : *names) {
    tell_progress(input, done++, names->size());
    if (auto read = reader.read(name); !read) {
      return read.error();
    }
  }
  tell_progress(input, names->size(), names->size());
  return reader.take();
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/source_items.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <span>
#include <system_error>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/marked_url.h"
#include "catalog/sources/manifest_address.h"
#include "catalog/temporary_file.h"
#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "fetch/url.h"
#include "fs/mount_source.h"

namespace omicsfs {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;

std::filesystem::path items_path(const std::filesystem::path& state_dir,
                                 std::string_view source) {
  return state_dir / "items" / (std::string(source) + ".json");
}

Result<std::string> text_at(const JsonValue& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? value->as_string() : Result<std::string>("");
}

// What an object says besides the place.
Result<void> read_facts(const JsonValue& object, ArchiveItem& item) {
  const auto sha1 = text_at(object, "sha1");
  auto id = text_at(object, "id");
  if (!sha1 || !id) {
    return sha1 ? id.error() : sha1.error();
  }
  item.id = *std::move(id);
  if (!sha1->empty()) {
    auto digest = parse_digest(DigestKind::kSha1, *sha1);
    if (!digest) {
      return object.error(digest.error().message);
    }
    item.sha1 = *std::move(digest);
  }
  const auto size = object.find("size");
  const auto bytes = size ? size->as_size() : Result<std::uint64_t>(0);
  if (!bytes) {
    return bytes.error();
  }
  item.size = *bytes;
  return {};
}

Result<std::string> place_at(const JsonValue& element) {
  if (element.is_string()) {
    return element.as_string();
  }
  const auto value = element.at("place");
  return value ? value->as_string() : value.error();
}

Result<ArchiveItem> parse_item(const JsonValue& element, ItemPlaces places) {
  const auto word = place_at(element);
  if (!word) {
    return word.error();
  }
  const bool collection =
      places == ItemPlaces::kCollections && is_collection(*word);
  auto place = collection ? word : archive_place(*word);
  if (!place) {
    return element.error(place.error().message);
  }
  ArchiveItem item{*std::move(place), std::nullopt, "", 0};
  const auto read =
      element.is_string() ? Result<void>() : read_facts(element, item);
  return read ? Result<ArchiveItem>(std::move(item)) : read.error();
}

}  // namespace

Result<std::string> archive_place(const std::string& word) {
  if (word.empty()) {
    return Error{ErrorCode::kInvalid, "an archive has no place"};
  }
  if (is_http_url(word) || parse_marked_url(word)) {
    return word;
  }
  if (auto checked = check_url_word(word); !checked) {
    return checked.error();
  }
  if (word.find("://") != std::string::npos) {
    return Error{
        ErrorCode::kInvalid,
        omicsfs::quoted(word) + " is neither a path nor an http or https url"};
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(word, error);
  if (error) {
    return system_error("cannot find an archive", error.value());
  }
  return path.lexically_normal().string();
}

Result<std::string> item_place(const SourceKind& kind,
                               const std::string& word) {
  return kind.of_manifests && is_collection(word) ? word : archive_place(word);
}

bool is_item_named(const ArchiveItem& item, const std::string& word) {
  if (word.empty()) {
    return false;
  }
  if (item.place == word || item.id == word) {
    return true;
  }
  const auto place = archive_place(word);
  if (place && *place == item.place) {
    return true;
  }
  // As it stands in the tree.
  const std::string_view whole = item.place;
  std::string_view name =
      last_entry_name(whole.substr(0, whole.find_first_of("?#")));
  if (name == word) {
    return true;
  }
  constexpr std::string_view kZip = ".zip";
  name.remove_suffix(name.ends_with(kZip) ? kZip.size() : 0);
  return item.id.empty() && name == last_entry_name(word) &&
         (word == name || word.starts_with("datasets/"));
}

Result<std::vector<ArchiveItem>> parse_archive_items(const JsonValue& array,
                                                     ItemPlaces places) {
  const auto elements = array.elements();
  if (!elements) {
    return elements.error();
  }
  std::vector<ArchiveItem> items;
  for (const JsonValue& element : *elements) {
    auto item = parse_item(element, places);
    if (!item) {
      return item.error();
    }
    items.push_back(*std::move(item));
  }
  return items;
}

std::string archive_items_json(const std::vector<ArchiveItem>& items) {
  std::string text = "[";
  for (const ArchiveItem& item : items) {
    text += text.size() > 1 ? ",\n {" : "\n {";
    text += "\"place\": ";
    text += json_quoted(item.place);
    if (item.sha1) {
      text += ", \"sha1\": " + json_quoted(item.sha1->hex);
    }
    if (!item.id.empty()) {
      text += ", \"id\": " + json_quoted(item.id);
    }
    if (item.size != 0) {
      text += ", \"size\": " + std::to_string(item.size);
    }
    text += "}";
  }
  return text + "\n]\n";
}

Result<std::vector<ArchiveItem>> load_items(
    const std::filesystem::path& state_dir, std::string_view source) {
  const auto path = items_path(state_dir, source);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno == ENOENT
               ? Result<std::vector<ArchiveItem>>(std::vector<ArchiveItem>())
               : system_error("cannot read " + path.string(), errno);
  }
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::string text(error ? 0 : std::min<std::uint64_t>(size, kMaxBytes), '\0');
  text.resize(read_up_to(fd.get(), 0, std::as_writable_bytes(std::span(text))));
  const auto document = JsonValue::parse(text);
  if (!document) {
    return document.error().within(path.string());
  }
  auto items = parse_archive_items(*document, ItemPlaces::kCollections);
  return items ? items : items.error().within(path.string());
}

Result<UniqueFd> lock_items(const std::filesystem::path& state_dir,
                            std::string_view source, ItemsUse use,
                            const LockWait& wait) {
  const auto path = items_path(state_dir, source).replace_extension("lock");
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  const auto try_lock = [&]() -> Result<UniqueFd> {
    constexpr mode_t kMode = 0666;  // less what the umask takes
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
    if (!fd.valid()) {
      return system_error("cannot make " + path.string(), errno);
    }
    const int how = use == ItemsUse::kRead ? LOCK_SH : LOCK_EX;
    if (::flock(fd.get(), how | LOCK_NB) == 0) {
      return fd;
    }
    return errno == EWOULDBLOCK
               ? Error{ErrorCode::kTimedOut,
                       "another process is changing what was added to " +
                           std::string(source) + "; try again when it is done"}
               : system_error("cannot lock " + path.string(), errno);
  };
  auto taken = wait_for_lock(try_lock, wait);
  return taken ? Result<UniqueFd>(std::move(taken->lock)) : taken.error();
}

Result<Settings> with_added_items(Settings settings,
                                  const std::vector<std::string>& sources) {
  for (const SourceKind& kind : all_sources()) {
    const bool is_used =
        std::find(sources.begin(), sources.end(), kind.name) != sources.end();
    if (!is_used || !kind.takes_items()) {
      continue;
    }
    auto added = load_items(settings.state_dir, kind.name);
    if (!added) {
      return added.error();
    }
    if (!added->empty()) {
      auto& archives = settings.sources[std::string(kind.name)].archives;
      std::move(added->begin(), added->end(), std::back_inserter(archives));
    }
  }
  return settings;
}

Result<void> save_items(const std::filesystem::path& state_dir,
                        std::string_view source,
                        const std::vector<ArchiveItem>& items) {
  const auto path = items_path(state_dir, source);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return system_error("cannot make " + path.parent_path().string(),
                        error.value());
  }
  auto file = TemporaryFile::create(path);
  if (!file) {
    return file.error();
  }
  const std::string text = archive_items_json(items);
  const UniqueFd fd(::open(file->path().c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return system_error("cannot write " + file->path(), errno);
  }
  auto written = write_all(fd.get(), 0, std::as_bytes(std::span(text)));
  return written ? file->rename_to(path) : written;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/sources/encode_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/entry_name.h"
#include "catalog/json_stream.h"
#include "catalog/sources/encode_rules.h"

namespace omicsfs {
namespace {

using Field = EncodeField;

constexpr std::string_view kGraph = "@graph";
constexpr std::string_view kTotal = "total";
constexpr std::string_view kVersions =
    "analysis_step_version.software_versions";

// The second name of a path.
std::string_view second_name(std::string_view path) {
  const std::size_t first = path.find_first_not_of('/');
  const std::size_t slash = path.find('/', first);
  if (first == std::string_view::npos || slash == std::string_view::npos) {
    return path;
  }
  const std::string_view rest = path.substr(slash + 1);
  return rest.substr(0, rest.find('/'));
}

// A count that JSON may also have with a fraction of zero, as 40.0; none where
// `text` is no count.
std::optional<std::uint64_t> json_count(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view digits = text.substr(0, point);
  const bool has_fraction =
      point != text.npos &&
      text.find_first_not_of('0', point + 1) != std::string_view::npos;
  std::uint64_t count = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, count);
  const bool is_count = error == std::errc() && stop == end && !has_fraction;
  return is_count ? std::optional(count) : std::nullopt;
}

// The files of a document, out of what is told of it.
class FileEvents {
 public:
  explicit FileEvents(const EncodeRows& rows) : rows_(rows) {}

  Result<void> scalar(const JsonScalar& scalar) {
    if (scalar.keys.size() == 1 && scalar.keys[0] == kTotal) {
      total_ = std::string(scalar.text);
    }
    if (scalar.kind == JsonScalarKind::kNull || !find_path(scalar.keys)) {
      return {};
    }
    if (path_.starts_with(kVersions)) {
      take_software(scalar.text);
      return {};
    }
    const auto field = encode_field_of_key(path_);
    if (!field) {
      return {};
    }
    if (is_encode_list(*field)) {
      begin_list(*field);
      lists_[index_of(*field)].emplace_back(scalar.text);
    } else if (encode_column(*field).shape == EncodeShape::kSegment) {
      file_.set(*field, second_name(scalar.text));
    } else {
      file_.set(*field, scalar.text);
    }
    return {};
  }

  Result<void> array_begin(JsonPlace keys) {
    if (keys.empty()) {
      is_array_ = true;
      return {};
    }
    if (keys.size() == 1 && keys[0] == kGraph) {
      has_graph_ = true;
      return {};
    }
    if (!find_path(keys)) {
      return {};
    }
    if (path_ == kVersions) {
      begin_list(Field::kSoftware);
    } else if (const auto field = encode_field_of_key(path_);
               field && is_encode_list(*field)) {
      begin_list(*field);
    }
    return {};
  }

  Result<void> object_end(JsonPlace keys) {
    const bool whole =
        is_array_ ? keys.empty() : keys.size() == 1 && keys[0] == kGraph;
    if (whole) {
      return end_file();
    }
    if (find_path(keys) && path_ == kVersions) {
      lists_[index_of(Field::kSoftware)].push_back(
          std::exchange(software_, {}) + ":" + std::exchange(version_, {}));
    }
    return {};
  }

  // Errors: kInvalid, it is no catalogue, or a search's answer that has
  // fewer files than the search found: a catalog must not lose
  // files to a limit.
  [[nodiscard]] Result<void> check() const {
    if (!is_array_ && !has_graph_) {
      return Error{ErrorCode::kInvalid,
                   "neither an array of files nor a search's answer: it has no "
                   "\"@graph\""};
    }
    if (is_array_ || !total_) {
      return {};
    }
    const auto total = json_count(*total_);
    if (!total) {
      return Error{ErrorCode::kInvalid,
                   "\"total\" is " + omicsfs::quoted(*total_) +
                       ", and not how many files the search found"};
    }
    rows_.is_search();
    if (files_ < *total) {
      return Error{ErrorCode::kInvalid,
                   fmt::format("the answer has {} of the {} files that the "
                               "search found; add limit=all to its url",
                               files_, *total)};
    }
    return {};
  }

 private:
  static std::size_t index_of(Field field) {
    return static_cast<std::size_t>(field);
  }

  // Puts the keys within the file, joined by dots, to path_. False outside of
  // any file.
  bool find_path(JsonPlace keys) {
    if (!is_array_) {
      if (keys.empty() || keys[0] != kGraph) {
        return false;
      }
      keys = keys.subspan(1);
    }
    path_.clear();
    for (const std::string& key : keys) {
      path_ += path_.empty() ? "" : ".";
      path_ += key;
    }
    return !path_.empty();
  }

  void take_software(std::string_view text) {
    const std::string_view rest = std::string_view(path_).substr(
        std::min(path_.size(), kVersions.size()));
    if (rest == ".software.name") {
      software_ = text;
    } else if (rest == ".version") {
      version_ = text;
    }
  }

  void begin_list(Field field) {
    if (!has_list_[index_of(field)]) {
      has_list_[index_of(field)] = true;
      lists_[index_of(field)].clear();
    }
  }

  Result<void> end_file() {
    for (std::size_t index = 0; index < kEncodeFields; ++index) {
      if (has_list_[index]) {
        const auto field = static_cast<Field>(index);
        const std::vector<std::string_view> items(lists_[index].begin(),
                                                  lists_[index].end());
        file_.set(field, encode_list(items, encode_column(field).shape));
        has_list_[index] = false;
      }
    }
    auto taken = rows_.take(file_, "file " + std::to_string(++files_));
    file_.clear();
    return taken;
  }

  const EncodeRows& rows_;
  bool is_array_ = false;
  bool has_graph_ = false;
  EncodeFile file_;
  std::array<std::vector<std::string>, kEncodeFields> lists_;
  std::array<bool, kEncodeFields> has_list_{};
  std::string path_;
  std::string software_;  // of the version that is being read
  std::string version_;
  std::uint64_t files_ = 0;
  std::optional<std::string> total_;  // as the answer of a search tells it
};

}  // namespace

Result<void> read_encode_json(const ReadPiece& read, const EncodeRows& rows) {
  FileEvents events(rows);
  auto streamed = stream_json(
      read,
      {[&events](const JsonScalar& scalar) { return events.scalar(scalar); },
       [&events](JsonPlace keys) { return events.array_begin(keys); },
       [&events](JsonPlace keys) { return events.object_end(keys); }});
  return streamed ? events.check() : streamed;
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "catalog/entry_name.h"
#include "catalog/external_sort.h"
#include "catalog/line_reader.h"
#include "catalog/sources/manifest_readers.h"
#include "catalog/web_place.h"

namespace omicsfs {
namespace {

constexpr std::size_t kBagSortBytes = std::size_t{16} << 20U;
constexpr std::size_t kMaxBagLine = std::size_t{64} << 10U;
constexpr std::string_view kPayload = "data/";
constexpr std::string_view kBagBlanks = " \t";
// The payload manifests that are looked for (RFC 8493 2.4).
constexpr std::array<std::string_view, 4> kBagDigests = {"sha512", "sha256",
                                                         "sha1", "md5"};

// The first word of `line`, which loses it and the blanks behind it.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find_first_of(kBagBlanks));
  line.remove_prefix(word.size());
  line.remove_prefix(std::min(line.find_first_not_of(kBagBlanks), line.size()));
  return word;
}

// What `escape` stands for in a path (RFC 8493 2.1.3); NUL of no escape.
char unescaped(std::string_view escape) {
  if (escape == "%0A" || escape == "%0a") {
    return '\n';
  }
  if (escape == "%0D" || escape == "%0d") {
    return '\r';
  }
  return escape == "%25" ? '%' : '\0';
}

std::string bag_path(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    const std::string_view escape = text.substr(0, 3);
    const char c = unescaped(escape);
    path += c == '\0' ? text[0] : c;
    text.remove_prefix(c == '\0' ? 1 : escape.size());
  }
  return path;
}

// What one line tells of a file, kept between two sorted files.
struct BagLine {
  std::string kind;   // of a digest; "" of a line of fetch.txt
  std::string value;  // the digest, or the url
  std::string size;   // of a line of fetch.txt: digits, or "-"
  std::string place;  // of the line

  [[nodiscard]] std::string packed() const {
    return kind + '\n' + value + '\n' + size + '\n' + place;
  }
  static BagLine unpacked(std::string_view text) {
    BagLine line;
    for (std::string* part : {&line.kind, &line.value, &line.size}) {
      *part = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(part->size() + 1, text.size()));
    }
    line.place = text;
    return line;
  }
};

// Brings together what fetch.txt and the payload manifests tell of each path.
class BagReader {
 public:
  BagReader(const ManifestText& text, const ManifestEvents& events)
      : text_(text),
        events_(events),
        base_(manifest_base(text)),
        lines_(text.scratch_directory, kBagSortBytes) {}

  Result<void> read_fetch() {
    return read_lines(text_.read, "", [](std::string_view& line) {
      BagLine told;
      told.value = take_word(line);
      told.size = take_word(line);
      return told;
    });
  }

  Result<void> read_digests() {
    if (text_.open == nullptr || base_.folder.empty()) {
      return {};
    }
    bool any = false;
    for (const std::string_view kind : kBagDigests) {
      const std::string name = "manifest-" + std::string(kind) + ".txt";
      const auto read = (*text_.open)(base_.folder + name);
      if (!read && read.error().code == ErrorCode::kNotFound) {
        continue;
      }
      if (!read) {
        return read.error();
      }
      any = true;
      auto done = read_lines(*read, name + " ", [kind](std::string_view& line) {
        BagLine told;
        told.kind = kind;
        told.value = take_word(line);
        line.remove_prefix(line.starts_with('*') ? 1 : 0);
        return told;
      });
      if (!done) {
        return done.error().within(name);
      }
    }
    if (!any) {
      events_.odd("fetch.txt", "no manifest-….txt of digests is beside it");
    }
    return {};
  }

  Result<void> give() {
    auto done = lines_.drain(
        [this](std::string_view path, std::string_view packed) -> Result<void> {
          if (path != path_) {
            if (auto ended = end(); !ended) {
              return ended;
            }
            path_ = path;
          }
          take(BagLine::unpacked(packed));
          return {};
        });
    return done ? end() : done;
  }

 private:
  // `split` makes a line what it tells, and leaves it the path.
  Result<void> read_lines(
      const ReadPiece& read, const std::string& document,
      const std::function<BagLine(std::string_view& line)>& split) {
    LineReader lines(read, kMaxBagLine);
    while (true) {
      const auto next = lines.next();
      if (!next || !*next) {
        return next ? Result<void>() : next.error();
      }
      std::string_view line = **next;
      if (line.find_first_not_of(kBagBlanks) == std::string_view::npos) {
        continue;
      }
      BagLine told = split(line);
      told.place = document + lines.place();
      if (!line.starts_with(kPayload)) {
        events_.problem(told.place, omicsfs::quoted(line) +
                                        " is no path of the payload: such a "
                                        "one begins with data/");
        continue;
      }
      if (auto added = lines_.add(bag_path(line), told.packed()); !added) {
        return added;
      }
    }
  }

  void take(const BagLine& line) {
    if (place_.empty()) {
      place_ = line.place;
    }
    Result<void> added;
    if (!line.kind.empty()) {
      added = add_digest(entry_, line.kind, line.value);
    } else {
      place_ = line.place;
      added = add_url(entry_, line.value, base_.endpoints);
      if (added && line.size != "-") {
        const auto size = parse_manifest_size(line.size);
        added = size ? Result<void>() : size.error();
        entry_.size = size ? std::optional(*size) : std::nullopt;
      }
      if (std::exchange(fetched_, true)) {
        added =
            Error{ErrorCode::kInvalid, omicsfs::quoted(path_) + " comes again"};
      }
    }
    trouble_ = trouble_ ? added : trouble_;
  }

  // What is not fetched is in the bag itself.
  Result<void> end() {
    if (place_.empty()) {
      return {};
    }
    entry_.path = path_;
    if (trouble_ && !fetched_) {
      trouble_ = add_origin(entry_, path_, base_);
    }
    auto given = give_entry(events_, entry_, place_, trouble_);
    entry_ = {};
    place_.clear();
    trouble_ = {};
    fetched_ = false;
    return given;
  }

  const ManifestText& text_;
  const ManifestEvents& events_;
  const ManifestBase base_;
  ExternalSort lines_;
  // Of the file whose lines are being taken.
  std::string path_;
  std::string place_;  // "" before the first
  ManifestEntry entry_;
  Result<void> trouble_;
  bool fetched_ = false;
};

}  // namespace

Result<void> read_bag_manifest(const ManifestText& text,
                               const ManifestEvents& events) {
  BagReader reader(text, events);
  auto done = reader.read_fetch();
  if (done) {
    done = reader.read_digests();
  }
  return done ? reader.give() : done;
}

}  // namespace omicsfs

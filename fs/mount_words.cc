// SPDX-License-Identifier: MIT
#include "fs/mount_words.h"

#include <algorithm>
#include <array>

#include "catalog/entry_name.h"
#include "fs/setting_key.h"

namespace omicsfs {
namespace {

// For mount(8), systemd and the like; and "ro", which always holds.
constexpr std::array<std::string_view, 14> kForOthers = {
    "ro",     "defaults", "auto",     "noauto",    "_netdev",
    "nofail", "user",     "users",    "nouser",    "owner",
    "group",  "async",    "relatime", "nodiratime"};
constexpr std::array<std::string_view, 4> kForTheKernel = {"nosuid", "nodev",
                                                           "noexec", "noatime"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words,
              std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_for_others(std::string_view word) {
  return word.empty() || contains(kForOthers, word) || word.starts_with("x-") ||
         word.starts_with("comment=");
}

Error invalid_word(std::string message) {
  return Error{ErrorCode::kInvalid, "-o: " + std::move(message)};
}

Result<void> take_word(std::string_view word, MountWords& words) {
  if (word == "rw") {
    return invalid_word("omicsfs is read-only; leave out \"rw\"");
  }
  if (word == "allow_other") {
    words.allow_other = true;
    return {};
  }
  if (contains(kForTheKernel, word)) {
    words.kernel_options.emplace_back(word);
    return {};
  }
  const std::size_t equals = word.find('=');
  const std::string_view key = word.substr(0, equals);
  // Mistyped settings are told from mistyped words by their dot.
  const bool setting =
      equals != std::string_view::npos &&
      (find_setting_key(key) != nullptr || key.find('.') != key.npos);
  if (setting) {
    words.assignments.push_back({std::string(key),
                                 std::string(word.substr(equals + 1)),
                                 "-o " + std::string(key)});
    return {};
  }
  return is_for_others(word) ? Result<void>()
                             : invalid_word("unknown option " + quoted(word));
}

}  // namespace

Result<MountWords> parse_mount_words(std::string_view text) {
  MountWords words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (const auto taken = take_word(text.substr(0, end), words); !taken) {
      return taken.error();
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace omicsfs

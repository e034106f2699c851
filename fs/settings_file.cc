// SPDX-License-Identifier: MIT
#include "fs/settings_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "catalog/unique_fd.h"

namespace omicsfs {
namespace {

constexpr std::size_t kMaxSettingsBytes = 1 << 20;

Error file_error(const std::string& file, int error) {
  const bool absent = error == ENOENT || error == ENOTDIR;
  return Error{
      absent ? ErrorCode::kNotFound : ErrorCode::kIo,
      "cannot read the settings file " + file + ": " + std::strerror(error)};
}

Result<SettingsText> read_settings_file(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return file_error(file, errno);
  }
  SettingsText text{file, ""};
  std::array<char, 4096> buffer{};
  while (text.text.size() <= kMaxSettingsBytes) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count == 0) {
      return text;
    }
    if (count < 0 && errno != EINTR) {
      return file_error(file, errno);
    }
    text.text.append(buffer.data(),
                     static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return Error{ErrorCode::kInvalid,
               "the settings file " + file + " is larger than 1 MiB"};
}

Result<std::vector<SettingsText>> read_usual_files(
    const Environment& environment) {
  std::vector<SettingsText> texts;
  for (const std::string& file : usual_settings_files(environment)) {
    auto text = read_settings_file(file);
    if (text) {
      texts.push_back(*std::move(text));
    } else if (text.error().code != ErrorCode::kNotFound) {
      return text.error();
    }
  }
  return texts;
}

Result<std::vector<SettingsText>> read_files(const std::string& config,
                                             const Environment& environment) {
  if (config.empty()) {
    return read_usual_files(environment);
  }
  auto text = read_settings_file(config);
  if (!text) {
    return text.error();
  }
  return std::vector{*std::move(text)};
}

}  // namespace

Environment process_environment() {
  Environment variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return variables;
}

std::vector<std::string> usual_settings_files(const Environment& environment) {
  std::vector<std::string> files = {"/etc/omicsfs/config.json"};
  const std::string base = value_in(environment, "XDG_CONFIG_HOME");
  const std::string home = value_in(environment, "HOME");
  if (base.starts_with('/')) {
    files.push_back(base + "/omicsfs/config.json");
  } else if (home.starts_with('/')) {
    files.push_back(home + "/.config/omicsfs/config.json");
  }
  return files;
}

Result<MergedSettings> load_settings(const std::optional<std::string>& config,
                                     const std::vector<Assignment>& flags,
                                     const Environment& environment) {
  auto files = read_files(
      config.value_or(value_in(environment, "OMICSFS_CONFIG")), environment);
  if (!files) {
    return files.error();
  }
  return merge_settings({*std::move(files), environment, flags});
}

}  // namespace omicsfs

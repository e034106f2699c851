// SPDX-License-Identifier: MIT
#include "fs/tokens.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <system_error>
#include <utility>

#include "catalog/sources/refine_api.h"
#include "catalog/sources/refine_bio.h"
#include "catalog/temporary_file.h"
#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
#include "fetch/resolve_url.h"
#include "fetch/url.h"
#include "fs/setting_key.h"

namespace omicsfs {
namespace {

std::filesystem::path token_path(const std::filesystem::path& state_dir,
                                 std::string_view source) {
  return state_dir / "tokens" / std::string(source);
}

// What may stand in a header.
Result<std::string> checked(std::string token, const std::string& where) {
  while (!token.empty() && (token.back() == '\n' || token.back() == ' ')) {
    token.pop_back();
  }
  const bool fits = std::all_of(token.begin(), token.end(),
                                [](char c) { return c > ' ' && c < '\x7f'; });
  if (token.empty() || !fits) {
    return Error{ErrorCode::kInvalid, where + " holds no token"};
  }
  return token;
}

}  // namespace

Result<std::string> load_token(const std::filesystem::path& state_dir,
                               std::string_view source) {
  const std::string variable = variable_of(std::string(source) + ".token");
  const char* given = std::getenv(variable.c_str());
  if (given != nullptr && *given != '\0') {
    return checked(given, variable);
  }
  const auto path = token_path(state_dir, source);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) {
    return errno == ENOENT
               ? Result<std::string>("")
               : system_error("cannot read " + path.string(), errno);
  }
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0 ||
      (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{ErrorCode::kInvalid,
                 path.string() + " may be read by others; run `chmod 600`"};
  }
  std::array<char, 4096> text{};
  const std::size_t got =
      read_up_to(fd.get(), 0, std::as_writable_bytes(std::span(text)));
  return checked(std::string(text.data(), got), path.string());
}

Result<void> save_token(const std::filesystem::path& state_dir,
                        std::string_view source, const std::string& token) {
  const auto path = token_path(state_dir, source);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  auto file =
      error ? Result<TemporaryFile>(system_error(
                  "cannot make " + path.parent_path().string(), error.value()))
            : TemporaryFile::create(path);
  if (!file) {
    return file.error();
  }
  const UniqueFd fd(::open(file->path().c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
    return system_error("cannot write " + file->path(), errno);
  }
  const std::string line = token + "\n";
  auto written = write_all(fd.get(), 0, std::as_bytes(std::span(line)));
  return written ? file->rename_to(path) : written;
}

std::string refine_api_base(const Settings& settings) {
  const std::string base = settings.source(kRefineBio.name).base_url;
  return base.empty() ? std::string(kRefineBio.default_base_url) : base;
}

Result<ResolvingTransport::HeaderFor> secret_headers(const Settings& settings) {
  const auto& archives = settings.source(kRefineBio.name).archives;
  if (std::none_of(archives.begin(), archives.end(),
                   [](const ArchiveItem& item) {
                     return parse_resolve_url(item.place).has_value();
                   })) {
    return ResolvingTransport::HeaderFor(
        [](const std::string& /*api_url*/) { return std::string(); });
  }
  const auto token = load_token(settings.state_dir, kRefineBio.name);
  if (!token) {
    return token.error();
  }
  return ResolvingTransport::HeaderFor(
      [server = server_or_none(refine_api_base(settings)),
       header = RefineApi::header_of(*token)](const std::string& api_url) {
        return server_or_none(api_url) == server ? header : std::string();
      });
}

}  // namespace omicsfs

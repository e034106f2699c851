// SPDX-License-Identifier: MIT
#include "fs/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <span>
#include <system_error>
#include <utility>

#include "catalog/marked_url.h"
#include "catalog/sources/refine_api.h"
#include "catalog/sources/refine_bio.h"
#include "catalog/temporary_file.h"
#include "catalog/unique_fd.h"
#include "fetch/local_io.h"
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

// Of the variable, else of the file; "" where neither is there.
Result<std::string> read_token(const std::string& variable,
                               const std::filesystem::path& path) {
  const char* given = std::getenv(variable.c_str());
  if (given != nullptr && *given != '\0') {
    return checked(given, variable);
  }
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

// By name, the header with each token of the settings, or why there is none.
using NamedHeaders = std::map<std::string, Result<std::string>, std::less<>>;

NamedHeaders named_headers(const Settings& settings) {
  NamedHeaders headers;
  for (const auto& [name, rule] : settings.tokens) {
    const auto secret = named_token(settings.state_dir, name);
    headers.emplace(name, secret
                              ? Result<std::string>(token_header(rule, *secret))
                              : secret.error());
  }
  return headers;
}

// What refine.bio's server is shown.
struct ApiHeader {
  std::string server;
  std::string header;
};

// Errors: as load_token.
Result<ApiHeader> refine_header(const Settings& settings) {
  const auto& archives = settings.source(kRefineBio.name).archives;
  if (std::none_of(archives.begin(), archives.end(),
                   [](const ArchiveItem& item) {
                     return parse_marked_url(item.place).has_value();
                   })) {
    return ApiHeader{};
  }
  const auto token = load_token(settings.state_dir, kRefineBio.name);
  if (!token) {
    return token.error();
  }
  return ApiHeader{server_or_none(refine_api_base(settings)),
                   RefineApi::header_of(*token)};
}

}  // namespace

Result<std::string> load_token(const std::filesystem::path& state_dir,
                               std::string_view source) {
  return read_token(variable_of(std::string(source) + ".token"),
                    token_path(state_dir, source));
}

Result<std::string> named_token(const std::filesystem::path& state_dir,
                                std::string_view name) {
  const std::string variable = token_variable(name);
  const auto path = token_path(state_dir, name);
  auto token = read_token(variable, path);
  const bool missing = token && token->empty();
  return missing
             ? Error{ErrorCode::kInvalid,
                     fmt::format("the token \"{}\" is not there: set {}, or "
                                 "put it into {}, which nobody else may "
                                 "read",
                                 name, variable, path.string())}
             : std::move(token);
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
  const auto api = refine_header(settings);
  if (!api) {
    return api.error();
  }
  return ResolvingTransport::HeaderFor(
      [api = *api, servers = token_servers(settings.tokens),
       named = named_headers(settings)](
          const MarkedUrl& address) -> Result<std::string> {
        if (address.kind != MarkedUrl::Kind::kToken) {
          return server_or_none(address.url) == api.server ? api.header : "";
        }
        const auto may = check_token(address, servers);
        return may ? named.find(address.token)->second : may.error();
      });
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/manifest_command.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/sources/manifest.h"
#include "catalog/sources/manifest_address.h"
#include "catalog/sources/manifest_writer.h"
#include "catalog/temporary_file.h"
#include "catalog/web_place.h"
#include "fetch/counters.h"
#include "fetch/curl_transport.h"
#include "fetch/document_fetch.h"
#include "fetch/mirrors.h"
#include "fs/command.h"
#include "fs/document_opener.h"
#include "fs/interrupt_watch.h"
#include "fs/manifest_make.h"
#include "fs/mount_source.h"
#include "fs/network_options.h"
#include "fs/private_servers.h"
#include "fs/progress.h"
#include "fs/size_text.h"

namespace omicsfs {
namespace {

namespace files = std::filesystem;

// Files that are left out and named: an archive may have very many members.
constexpr std::uint64_t kLeftOutTold = 20;

constexpr const char* kManifestFooter =
    R"(omicsfs-manifest(5) describes the format; many others are read as well.

Example: omicsfs manifest check datapackage.json
         omicsfs manifest make ~/results -o ~/results/datapackage.json
         omicsfs manifest from ~/abc/latest -o used.json)";

// Documents of the web and of this machine, for as long as a command runs.
class ManifestWeb {
 public:
  ManifestWeb(const Settings& settings, Progress& progress,
              const std::stop_token& stop)
      : mirrors_(settings.mirrors),
        transport_(document_transport_options(settings)),
        fetcher_(transport_, mirrors_, document_retry_policy(settings.network),
                 counters_),
        opener_(fetcher_, settings.state_dir, stop,
                [&progress](std::string_view what, std::uint64_t done,
                            std::uint64_t total) {
                  progress.show(what, done, total);
                }),
        download_(
            [this, stop](const std::string& url, std::uint64_t max_bytes) {
              return fetcher_.fetch(url, max_bytes, stop);
            }) {}

  [[nodiscard]] const OpenDocument& open() const { return opener_.open(); }
  [[nodiscard]] const Download& download() const { return download_; }

 private:
  const Mirrors mirrors_;
  Counters counters_;
  CurlTransport transport_;
  DocumentFetcher fetcher_;
  DocumentOpener opener_;
  const Download download_;
};

// The server that is named by the user may be anywhere.
Settings with_place(Settings settings, const std::string& place) {
  settings.sources["manifest"].catalogue.push_back(place);
  return settings;
}

// A directory of this command alone, below that of the catalogs.
class ManifestScratch {
 public:
  static Result<ManifestScratch> make(const files::path& state_dir) {
    std::error_code error;
    files::create_directories(state_dir, error);
    std::string name = (state_dir / "manifest.XXXXXX").native();
    if (error || ::mkdtemp(name.data()) == nullptr) {
      return system_error("cannot make a directory in " + state_dir.string());
    }
    return ManifestScratch(name);
  }
  ManifestScratch(ManifestScratch&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  ManifestScratch& operator=(ManifestScratch&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ManifestScratch() {
    std::error_code ignored;
    if (!path_.empty()) {
      files::remove_all(path_, ignored);
    }
  }
  [[nodiscard]] const files::path& path() const { return path_; }

 private:
  explicit ManifestScratch(files::path path) : path_(std::move(path)) {}
  files::path path_;
};

// Where the text goes once it is whole: to stdout or to the place of a file.
class ManifestOutput {
 public:
  static Result<ManifestOutput> open(const std::string& place) {
    ManifestOutput output;
    if (place.empty()) {
      // Nobody gets half a manifest: it goes to stdout once it is whole.
      output.stream_.reset(std::tmpfile());
      return output.stream_ ? Result<ManifestOutput>(std::move(output))
                            : system_error("cannot make a temporary file");
    }
    output.target_ = files::absolute(place).lexically_normal();
    auto file = TemporaryFile::create(output.target_);
    if (!file) {
      return file.error();
    }
    output.file_ = *std::move(file);
    output.stream_.reset(std::fopen(output.file_->path().c_str(), "we"));
    return output.stream_ ? Result<ManifestOutput>(std::move(output))
                          : system_error("cannot write " + place);
  }

  Result<void> write(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stream_.get()) ==
                   text.size()
               ? Result<void>()
               : system_error("cannot write the manifest");
  }
  // What is shared is for all to read.
  Result<void> finish() {
    if (std::fflush(stream_.get()) != 0) {
      return system_error("cannot write the manifest");
    }
    if (!file_) {
      return copy_to_stdout();
    }
    constexpr mode_t kReadByAll = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
    if (::chmod(file_->path().c_str(), kReadByAll) != 0) {
      return system_error("cannot write " + target_.string());
    }
    return file_->rename_to(target_);
  }
  // The files that it is made of.
  [[nodiscard]] std::set<std::string> files() const {
    return file_ ? std::set<std::string>{target_.string(),
                                         files::path(file_->path())
                                             .lexically_normal()
                                             .string()}
                 : std::set<std::string>();
  }
  [[nodiscard]] ManifestForm form() const {
    const std::string ending = target_.extension().string();
    return ending == ".jsonl" || ending == ".ndjson" ? ManifestForm::kLines
                                                     : ManifestForm::kPackage;
  }

 private:
  struct Close {
    void operator()(std::FILE* stream) const {
      static_cast<void>(std::fclose(stream));
    }
  };
  ManifestOutput() = default;

  Result<void> copy_to_stdout() {
    std::rewind(stream_.get());
    std::array<char, 65'536> piece{};
    while (true) {
      const std::size_t got =
          std::fread(piece.data(), 1, piece.size(), stream_.get());
      if (std::fwrite(piece.data(), 1, got, stdout) != got ||
          std::ferror(stream_.get()) != 0) {
        return system_error("cannot write the manifest");
      }
      if (got < piece.size()) {
        return std::fflush(stdout) == 0
                   ? Result<void>()
                   : system_error("cannot write the manifest");
      }
    }
  }

  files::path target_;
  std::optional<TemporaryFile> file_;
  std::unique_ptr<std::FILE, Close> stream_;
};

int fail_manifest(const ManifestOptions& options, const Error& error) {
  fmt::print(stderr, "omicsfs manifest: {}: {}\n",
             omicsfs::printable(options.place, 1000), error.message);
  return kExitFailed;
}

Result<std::string> document_place(const std::string& place,
                                   const Endpoints& endpoints) {
  if (is_web_place(place) || is_collection(place)) {
    return manifest_address(place, endpoints);
  }
  if (const auto checked = check_url_word(place); !checked) {
    return checked.error();
  }
  return files::absolute(place).lexically_normal().string();
}

std::string count_text(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

int check(const ManifestOptions& options, const Settings& settings) {
  const InterruptWatch interrupts;
  Progress progress(STDERR_FILENO);
  ManifestWeb web(with_place(settings, options.place), progress,
                  interrupts.token());
  const auto scratch = ManifestScratch::make(settings.state_dir);
  const auto place = document_place(options.place, settings.endpoints);
  if (!scratch || !place) {
    return fail_manifest(options, scratch ? place.error() : scratch.error());
  }
  std::uint64_t problems = 0;
  std::vector<std::string> servers;
  const auto told = [&](const std::string& where, const std::string& what) {
    progress.clear();
    fmt::print("{}: {}\n", where, what);
  };
  const auto summary = check_manifest(
      {*place, scratch->path(),
       [&](const std::string& where, const std::string& why) {
         ++problems;
         told(where, why);
       },
       [&](const std::string& where, const std::string& why) {
         told(where, "left out: " + why);
       },
       told, [&](const std::string& server) { servers.push_back(server); }},
      web.open());
  progress.clear();
  if (proxy_decides()) {
    servers.clear();
  }
  for (const std::string& warning :
       private_server_warnings(servers, with_place(settings, options.place))) {
    fmt::print(stderr, "omicsfs manifest: {}: warning: {}\n",
               omicsfs::printable(options.place, 1000), warning);
  }
  if (!summary) {
    return fail_manifest(options, summary.error());
  }
  fmt::print("{}, {}, {}\n", count_text(summary->files, "file"),
             size_text(summary->bytes), count_text(problems, "problem"));
  return problems == 0 ? kExitDone : kExitFailed;
}

Result<void> make_of_web(const ManifestOptions& options, const ManifestWeb& web,
                         const Settings& settings,
                         const ManifestMaking& making) {
  const bool index =
      is_web_place(options.place) && options.place.ends_with('/');
  if (index) {
    return make_of_index(options.place, web.download(), making);
  }
  const auto address = document_place(options.place, settings.endpoints);
  const auto place =
      address ? pinned_address(*address, web.download()) : address;
  const auto scratch = ManifestScratch::make(settings.state_dir);
  if (!place || !scratch) {
    return place ? scratch.error() : place.error();
  }
  const auto read = web.open()(*place);
  if (!read) {
    return read.error();
  }
  return make_of_manifest({*read, *place, "", &web.download(), &web.open(),
                           scratch->path(), nullptr, settings.endpoints},
                          making);
}

Result<void> make_files(const ManifestOptions& options,
                        const ManifestOutput& output, const ManifestWeb& web,
                        const Settings& settings,
                        const ManifestMaking& making) {
  if (options.what == ManifestOptions::What::kFrom) {
    return make_of_mount(files::absolute(options.place), making);
  }
  const bool local =
      !is_web_place(options.place) && !is_collection(options.place);
  std::error_code ignored;
  return local && files::is_directory(options.place, ignored)
             ? make_of_directory(
                   files::absolute(options.place).lexically_normal(),
                   output.files(), making)
             : make_of_web(options, web, settings, making);
}

int make(const ManifestOptions& options, const Settings& settings) {
  const InterruptWatch interrupts;
  Progress progress(STDERR_FILENO);
  ManifestWeb web(with_place(settings, options.place), progress,
                  interrupts.token());
  auto output = ManifestOutput::open(options.output);
  if (!output) {
    return fail_manifest(options, output.error());
  }
  ManifestWriter writer(output->form(), [&](std::string_view text) {
    return output->write(text);
  });
  std::uint64_t left_out = 0;
  const ManifestMaking making{
      [&](const ManifestEntry& entry) {
        progress.show("files", writer.files() + 1, 0);
        return writer.add(entry);
      },
      [&](const std::string& what, const std::string& why) {
        if (++left_out > kLeftOutTold) {
          return;
        }
        progress.clear();
        fmt::print(stderr, "omicsfs manifest: {}: left out: {}\n",
                   omicsfs::printable(what, 1000), why);
      },
      interrupts.token()};
  auto done = writer.begin("");
  done = done ? make_files(options, *output, web, settings, making) : done;
  done = done ? writer.end() : done;
  done = done ? output->finish() : done;
  progress.clear();
  if (!done) {
    return fail_manifest(options, done.error());
  }
  fmt::print(stderr, "{}{}\n", count_text(writer.files(), "file"),
             left_out == 0 ? "" : fmt::format(", {} left out", left_out));
  return kExitDone;
}

void add_output(CLI::App& app, ManifestOptions& options) {
  app.add_option("-o,--output", options.output,
                 "Write to this file, else to stdout; JSON lines where its "
                 "name ends in .jsonl")
      ->type_name("FILE");
}

}  // namespace

void add_manifest_command(CLI::App& app, ManifestOptions& options) {
  using What = ManifestOptions::What;
  CLI::App* manifest =
      app.add_subcommand("manifest", "Check and make manifests of files");
  manifest->require_subcommand(1);
  manifest->footer(kManifestFooter);
  const auto add = [&](const char* name, const char* help, What what) {
    CLI::App* one = manifest->add_subcommand(name, help);
    one->footer(kManifestFooter);
    one->callback([&options, what] { options.what = what; });
    return one;
  };
  CLI::App* checked =
      add("check", "Tell what is wrong with a manifest", What::kCheck);
  checked->add_option("FILE", options.place, "A path or url")
      ->required()
      ->type_name("");
  CLI::App* made =
      add("make", "Write the manifest of a directory, a bucket or a repository",
          What::kMake);
  made->add_option("PLACE", options.place,
                   "A directory, a url of a server's directory (with a slash "
                   "at its end) or of a manifest, s3://… or hf://…")
      ->required()
      ->type_name("");
  add_output(*made, options);
  CLI::App* from =
      add("from", "Write the manifest of what is mounted", What::kFrom);
  from->add_option("PATH", options.place, "A directory of a mount")
      ->required()
      ->type_name("");
  add_output(*from, options);
}

int run_manifest(const ManifestOptions& options, const Settings& settings) {
  return options.what == ManifestOptions::What::kCheck
             ? check(options, settings)
             : make(options, settings);
}

}  // namespace omicsfs

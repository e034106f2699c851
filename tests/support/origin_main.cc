// SPDX-License-Identifier: MIT
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <utility>

#include "tests/support/origin.h"

// omicsfs-origin: serves a directory as an S3 bucket over the loopback
// interface, until SIGTERM or SIGINT. The first line on stdout is its url.

namespace {

struct Arguments {
  omicsfs::OriginOptions options;
  std::int64_t delay_ms = 0;
  std::string port_file;
};

void declare(CLI::App& app, Arguments& arguments) {
  omicsfs::OriginOptions& options = arguments.options;
  app.add_option("--root", options.root, "The directory to serve")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--port", options.port, "0: any free one");
  app.add_option("--port-file", arguments.port_file,
                 "Write the port there once listening");
  app.add_option("--delay-ms", arguments.delay_ms, "Wait before each answer");
  app.add_option("--bandwidth", options.bandwidth, "Bytes/s a connection");
  app.add_option("--page-size", options.page_size, "Keys in a listing page");
  app.add_option("--log", options.log_file, "A line for each request");
}

// Blocks the signals that end the program, in this thread and those it makes.
sigset_t block_ending_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return ending;
}

int run(Arguments arguments) {
  const sigset_t ending = block_ending_signals();
  arguments.options.delay = std::chrono::milliseconds(arguments.delay_ms);
  const auto origin = omicsfs::Origin::start(std::move(arguments.options));
  if (!origin) {
    std::fprintf(stderr, "omicsfs-origin: %s\n",
                 origin.error().message.c_str());
    return 1;
  }
  if (!arguments.port_file.empty()) {
    std::ofstream(arguments.port_file) << (*origin)->port() << '\n';
  }
  std::printf("%s\n", (*origin)->url("/").c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ending, &signal);
  return 0;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Serves a directory as an S3 bucket on the loopback interface");
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  return run(std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "omicsfs-origin: %s\n", error.what());
    return 1;
  }
}

// SPDX-License-Identifier: MIT
#include "fs/refine_consent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "catalog/sources/refine_bio.h"
#include "fs/tokens.h"

namespace omicsfs {
namespace {

Result<void> ask_for_consent() {
  if (::isatty(STDIN_FILENO) == 0) {
    return Error{ErrorCode::kInvalid,
                 "refine.bio's terms of use must be agreed to: run this on a "
                 "terminal, or with --accept-terms"};
  }
  fmt::print(stderr, "Do you agree? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") {
    return Error{ErrorCode::kInvalid, "nothing was requested"};
  }
  return {};
}

}  // namespace

Result<void> use_token(RefineApi& api, const std::filesystem::path& state_dir,
                       Consent consent) {
  const auto known = load_token(state_dir, kRefineBio.name);
  if (!known) {
    return known.error();
  }
  if (!known->empty()) {
    api.use(*known);
    return {};
  }
  const auto token = api.new_token();
  if (!token) {
    return token.error();
  }
  fmt::print(stderr, "refine.bio's terms of use:\n\n{}\n\n", token->terms);
  if (consent == Consent::kAsk) {
    if (auto given = ask_for_consent(); !given) {
      return given;
    }
  }
  if (auto active = api.activate(token->id); !active) {
    return active;
  }
  api.use(token->id);
  return save_token(state_dir, kRefineBio.name, token->id);
}

}  // namespace omicsfs

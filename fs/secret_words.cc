// SPDX-License-Identifier: MIT
#include "fs/secret_words.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace omicsfs {
namespace {

constexpr std::string_view kScheme = "://";

void hide(std::span<char> text) { std::fill(text.begin(), text.end(), '*'); }

// A URL may be followed by others in one word, so a later "?" is hidden, too.
void hide_query(std::span<char> rest) {
  const auto begin = std::find_if(rest.begin(), rest.end(),
                                  [](char c) { return c == '?' || c == '#'; });
  if (begin != rest.end()) {
    hide(rest.subspan(static_cast<std::size_t>(begin - rest.begin()) + 1));
  }
}

void hide_user(std::span<char> rest) {
  const std::string_view text(rest.data(), rest.size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const std::size_t end = authority.rfind('@');
  if (end != std::string_view::npos) {
    hide(rest.first(end));
  }
}

bool is_token(std::string_view name) {
  return name.starts_with("OMICSFS_TOKEN_") ||
         (name.starts_with("OMICSFS_") && name.ends_with("_TOKEN"));
}

}  // namespace

void hide_secrets(std::span<char> word) {
  std::size_t from = 0;
  while (true) {
    const std::string_view text(word.data(), word.size());
    const std::size_t scheme = text.find(kScheme, from);
    if (scheme == std::string_view::npos) {
      return;
    }
    from = scheme + kScheme.size();
    hide_user(word.subspan(from));
    hide_query(word.subspan(from));
  }
}

void hide_tokens(char** variables) {
  for (char** one = variables; *one != nullptr; ++one) {
    const std::string_view variable(*one);
    const std::size_t name = variable.find('=');
    if (name != std::string_view::npos && is_token(variable.substr(0, name))) {
      hide({*one + name + 1, variable.size() - name - 1});
    }
  }
}

}  // namespace omicsfs

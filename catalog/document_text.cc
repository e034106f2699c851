// SPDX-License-Identifier: MIT
#include "catalog/document_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catalog/gzip_piece.h"

namespace omicsfs {
namespace {

Result<std::string> whole_text(const ReadPiece& read, const std::string& place,
                               std::uint64_t max_bytes) {
  std::string text;
  std::array<char, 16384> piece{};
  while (true) {
    const auto count = read(piece);
    if (!count) {
      return count.error().within(told_place(place));
    }
    if (*count == 0) {
      return text;
    }
    text.append(piece.data(), *count);
    if (text.size() > max_bytes) {
      return Error{
          ErrorCode::kInvalid,
          fmt::format("{} has over {} bytes", told_place(place), max_bytes)};
    }
  }
}

Result<LinkedDocument> read_linked(const ReadLinked& linked,
                                   const std::string& url,
                                   std::uint64_t max_bytes) {
  auto document = linked(url, max_bytes);
  if (!document) {
    return document;
  }
  auto text =
      whole_text(inflated_if_gzip(pieces_of(document->text)), url, max_bytes);
  if (!text) {
    return text.error();
  }
  document->text = *std::move(text);
  return document;
}

}  // namespace

Result<std::string> first_bytes(const ReadPiece& read, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t held = 0;
  while (held < bytes.size()) {
    const auto got = read(std::span(bytes).subspan(held));
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      break;
    }
    held += *got;
  }
  bytes.resize(held);
  return bytes;
}

ReadPiece pieces_of(const std::string& text) {
  return [&text, done = std::size_t{0}](
             std::span<char> out) mutable -> Result<std::size_t> {
    const std::size_t count = text.copy(out.data(), out.size(), done);
    done += count;
    return count;
  };
}

std::string told_place(const std::string& place) {
  const bool is_url = place.find("://") != std::string::npos;
  return is_url ? place.substr(0, place.find('?')) : place;
}

Result<LinkedDocument> read_document(const SourceInput& input,
                                     const std::string& place,
                                     std::uint64_t max_bytes) {
  if (input.linked != nullptr && !place.starts_with('/')) {
    return read_linked(*input.linked, place, max_bytes);
  }
  const auto read = (*input.open)(place);
  if (!read) {
    return read.error();
  }
  auto text = whole_text(*read, place, max_bytes);
  return text ? LinkedDocument{*std::move(text), ""}
              : Result<LinkedDocument>(text.error());
}

}  // namespace omicsfs

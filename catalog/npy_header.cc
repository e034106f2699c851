// SPDX-License-Identifier: MIT
#include "catalog/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::size_t kNpyHeaderPage = 4096;
// Far over any array, and low enough that sums of sizes cannot overflow.
constexpr std::uint64_t kMaxNpyBytes = std::uint64_t{1} << 62U;
constexpr std::size_t kMaxDimensions = 64;  // numpy 2's NPY_MAXDIMS

Error bad_npy(const std::string& what) {
  return {ErrorCode::kInvalid, "not an array file of numpy's: " + what};
}

std::uint64_t little_endian_at(std::span<const char> bytes, std::size_t begin,
                               std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t index = count; index-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[begin + index]);
  }
  return value;
}

// Where the dictionary begins, and where it ends.
struct NpyExtent {
  std::size_t begin;
  std::size_t end;
};

Result<NpyExtent> extent_of(std::span<const char> prefix) {
  if (prefix.size() < kNpyPrefixBytes ||
      !std::string_view(prefix.data(), prefix.size()).starts_with(kNpyMagic)) {
    return bad_npy("it does not begin as one");
  }
  const auto major = static_cast<unsigned char>(prefix[kNpyMagic.size()]);
  const auto minor = static_cast<unsigned char>(prefix[kNpyMagic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    return Error{
        ErrorCode::kUnsupported,
        fmt::format("an array file of numpy's version {}.{}", major, minor)};
  }
  const std::size_t begin = kNpyMagic.size() + 2;
  const std::size_t width = major == 1 ? 2 : 4;
  const std::uint64_t length = little_endian_at(prefix, begin, width);
  if (length > kMaxNpyHeaderBytes - begin - width) {
    return bad_npy(fmt::format("its header has {} bytes", length));
  }
  return NpyExtent{begin + width, begin + width + std::size_t{length}};
}

// What remains of a Python dictionary of plain values.
class PythonText {
 public:
  explicit PythonText(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ended() {
    skip_space();
    return text_.empty();
  }
  // Whether `word` stands next; it is passed over.
  bool take(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) {
      return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }
  // A string without escapes: no name or type has one.
  std::optional<std::string_view> string() {
    skip_space();
    const char quote = text_.empty() ? '\0' : text_.front();
    if (quote != '\'' && quote != '"') {
      return std::nullopt;
    }
    const std::size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value.find('\\') == std::string_view::npos ? std::optional(value)
                                                      : std::nullopt;
  }
  // A number that is not negative; Python 2 wrote some as "24L".
  std::optional<std::uint64_t> number() {
    skip_space();
    std::uint64_t value = 0;
    const auto [stop, error] =
        std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) {
      return std::nullopt;
    }
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
    static_cast<void>(take("L"));
    return value;
  }

 private:
  void skip_space() {
    text_.remove_prefix(
        std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }

  std::string_view text_;
};

std::optional<std::vector<std::uint64_t>> read_shape(PythonText& text) {
  if (!text.take("(")) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> shape;
  bool more = true;
  while (!text.take(")")) {
    const auto length = more ? text.number() : std::nullopt;
    if (!length || shape.size() == kMaxDimensions) {
      return std::nullopt;
    }
    shape.push_back(*length);
    more = text.take(",");
  }
  return shape;
}

// The bytes of an element of type `descr`: an order, a kind, a size in bytes
// (of 'U' in characters of four bytes), and of times their unit.
std::optional<std::uint64_t> item_bytes_of(std::string_view descr) {
  if (descr.size() < 3 ||
      std::string_view("<>|=").find(descr[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  const char kind = descr[1];
  const std::string_view digits = descr.substr(2);
  std::uint32_t size = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, size);
  const bool is_time = kind == 'M' || kind == 'm';
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  const bool has_unit = is_time && unit.starts_with('[') && unit.ends_with(']');
  if (error != std::errc() || (!unit.empty() && !has_unit) ||
      std::string_view("biufcSUVMm").find(kind) == std::string_view::npos) {
    return std::nullopt;
  }
  return std::uint64_t{size} * (kind == 'U' ? 4 : 1);
}

// `descr` is written into headers of ours, so it must be fit for them.
bool is_plain(std::string_view descr) {
  return descr.size() <= 64 &&
         std::all_of(descr.begin(), descr.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '\''; });
}

Result<void> read_descr(PythonText& text, NpyHeader& header) {
  const Error unsupported{ErrorCode::kUnsupported,
                          "an array of elements that are no plain numbers, "
                          "texts or bytes"};
  const auto descr = text.string();
  if (!descr) {
    return text.take("[") || text.take("(") ? unsupported
                                            : bad_npy("its descr is no type");
  }
  const auto bytes = item_bytes_of(*descr);
  if (!bytes || !is_plain(*descr)) {
    return descr->find('O') != std::string_view::npos
               ? unsupported
               : bad_npy("its descr is " + omicsfs::quoted(*descr));
  }
  header.descr = *descr;
  header.item_bytes = *bytes;
  return {};
}

// Takes the value of `key`; `seen` has a bit for each that was taken.
Result<void> read_value(std::string_view key, PythonText& text,
                        NpyHeader& header, unsigned& seen) {
  if (key == "descr") {
    seen |= 1U;
    return read_descr(text, header);
  }
  if (key == "fortran_order") {
    seen |= 2U;
    header.fortran_order = text.take("True");
    return header.fortran_order || text.take("False")
               ? Result<void>()
               : bad_npy("its fortran_order is neither True nor False");
  }
  if (key == "shape") {
    seen |= 4U;
    auto shape = read_shape(text);
    if (!shape) {
      return bad_npy("its shape is none");
    }
    header.shape = *std::move(shape);
    return {};
  }
  return bad_npy("its header has a " + omicsfs::quoted(key));
}

Result<void> read_dictionary(PythonText text, NpyHeader& header) {
  constexpr unsigned kAll = 7;
  const Error broken = bad_npy("its header is no dictionary");
  unsigned seen = 0;
  if (!text.take("{")) {
    return broken;
  }
  bool more = true;
  while (!text.take("}")) {
    const auto key = more ? text.string() : std::nullopt;
    if (!key || !text.take(":")) {
      return broken;
    }
    if (auto read = read_value(*key, text, header, seen); !read) {
      return read;
    }
    more = text.take(",");
  }
  if (seen != kAll) {
    return bad_npy("its header lacks descr, fortran_order or shape");
  }
  return text.ended() ? Result<void>() : broken;
}

// None where it is more than any array has.
std::optional<std::uint64_t> data_bytes_of(const NpyHeader& header) {
  if (header.item_bytes == 0 ||
      std::any_of(header.shape.begin(), header.shape.end(),
                  [](auto n) { return n == 0; })) {
    return 0;
  }
  std::uint64_t bytes = header.item_bytes;
  for (const std::uint64_t length : header.shape) {
    if (length > kMaxNpyBytes / bytes) {
      return std::nullopt;
    }
    bytes *= length;
  }
  return bytes;
}

}  // namespace

Result<std::size_t> npy_header_length(std::span<const char> prefix) {
  const auto extent = extent_of(prefix);
  return extent ? Result<std::size_t>(extent->end) : extent.error();
}

Result<NpyHeader> parse_npy_header(std::span<const char> bytes) {
  const auto extent = extent_of(bytes);
  if (!extent) {
    return extent.error();
  }
  if (extent->end > bytes.size()) {
    return bad_npy("it ends within its header");
  }
  NpyHeader header;
  header.header_bytes = extent->end;
  const std::string_view text(bytes.data() + extent->begin,
                              extent->end - extent->begin);
  if (auto read = read_dictionary(PythonText(text), header); !read) {
    return read.error();
  }
  return data_bytes_of(header) ? Result<NpyHeader>(std::move(header))
                               : bad_npy("its shape is too large");
}

std::uint64_t npy_data_bytes(const NpyHeader& header) {
  return data_bytes_of(header).value_or(0);
}

std::string npy_table_header(std::string_view descr, std::uint64_t rows,
                             std::uint64_t columns) {
  std::string dictionary = fmt::format(
      "{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}", descr,
      rows, columns);
  const std::size_t prefix = kNpyMagic.size() + 4;
  // Longer than any: a type has 64 characters at most, a number 20.
  dictionary.resize(kNpyHeaderPage - prefix - 1, ' ');
  dictionary += '\n';
  std::string header(kNpyMagic);
  header += '\x01';
  header += '\0';
  header += static_cast<char>(dictionary.size() & 0xFFU);
  header += static_cast<char>(dictionary.size() >> 8U);
  return header + dictionary;
}

}  // namespace omicsfs

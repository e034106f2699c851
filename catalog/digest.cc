// SPDX-License-Identifier: MIT
#include "catalog/digest.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

#include "catalog/ascii_case.h"
#include "catalog/crc32c.h"
#include "catalog/entry_name.h"

namespace omicsfs {
namespace {

struct KindFacts {
  DigestKind kind;
  std::string_view name;
  std::size_t hex_length;
  const EVP_MD* (*algorithm)();  // null: a CRC
};

constexpr std::array<KindFacts, 6> kKinds = {{
    {DigestKind::kMd5, "md5", 32, EVP_md5},
    {DigestKind::kSha1, "sha1", 40, EVP_sha1},
    {DigestKind::kSha256, "sha256", 64, EVP_sha256},
    {DigestKind::kCrc32, "crc32", 8, nullptr},
    {DigestKind::kSha512, "sha512", 128, EVP_sha512},
    {DigestKind::kCrc32c, "crc32c", 8, nullptr},
}};

const KindFacts& facts_of(DigestKind kind) {
  const auto* found = std::find_if(
      kKinds.begin(), kKinds.end(),
      [kind](const KindFacts& facts) { return facts.kind == kind; });
  return *found;
}

// libcrypto fails here only without memory or without the algorithm (a FIPS
// build without MD5). No digest can be trusted then, and whoever wants one
// fails as it would without memory: a mount lives on.
void must(int ok) {
  if (ok != 1) {
    throw std::bad_alloc();
  }
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
         (c >= 'A' && c <= 'F');
}

std::string hex_of(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xFU];
  }
  return hex;
}

// Six bits as base64 has them; none of another character.
std::optional<std::uint32_t> base64_bits(char c) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos
             ? std::nullopt
             : std::optional(static_cast<std::uint32_t>(at));
}

// The bytes of `text` in hex; none where it is no base64. What is left of the
// last character must be zeros.
std::optional<std::string> hex_of_base64(std::string_view text) {
  std::string hex;
  std::uint32_t held = 0;
  unsigned int bits = 0;
  for (const char c : text) {
    const auto more = base64_bits(c);
    if (!more) {
      return std::nullopt;
    }
    held = held << 6U | *more;
    bits += 6;
    for (; bits >= 4; bits -= 4) {
      hex += "0123456789abcdef"[held >> (bits - 4) & 0xFU];
    }
    held &= (1U << bits) - 1U;
  }
  if (hex.size() % 2 != 0 && hex.back() == '0') {
    hex.pop_back();
  }
  return held == 0 && hex.size() % 2 == 0 ? std::optional(hex) : std::nullopt;
}

}  // namespace

std::string_view digest_kind_name(DigestKind kind) {
  return facts_of(kind).name;
}

bool names_content(DigestKind kind) {
  return facts_of(kind).algorithm != nullptr;
}

Result<std::optional<Digest>> stated_digest(std::string_view kind,
                                            std::string_view text) {
  std::string name;
  for (const char c : kind) {
    if (c != '-' && c != '_') {
      name += lower(c);
    }
  }
  const auto* facts =
      std::find_if(kKinds.begin(), kKinds.end(),
                   [&name](const KindFacts& one) { return one.name == name; });
  if (facts == kKinds.end()) {
    return std::optional<Digest>();
  }
  // Base64 takes four characters for three bytes, so that none is as long as
  // the hex, but of a CRC with its padding.
  const std::size_t bytes = facts->hex_length / 2;
  const std::string_view bare = text.substr(0, text.find('='));
  const std::size_t padding = text.size() - bare.size();
  const bool padded = padding == 0 || text.size() == (bytes + 2) / 3 * 4;
  if (padded && bare.size() == (bytes * 4 + 2) / 3) {
    if (const auto hex = hex_of_base64(bare); hex && padding <= 2) {
      return std::optional(Digest{facts->kind, *hex});
    }
  }
  auto digest = parse_digest(facts->kind, text);
  if (!digest) {
    return Error{ErrorCode::kInvalid,
                 digest.error().message + ", nor its base64"};
  }
  return std::optional(*std::move(digest));
}

Result<Digest> parse_digest(DigestKind kind, std::string_view hex) {
  const KindFacts& facts = facts_of(kind);
  if (hex.size() != facts.hex_length ||
      !std::all_of(hex.begin(), hex.end(), is_hex)) {
    return Error{ErrorCode::kInvalid, quoted(hex) + " is not the " +
                                          std::to_string(facts.hex_length) +
                                          " hex digits of " +
                                          std::string(facts.name)};
  }
  Digest digest{kind, std::string(hex)};
  std::transform(hex.begin(), hex.end(), digest.hex.begin(),
                 [](char c) { return lower(c); });
  return digest;
}

namespace {

std::string hex_of_crc(std::uint32_t crc) {
  const std::array<unsigned char, 4> bytes = {
      static_cast<unsigned char>(crc >> 24U),
      static_cast<unsigned char>(crc >> 16U),
      static_cast<unsigned char>(crc >> 8U), static_cast<unsigned char>(crc)};
  return hex_of(bytes);
}

}  // namespace

Digest crc32_digest(std::uint32_t crc) {
  return {DigestKind::kCrc32, hex_of_crc(crc)};
}

std::string to_string(const Digest& digest) {
  return std::string(digest_kind_name(digest.kind)) + ":" + digest.hex;
}

Result<Digest> parse_digest_text(std::string_view text) {
  const std::size_t colon = text.find(':');
  for (const KindFacts& facts : kKinds) {
    if (colon != std::string_view::npos &&
        text.substr(0, colon) == facts.name) {
      return parse_digest(facts.kind, text.substr(colon + 1));
    }
  }
  return Error{ErrorCode::kInvalid,
               quoted(text) +
                   " does not begin with md5:, sha1:, sha256:, sha512:, "
                   "crc32: or crc32c:"};
}

struct DigestHasher::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> state;  // null: a CRC
  std::uint32_t crc = 0;
};

DigestHasher::DigestHasher(DigestKind kind)
    : context_(std::make_unique<Context>()), kind_(kind) {
  if (facts_of(kind).algorithm == nullptr) {
    return;
  }
  context_->state.reset(EVP_MD_CTX_new());
  must(context_->state == nullptr ? 0 : 1);
  must(EVP_DigestInit_ex(context_->state.get(), facts_of(kind).algorithm(),
                         nullptr));
}

DigestHasher::DigestHasher(DigestHasher&&) noexcept = default;
DigestHasher& DigestHasher::operator=(DigestHasher&&) noexcept = default;
DigestHasher::~DigestHasher() = default;

void DigestHasher::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) {
    return;  // which zlib takes for a start
  }
  if (kind_ == DigestKind::kCrc32c) {
    context_->crc = crc32c(bytes, context_->crc);
    return;
  }
  if (context_->state == nullptr) {
    context_->crc = static_cast<std::uint32_t>(
        ::crc32_z(context_->crc, reinterpret_cast<const Bytef*>(bytes.data()),
                  bytes.size()));
    return;
  }
  must(EVP_DigestUpdate(context_->state.get(), bytes.data(), bytes.size()));
}

Digest DigestHasher::finish() {
  if (context_->state == nullptr) {
    return {kind_, hex_of_crc(context_->crc)};
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  must(EVP_DigestFinal_ex(context_->state.get(), bytes.data(), &length));
  return {kind_, hex_of(std::span(bytes).first(length))};
}

Digest digest_of(DigestKind kind, std::span<const std::byte> bytes) {
  DigestHasher hasher(kind);
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "catalog/result.h"

// Digests that publishers state, and their computation (OpenSSL's libcrypto;
// zlib and ISA-L for the CRCs).

namespace omicsfs {

// kCrc32 is the CRC-32 of zip and gzip (APPNOTE.TXT 4.4.7), kCrc32c that of
// Castagnoli, which cloud stores tell: they find damage and no malice.
enum class DigestKind { kMd5, kSha1, kSha256, kCrc32, kSha512, kCrc32c };

// "md5", "sha1", "sha256", "crc32", "sha512", "crc32c".
[[nodiscard]] std::string_view digest_kind_name(DigestKind kind);
// Whether files of one digest of this kind, and of one size, are the same: not
// so of a CRC.
[[nodiscard]] bool names_content(DigestKind kind);

// A published digest: lower-case hex of the kind's exact length.
struct Digest {
  DigestKind kind;
  std::string hex;

  bool operator==(const Digest&) const = default;
};

// `hex` as a digest of `kind`; upper case is accepted and lowered.
// Errors: kInvalid where the length is not the kind's or a character not hex.
Result<Digest> parse_digest(DigestKind kind, std::string_view hex);

// A CRC-32 as a digest: its 32 bits, the highest first.
[[nodiscard]] Digest crc32_digest(std::uint32_t crc);

// A digest as a publisher writes it: `kind` is a name of one in any case, with
// or without dashes and underscores ("SHA-256"), `text` its hex or its base64
// (RFC 4648 4, with or without padding). None where no digest of that kind is
// computed here. Errors: kInvalid, `text` is no such digest.
Result<std::optional<Digest>> stated_digest(std::string_view kind,
                                            std::string_view text);

// "md5:<hex>" and the like, the form kept in snapshots and shown in xattrs.
[[nodiscard]] std::string to_string(const Digest& digest);
// The inverse of to_string. Errors: kInvalid.
Result<Digest> parse_digest_text(std::string_view text);

// Computes one digest over bytes that arrive in pieces. Throws std::bad_alloc
// where libcrypto has no memory. Thread-compatible.
class DigestHasher {
 public:
  explicit DigestHasher(DigestKind kind);
  DigestHasher(DigestHasher&&) noexcept;
  DigestHasher& operator=(DigestHasher&&) noexcept;
  ~DigestHasher();

  void update(std::span<const std::byte> bytes);
  // The digest of all bytes so far. REQUIRES: called once, last.
  [[nodiscard]] Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  DigestKind kind_;
};

// The digest of `bytes`.
[[nodiscard]] Digest digest_of(DigestKind kind,
                               std::span<const std::byte> bytes);

}  // namespace omicsfs

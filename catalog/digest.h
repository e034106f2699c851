// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "catalog/result.h"

// Digests that publishers state, and their computation (OpenSSL's libcrypto;
// zlib for the CRC).

namespace omicsfs {

// kCrc32 is the CRC-32 of zip and gzip (APPNOTE.TXT 4.4.7), which finds damage
// and no malice: it names no content.
enum class DigestKind { kMd5, kSha1, kSha256, kCrc32 };

// "md5", "sha1", "sha256", "crc32".
[[nodiscard]] std::string_view digest_kind_name(DigestKind kind);

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

// "md5:<hex>" and the like, the form kept in snapshots and shown in xattrs.
[[nodiscard]] std::string to_string(const Digest& digest);
// The inverse of to_string. Errors: kInvalid.
Result<Digest> parse_digest_text(std::string_view text);

// Computes one digest over bytes that arrive in pieces. Thread-compatible.
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

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/digest.h"

namespace omicsfs {

struct RemoteFile;

// How an archive keeps a member's bytes (APPNOTE.TXT 4.4.5). The numbers are
// kept in snapshots.
enum class MemberMethod {
  kStored = 0,
  kDeflated = 8,
  kUnreadable = 99  // encrypted, or by a method that is not read here
};

// Where a file lies within a zip archive.
struct MemberPlace {
  std::shared_ptr<const RemoteFile> archive;  // never null; no member itself
  std::uint64_t header_offset = 0;  // bytes from the archive's start to the
                                    // member's local header (APPNOTE.TXT 4.3.7)
  std::uint64_t compressed_size = 0;  // bytes
  MemberMethod method = MemberMethod::kStored;
};

// Columns of an array that a file holds row by row, as a file of their own: a
// header, and then the same stretch of each row.
struct ColumnPlace {
  // Never null; may be a member, but no columns of another array.
  std::shared_ptr<const RemoteFile> array;
  std::uint64_t rows_offset = 0;  // bytes from its start to its first row
  std::uint64_t row_bytes = 0;    // of all columns; over 0
  std::uint64_t offset = 0;       // bytes from a row's start to the stretch
  std::uint64_t width = 0;        // bytes of the stretch; over 0
  std::string header;             // what the file begins with
};

// All that must be known to fetch a published file and to know it again.
struct RemoteFile {
  std::vector<std::string> urls;  // http(s), in the order to try; never empty
  std::uint64_t size = 0;         // bytes, exact
  std::optional<Digest> digest;   // of the whole file, where published
  // Without a digest: what tells this version from another (an ETag or a date
  // that the index stated); may be empty.
  std::string validator;
  // A file of this machine, which the user named: its absolute path, and no
  // url. No document from elsewhere may set it.
  std::string local_path{};
  std::optional<MemberPlace> member{};   // it has no url of its own, either
  std::optional<ColumnPlace> columns{};  // likewise; never with `member`
  // Programs map it into memory, where a read that fails ends the program: it
  // is tried for as long as the read may take.
  bool is_mapped = false;
  // When it was changed, in seconds since the epoch, where its server said so
  // as its size was asked for. Not kept.
  std::optional<std::int64_t> modified{};
};

// Whether the columns `file` lie within their array: its header, then whole
// stretches of rows that the array has. REQUIRES: file.columns.
[[nodiscard]] bool columns_fit(const RemoteFile& file);

// The name of the file's bytes in the block cache: files with equal keys come
// from the same servers (publishers_of) and hold equal bytes, if those servers
// tell the truth. Only [a-z0-9-]. It begins with
//   "<kind>-<hex>-<size>-", with a digest that names content; the rest is a
//     hash of the servers;
//   "url-", without one: a hash of the first url without its signature
//     (object_url), the CRC or the validator, the size, and the servers if they
//     are several;
//   "local-", for a local file: a hash of its path instead of the url;
//   "member-", in an archive: a hash of the archive's key and the member's
//     place, size and digest;
//   "columns-": a hash of the array's key, their place in it, the header and
//     the size.
[[nodiscard]] std::string content_key(const RemoteFile& file);

// The name of the file's content, whatever server has it: bytes whose published
// digest was found right may be used by all files of one such name. "" if the
// file has no url of its own or no digest that names content.
[[nodiscard]] std::string verified_key(const RemoteFile& file);

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The tables of a snapshot file; kSnapshotSchemaVersion (snapshot_writer.h)
// names this layout.

namespace omicsfs {

// PRAGMA application_id: "omfs". Tells a snapshot from another SQLite file.
inline constexpr std::int64_t kSnapshotApplicationId = 0x6F6D6673;

// Facts of the file itself, in `meta`. The last is written by commit() only.
inline constexpr char kMetaSource[] = "source";
inline constexpr char kMetaGeneration[] = "generation";
inline constexpr char kMetaCreatedAt[] = "created_at";
inline constexpr char kMetaComplete[] = "complete";

// The property that tells what stands before a field's name where it is an
// attribute of its record's node, as "encode.".
inline constexpr char kFieldPrefixProperty[] = "field_prefix";

// nodes.number: what inode numbers are made of (node_number.h). numbers: the
// node that a number means.
// nodes.content: of a remote file; of a directory a hash of what it lists.
// nodes.bytes: an inline file's bytes where they are few, a symlink's target;
// chunks: those of a larger one, chunk number `n` of the node in the row
// (node << kChunkBits) + n, as inline_chunks.h describes. nodes.parent and
// nodes.position: where the first entry of the node stands, the root excepted.
// contents.local_path: "" for what has a url; contents.urls: in the order to
// try, a line each; contents.mapped: 1 where programs map it (remote_file.h).
// members: of those contents that lie in an archive, itself a
// content; they have no url of their own.
// columns: of those contents that are columns of an array, another content;
// columns.header lacks the blanks and the line feed that it ends with, which
// make up header_bytes: an atlas has a hundred thousand headers of 4 KiB.
// records: what a source describes (samples, experiments, files), and where in
// the tree it is; its id is that of the node that it describes, or from
// kFirstFreeRecord on. fields, texts, terms: what records are found by
// (record_index.h).
// signposts: the names of the entries 1, 65, 129, … of each directory, in byte
// order of its names, so that a listing can go on after any entry with no long
// OFFSET.
inline constexpr char kSnapshotTables[] = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE properties(
  name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE contents(
  id INTEGER PRIMARY KEY, size INTEGER NOT NULL, digest TEXT NOT NULL,
  validator TEXT NOT NULL, local_path TEXT NOT NULL, mapped INTEGER NOT NULL,
  urls TEXT NOT NULL);
CREATE TABLE members(
  content INTEGER PRIMARY KEY, archive INTEGER NOT NULL,
  header_offset INTEGER NOT NULL, compressed_size INTEGER NOT NULL,
  method INTEGER NOT NULL);
CREATE TABLE columns(
  content INTEGER PRIMARY KEY, array INTEGER NOT NULL,
  rows_offset INTEGER NOT NULL, row_bytes INTEGER NOT NULL,
  first_byte INTEGER NOT NULL, width INTEGER NOT NULL,
  header_bytes INTEGER NOT NULL, header BLOB NOT NULL);
CREATE TABLE nodes(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, links INTEGER NOT NULL, content INTEGER,
  number INTEGER NOT NULL, parent INTEGER, position INTEGER, bytes BLOB);
CREATE TABLE numbers(number INTEGER PRIMARY KEY, node INTEGER NOT NULL);
CREATE TABLE chunks(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE entries(
  parent INTEGER NOT NULL, name TEXT NOT NULL COLLATE BINARY,
  node INTEGER NOT NULL,
  PRIMARY KEY(parent, name)) WITHOUT ROWID;
CREATE TABLE signposts(
  parent INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY(parent, position)) WITHOUT ROWID;
CREATE TABLE xattrs(
  node INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(node, name)) WITHOUT ROWID;
CREATE TABLE records(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
  path TEXT NOT NULL, fields BLOB NOT NULL);
CREATE TABLE fields(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind INTEGER NOT NULL);
CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE terms(
  id INTEGER PRIMARY KEY, field INTEGER NOT NULL,
  value TEXT NOT NULL COLLATE NOCASE, records INTEGER NOT NULL,
  ids BLOB NOT NULL);
)sql";

inline constexpr std::int64_t kSnapshotTableCount = 15;

// Entries from a signpost to the next.
inline constexpr std::uint32_t kSignpostEvery = 64;

// nodes.kind of a remote file that programs map; of all others the number of
// their NodeKind.
inline constexpr std::int64_t kMappedKind = 5;

// Of columns, in bytes.
inline constexpr std::int64_t kMaxColumnsHeader = 65'536;

// No node has such an id.
inline constexpr std::int64_t kFirstFreeRecord = std::int64_t{1} << 40U;

// Made once all rows are there.
inline constexpr char kSnapshotIndexes[] = R"sql(
CREATE INDEX terms_by_value ON terms(field, value);
CREATE INDEX records_by_name ON records(name COLLATE NOCASE);
)sql";

}  // namespace omicsfs

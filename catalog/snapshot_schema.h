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

// nodes.bytes: an inline file's bytes, a symlink's target. nodes.parent and
// nodes.position: where the first entry of the node stands, the root excepted.
// contents.local_path: "" for what has a url. members: of those contents that
// lie in an archive, itself a content; they have no url of their own.
// records: what a source describes besides its files (samples, experiments),
// and where in the tree it is; terms: their fields, each once.
// entries.position: 1, 2, … in byte order of the names within one parent, so
// that a listing can go on after any entry with no OFFSET.
inline constexpr char kSnapshotTables[] = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE properties(
  name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE contents(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
  digest TEXT NOT NULL, validator TEXT NOT NULL, local_path TEXT NOT NULL);
CREATE TABLE members(
  content INTEGER PRIMARY KEY, archive INTEGER NOT NULL,
  header_offset INTEGER NOT NULL, compressed_size INTEGER NOT NULL,
  method INTEGER NOT NULL);
CREATE TABLE content_urls(
  content INTEGER NOT NULL, position INTEGER NOT NULL, url TEXT NOT NULL,
  PRIMARY KEY(content, position)) WITHOUT ROWID;
CREATE TABLE nodes(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, links INTEGER NOT NULL, content INTEGER,
  parent INTEGER, position INTEGER, bytes BLOB);
CREATE TABLE entries(
  parent INTEGER NOT NULL, name TEXT NOT NULL COLLATE BINARY,
  node INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY(parent, name)) WITHOUT ROWID;
CREATE TABLE xattrs(
  node INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(node, name)) WITHOUT ROWID;
CREATE TABLE records(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
  path TEXT NOT NULL);
CREATE TABLE terms(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL,
  value TEXT NOT NULL COLLATE NOCASE, written TEXT NOT NULL,
  UNIQUE(name, value, written));
CREATE TABLE record_terms(
  record INTEGER NOT NULL, position INTEGER NOT NULL, term INTEGER NOT NULL,
  PRIMARY KEY(record, position)) WITHOUT ROWID;
)sql";

inline constexpr std::int64_t kSnapshotTableCount = 11;

// What follows from the rows, once all are there, in two steps: names counted
// (the checks come after), then numbered. The index holds all that a listing
// reads of `entries` (its key columns are part of it).
inline constexpr char kCountNames[] = R"sql(
UPDATE nodes SET links = named.count, parent = named.parent FROM (
  SELECT node, count(*) AS count, min(parent) AS parent
  FROM entries GROUP BY node) AS named
WHERE nodes.id = named.node;
)sql";
inline constexpr char kNumberEntries[] = R"sql(
CREATE INDEX records_by_term ON record_terms(term, record);
UPDATE entries SET position = ranked.position FROM (
  SELECT parent, name,
         row_number() OVER (PARTITION BY parent ORDER BY name) AS position
  FROM entries) AS ranked
WHERE entries.parent = ranked.parent AND entries.name = ranked.name;
CREATE UNIQUE INDEX entries_by_position ON entries(parent, position, node);
UPDATE nodes SET position = placed.position FROM (
  SELECT parent, node, min(position) AS position
  FROM entries GROUP BY parent, node) AS placed
WHERE nodes.id = placed.node AND nodes.parent = placed.parent;
UPDATE nodes SET links = 2 + (
  SELECT count(*) FROM entries JOIN nodes AS child ON child.id = entries.node
  WHERE entries.parent = nodes.id AND child.kind = 1)
WHERE kind = 1;
)sql";

}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "catalog/snapshot_content.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/snapshot_check.h"
#include "catalog/snapshot_rows.h"
#include "catalog/snapshot_schema.h"

namespace omicsfs {
namespace {

// The lines of contents.urls.
std::vector<std::string> urls_in(std::string_view lines) {
  std::vector<std::string> urls;
  while (!lines.empty()) {
    const std::string_view url = lines.substr(0, lines.find('\n'));
    urls.emplace_back(url);
    lines.remove_prefix(std::min(url.size() + 1, lines.size()));
  }
  return urls;
}

// A row of kContent: the content without its urls, and where it lies.
struct ContentRow {
  RemoteFile file;
  std::optional<ContentId> archive;
  MemberPlace place{};  // but for its archive
};

bool is_method(std::int64_t number) {
  return number == static_cast<std::int64_t>(MemberMethod::kStored) ||
         number == static_cast<std::int64_t>(MemberMethod::kDeflated) ||
         number == static_cast<std::int64_t>(MemberMethod::kUnreadable);
}

// The place in columns 5 to 7. False for what cannot be.
bool read_place(const Rows& rows, MemberPlace& place) {
  const std::int64_t offset = rows.integer(5);
  const std::int64_t compressed = rows.integer(6);
  if (offset < 0 || compressed < 0 || !is_method(rows.integer(7))) {
    return false;
  }
  place.header_offset = static_cast<std::uint64_t>(offset);
  place.compressed_size = static_cast<std::uint64_t>(compressed);
  place.method = static_cast<MemberMethod>(rows.integer(7));
  return true;
}

Result<ContentRow> content_row(const Rows& rows) {
  ContentRow row;
  const std::int64_t size = rows.integer(0);
  if (size < 0) {
    return damaged_snapshot("a content's size");
  }
  row.file.size = static_cast<std::uint64_t>(size);
  if (!rows.text(1).empty()) {
    Result<Digest> digest = parse_digest_text(rows.text(1));
    if (!digest) {
      return damaged_snapshot(digest.error().message);
    }
    row.file.digest = *std::move(digest);
  }
  row.file.validator = rows.text(2);
  row.file.local_path = rows.text(3);
  row.file.urls = urls_in(rows.text(8));
  row.file.is_mapped = rows.integer(9) != 0;
  if (!rows.is_null(4)) {
    row.archive = rows.integer(4);
    if (!read_place(rows, row.place)) {
      return damaged_snapshot("a member's place");
    }
  }
  return row;
}

Result<ContentRow> read_content(SnapshotConnection& connection, ContentId id) {
  Rows rows = connection.rows(SnapshotQuery::kContent, {id});
  const Result<void> found =
      step_to(rows, damaged_snapshot("no content " + std::to_string(id)));
  return found ? content_row(rows) : found.error();
}

// A content that is neither a member nor columns.
Result<RemoteFile> whole_content(ContentRow row, ContentId id) {
  if (row.archive) {
    return damaged_snapshot("an archive lies within another");
  }
  if (row.file.urls.empty() && row.file.local_path.empty()) {
    return damaged_snapshot("content " + std::to_string(id) + " has no url");
  }
  return std::move(row.file);
}

// A content that may be a member, but no columns.
Result<RemoteFile> array_content(SnapshotConnection& connection, ContentRow row,
                                 ContentId id) {
  if (!row.archive) {
    return whole_content(std::move(row), id);
  }
  Result<ContentRow> outer = read_content(connection, *row.archive);
  if (!outer) {
    return outer.error();
  }
  Result<RemoteFile> archive = whole_content(*std::move(outer), *row.archive);
  if (!archive) {
    return archive;
  }
  row.place.archive = std::make_shared<const RemoteFile>(*std::move(archive));
  row.file.member = std::move(row.place);
  return std::move(row.file);
}

struct ColumnsRow {
  ContentId array = 0;
  ColumnPlace place;  // but for its array
};

// With the blanks and the line feed that it ends with.
Result<std::string> columns_header(const Rows& rows) {
  const std::int64_t bytes = rows.integer(5);
  const std::span<const std::byte> kept = rows.blob(6);
  if (bytes < 0 || bytes > kMaxColumnsHeader ||
      kept.size() > static_cast<std::uint64_t>(bytes)) {
    return damaged_snapshot("the header of columns");
  }
  std::string header(reinterpret_cast<const char*>(kept.data()), kept.size());
  if (header.size() < static_cast<std::uint64_t>(bytes)) {
    header.resize(static_cast<std::size_t>(bytes), ' ');
    header.back() = '\n';
  }
  return header;
}

// None where the content `id` is no columns.
Result<std::optional<ColumnsRow>> columns_row(SnapshotConnection& connection,
                                              ContentId id) {
  Rows rows = connection.rows(SnapshotQuery::kColumns, {id});
  const Result<bool> found = rows.step();
  if (!found || !*found) {
    return found ? Result<std::optional<ColumnsRow>>(std::nullopt)
                 : found.error();
  }
  std::uint64_t numbers[4] = {};
  for (int column = 1; column <= 4; ++column) {
    const std::int64_t number = rows.integer(column);
    if (number < 0) {
      return damaged_snapshot("the place of columns");
    }
    numbers[column - 1] = static_cast<std::uint64_t>(number);
  }
  auto header = columns_header(rows);
  if (!header) {
    return header.error();
  }
  return std::optional(ColumnsRow{rows.integer(0),
                                  {nullptr, numbers[0], numbers[1], numbers[2],
                                   numbers[3], *std::move(header)}});
}

Result<RemoteFile> columns_content(SnapshotConnection& connection,
                                   RemoteFile file, ColumnsRow row) {
  Result<ContentRow> outer = read_content(connection, row.array);
  if (!outer) {
    return outer.error();
  }
  Result<RemoteFile> array =
      array_content(connection, *std::move(outer), row.array);
  if (!array) {
    return array;
  }
  row.place.array = std::make_shared<const RemoteFile>(*std::move(array));
  file.columns = std::move(row.place);
  return columns_fit(file) ? Result<RemoteFile>(std::move(file))
                           : damaged_snapshot("the place of columns");
}

}  // namespace

Result<RemoteFile> content_at(SnapshotConnection& connection, ContentId id) {
  Result<ContentRow> row = read_content(connection, id);
  if (!row) {
    return row.error();
  }
  if (row->archive || !row->file.urls.empty() ||
      !row->file.local_path.empty()) {
    return array_content(connection, *std::move(row), id);
  }
  Result<std::optional<ColumnsRow>> columns = columns_row(connection, id);
  if (!columns) {
    return columns.error();
  }
  return *columns ? columns_content(connection, std::move(row->file),
                                    **std::move(columns))
                  : whole_content(*std::move(row), id);
}

}  // namespace omicsfs

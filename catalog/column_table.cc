// SPDX-License-Identifier: MIT
#include "catalog/column_table.h"

#include <algorithm>
#include <utility>

#include "catalog/entry_name.h"
#include "catalog/snapshot_writer.h"

namespace omicsfs {
namespace {

constexpr std::string_view kNpySuffix = ".npy";

Result<ColumnBlock> parse_block(const std::string& name,
                                const JsonValue& value) {
  if (auto valid = check_entry_name(name + std::string(kNpySuffix)); !valid) {
    return value.error(valid.error().message);
  }
  const auto bounds = value.elements();
  if (!bounds) {
    return bounds.error();
  }
  const Error none = value.error("expected [first column, column behind it]");
  if (bounds->size() != 2) {
    return none;
  }
  const auto first = bounds->front().as_size();
  const auto end = bounds->back().as_size();
  if (!first || !end) {
    return first ? end.error() : first.error();
  }
  return *first < *end ? Result<ColumnBlock>(ColumnBlock{name, *first, *end})
                       : none;
}

Result<std::vector<ColumnBlock>> parse_blocks(const JsonValue& array) {
  const auto members = array.members();
  if (!members) {
    return members.error();
  }
  std::vector<ColumnBlock> blocks;
  for (const auto& [name, value] : *members) {
    auto block = parse_block(name, value);
    if (!block) {
      return block.error();
    }
    blocks.push_back(*std::move(block));
  }
  return blocks;
}

Result<ColumnTable> read_column_table(const JsonValue& document) {
  const auto arrays = document.members();
  if (!arrays) {
    return arrays.error();
  }
  ColumnTable table;
  for (const auto& [name, value] : *arrays) {
    auto blocks = parse_blocks(value);
    if (!blocks) {
      return blocks.error();
    }
    table.emplace(name, *std::move(blocks));
  }
  return table;
}

}  // namespace

Result<ColumnTable> parse_column_table(std::string_view json) {
  const auto document = JsonValue::parse(json);
  return document ? read_column_table(*document) : document.error();
}

Result<ColumnTable> read_file_columns(const JsonValue& value) {
  const auto members = value.members();
  if (!members) {
    return members.error();
  }
  const bool is_array =
      std::any_of(members->begin(), members->end(),
                  [](const auto& member) { return member.second.is_array(); });
  if (is_array) {
    auto blocks = parse_blocks(value);
    return blocks ? Result<ColumnTable>(ColumnTable{{"", *std::move(blocks)}})
                  : blocks.error();
  }
  for (const auto& [name, blocks] : *members) {
    if (const auto named = split_path(name); !named) {
      return blocks.error(named.error().message);
    }
  }
  return read_column_table(value);
}

Result<std::vector<ColumnFile>> column_files(
    const std::shared_ptr<const RemoteFile>& array, const NpyHeader& header,
    const std::vector<ColumnBlock>& blocks) {
  if (header.shape.size() != 2 || header.fortran_order ||
      header.item_bytes == 0) {
    return Error{ErrorCode::kUnsupported,
                 "the array is not two-dimensional, row by row"};
  }
  const std::uint64_t data = npy_data_bytes(header);
  if (array->size < header.header_bytes ||
      array->size - header.header_bytes < data) {
    return Error{ErrorCode::kInvalid,
                 "the array is shorter than its header says"};
  }
  const std::uint64_t rows = header.shape[0];
  const std::uint64_t item = header.item_bytes;
  std::vector<ColumnFile> files;
  for (const ColumnBlock& block : blocks) {
    if (block.end > header.shape[1] || header.shape[1] > kMaxFileBytes / item) {
      continue;
    }
    const std::uint64_t columns = block.end - block.first;
    ColumnPlace place{array,
                      header.header_bytes,
                      header.shape[1] * item,
                      block.first * item,
                      columns * item,
                      npy_table_header(header.descr, rows, columns)};
    RemoteFile file;
    file.size = place.header.size() + rows * place.width;
    file.columns = std::move(place);
    file.is_mapped = true;
    files.push_back({block.name + std::string(kNpySuffix), std::move(file)});
  }
  return files;
}

}  // namespace omicsfs

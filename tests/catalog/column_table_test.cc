// SPDX-License-Identifier: MIT
#include "catalog/column_table.h"

#include <gtest/gtest.h>

#include "tests/catalog/composed_snapshot.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

TEST(ColumnTable, IsReadInItsOrder) {
  const auto table =
      parse_column_table(R"({"embs": {"b": [0, 2], "a": [1, 5]}, "top3": {}})");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->at("embs"),
            (std::vector<ColumnBlock>{{"b", 0, 2}, {"a", 1, 5}}));
  EXPECT_TRUE(table->at("top3").empty());
}

TEST(ColumnTable, ThatIsNoneIsRefusedNamingThePlace) {
  for (const auto& [text, place] : {
           std::pair{"[]", "(root)"},
           std::pair{R"({"a": []})", "/a"},
           std::pair{R"({"a": {"b": 1}})", "/a/b"},
           std::pair{R"({"a": {"b": [1]}})", "/a/b"},
           std::pair{R"({"a": {"b": [1, 2, 3]}})", "/a/b"},
           std::pair{R"({"a": {"b": [2, 2]}})", "/a/b"},
           std::pair{R"({"a": {"b": [3, 2]}})", "/a/b"},
           std::pair{R"({"a": {"b": [-1, 2]}})", "/a/b/0"},
           std::pair{R"({"a": {"b": ["0", "2"]}})", "/a/b/0"},
           std::pair{R"({"a": {"b/c": [0, 2]}})", "/a/b~1c"},
           std::pair{R"({"a": {"b": [0, 1], "b": [0, 1]}})", "twice"},
       }) {
    const auto table = parse_column_table(text);
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error().code, ErrorCode::kInvalid);
    if (std::string_view(place) != "twice") {
      EXPECT_NE(table.error().message.find(place), std::string::npos)
          << table.error().message;
    }
  }
}

Result<ColumnTable> file_columns(std::string_view json) {
  const auto value = JsonValue::parse(json);
  EXPECT_TRUE(value) << json;
  return read_file_columns(*value);
}

TEST(FileColumns, AreBlocksOfTheFileOrOfArraysWithinIt) {
  const auto blocks = file_columns(R"({"b": [0, 2], "a": [1, 5]})");
  ASSERT_TRUE(blocks) << blocks.error().message;
  EXPECT_EQ(*blocks, (ColumnTable{{"", {{"b", 0, 2}, {"a", 1, 5}}}}));
  const auto arrays = file_columns(R"({"x/y": {"b": [0, 2]}, "z": {}})");
  ASSERT_TRUE(arrays) << arrays.error().message;
  EXPECT_EQ(*arrays, (ColumnTable{{"x/y", {{"b", 0, 2}}}, {"z", {}}}));
  EXPECT_TRUE(file_columns("{}")->empty());
}

TEST(FileColumns, ThatAreNoneAreRefusedNamingThePlace) {
  for (const auto& [text, place] : {
           std::pair{"[]", "(root)"},
           std::pair{R"({"a": 1})", "/a"},
           std::pair{R"({"a": [0, 1], "b": {"c": [0, 1]}})", "/b"},
           std::pair{R"({"a": [1, 1]})", "/a"},
           std::pair{R"({"a": [1]})", "/a"},
           std::pair{R"({"a/b": [0, 1]})", "/a~1b"},
           std::pair{R"({"": {"a": [0, 1]}})", "/"},
           std::pair{R"({"../a": {"b": [0, 1]}})", "/..~1a"},
           std::pair{R"({"a": {"b": [2, 1]}})", "/a/b"},
       }) {
    const auto table = file_columns(text);
    ASSERT_FALSE(table) << text;
    EXPECT_EQ(table.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(table.error().message.starts_with(std::string(place) + ": "))
        << table.error().message;
  }
}

NpyHeader header_of(std::vector<std::uint64_t> shape) {
  return {"<f2", 2, false, std::move(shape), 128};
}

std::shared_ptr<const RemoteFile> array_of(std::uint64_t size) {
  return std::make_shared<const RemoteFile>(remote_file_named("a.npy", size));
}

TEST(ColumnFiles, AreStretchesOfTheRows) {
  const auto array = array_of(128 + 10 * 2 * 6);
  const auto files = column_files(array, header_of({10, 6}),
                                  {{"x", 0, 2}, {"y", 3, 6}, {"all", 0, 6}});
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->size(), 3U);
  const ColumnFile& file = files->at(1);
  EXPECT_EQ(file.name, "y.npy");
  const ColumnPlace& place = *file.file.columns;
  EXPECT_EQ(place.array, array);
  EXPECT_EQ(place.rows_offset, 128U);
  EXPECT_EQ(place.row_bytes, 12U);
  EXPECT_EQ(place.offset, 6U);
  EXPECT_EQ(place.width, 6U);
  EXPECT_EQ(place.header, npy_table_header("<f2", 10, 3));
  EXPECT_EQ(file.file.size, place.header.size() + 60);
  for (const ColumnFile& each : *files) {
    EXPECT_TRUE(each.file.is_mapped);
    EXPECT_TRUE(columns_fit(each.file));
  }
}

TEST(ColumnFiles, ThatTheArrayHasNotAreLeftOut) {
  const auto files = column_files(array_of(1000), header_of({10, 6}),
                                  {{"x", 0, 7}, {"y", 5, 6}});
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().name, "y.npy");
}

TEST(ColumnFiles, OfNoRowsAreHeadersAlone) {
  const auto files =
      column_files(array_of(128), header_of({0, 6}), {{"x", 0, 2}});
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().file.size, npy_table_header("<f2", 0, 2).size());
  EXPECT_TRUE(columns_fit(files->front().file));
  const auto huge = column_files(array_of(128), header_of({0, UINT64_MAX}),
                                 {{"x", 0, UINT64_MAX}});
  EXPECT_TRUE(huge->empty());
}

TEST(ColumnFiles, AreOfArraysRowByRow) {
  NpyHeader fortran = header_of({10, 6});
  fortran.fortran_order = true;
  NpyHeader nothing = header_of({10, 6});
  nothing.item_bytes = 0;
  for (const NpyHeader& header : {header_of({}), header_of({60}),
                                  header_of({2, 5, 6}), fortran, nothing}) {
    const auto files = column_files(array_of(1000), header, {{"x", 0, 2}});
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().code, ErrorCode::kUnsupported);
  }
  for (const std::uint64_t size : {0U, 127U, 247U}) {
    const auto cut =
        column_files(array_of(size), header_of({10, 6}), {{"x", 0, 2}});
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, ErrorCode::kInvalid);
  }
}

RemoteFile columns_of(std::shared_ptr<const RemoteFile> array) {
  RemoteFile file;
  file.columns = ColumnPlace{std::move(array), 128, 12, 6, 4, "header"};
  file.size = 6 + 10 * 4;
  return file;
}

TEST(Columns, FitWhereTheArrayHasAllTheirRows) {
  const auto array = array_of(128 + 120);
  EXPECT_TRUE(columns_fit(columns_of(array)));
  const auto changed = [&](const auto& change) {
    RemoteFile file = columns_of(array);
    change(file);
    return columns_fit(file);
  };
  EXPECT_FALSE(changed([](RemoteFile& f) { f.size = 5; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.size += 1; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.size += 4; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.columns->width = 0; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.columns->row_bytes = 0; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.columns->width = 7; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.columns->offset = UINT64_MAX; }));
  EXPECT_FALSE(changed([](RemoteFile& f) { f.columns->rows_offset = 249; }));
  EXPECT_FALSE(changed([](RemoteFile& f) {
    f.columns->array =
        std::make_shared<const RemoteFile>(columns_of(array_of(UINT32_MAX)));
  }));
}

TEST(Columns, AreKeptInASnapshotWithTheirArray) {
  const ScratchDir dir;
  RemoteFile plain = columns_of(array_of(128 + 120));
  plain.is_mapped = true;
  RemoteFile member;
  member.size = 128 + 120;
  member.member =
      MemberPlace{array_of(5000), 100, 200, MemberMethod::kDeflated};
  const RemoteFile packed =
      columns_of(std::make_shared<const RemoteFile>(member));
  const auto snapshot =
      composed_snapshot(dir.path() / "s.sqlite", [&](TreeBuilder& tree) {
        ASSERT_TRUE(tree.add_file("plain", plain, 1));
        ASSERT_TRUE(tree.add_file("packed", packed, 1));
        ASSERT_TRUE(tree.add_file("again", packed, 1));
      });
  for (const auto& [name, file] :
       {std::pair{"plain", plain}, std::pair{"packed", packed}}) {
    const auto node = node_at(*snapshot, name);
    EXPECT_EQ(node->size, file.size);
    EXPECT_EQ(node->kind, NodeKind::kRemoteFile);
    EXPECT_EQ(node->is_mapped, file.is_mapped);
    const auto read = snapshot->remote_file(node->id);
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(read->columns);
    EXPECT_FALSE(read->member);
    EXPECT_EQ(read->is_mapped, file.is_mapped);
    EXPECT_EQ(content_key(*read), content_key(file));
    EXPECT_EQ(read->columns->header, "header");
    EXPECT_EQ(content_key(*read->columns->array),
              content_key(*file.columns->array));
  }
}

TEST(Columns, HaveAnyHeaderInASnapshot) {
  const ScratchDir dir;
  std::vector<RemoteFile> files;
  for (const std::string& header :
       {std::string(), std::string(" "), std::string("\n"), std::string("a\n"),
        std::string("a \n\n"), std::string("a  \n "), std::string("  \n"),
        npy_table_header("<f2", 10, 3)}) {
    files.push_back(columns_of(array_of(128 + 120)));
    files.back().columns->header = header;
    files.back().size = header.size() + 40;
  }
  const auto snapshot =
      composed_snapshot(dir.path() / "s.sqlite", [&](TreeBuilder& tree) {
        for (const RemoteFile& file : files) {
          ASSERT_TRUE(
              tree.add_file(std::to_string(&file - files.data()), file, 1));
        }
      });
  for (const RemoteFile& file : files) {
    const auto node = node_at(*snapshot, std::to_string(&file - files.data()));
    EXPECT_EQ(snapshot->remote_file(node->id)->columns->header,
              file.columns->header);
  }
}

TEST(Columns, ThatLieOutsideOfTheirArrayAreNotKept) {
  const ScratchDir dir;
  write_snapshot(dir.path() / "s.sqlite", [](TreeBuilder& tree) {
    const auto added = tree.add_file("x", columns_of(array_of(247)), 1);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::kInvalid);
  });
}

}  // namespace
}  // namespace omicsfs

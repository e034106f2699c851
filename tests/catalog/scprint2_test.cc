// SPDX-License-Identifier: MIT
#include "catalog/sources/scprint2.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "catalog/column_table.h"
#include "catalog/npy_header.h"
#include "catalog/percent_encoding.h"
#include "catalog/s3_listing.h"
#include "catalog/sources/scprint2_readme.h"
#include "tests/catalog/fake_web.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

constexpr char kAtlasBase[] = "https://h/";
constexpr std::uint64_t kEmbsColumns = 424;
constexpr std::uint64_t kLabelColumns = 23;

std::string npy_of(std::uint64_t rows, std::uint64_t columns) {
  std::string text = npy_table_header("<f2", rows, columns);
  text.append(rows * columns * 2, 'x');
  return text;
}

// Files on a server: each an archive of members, or bytes alone.
class FakeAtlas {
 public:
  struct File {
    std::vector<std::pair<std::string, std::string>> members;
    std::string bytes;  // where there are no members
    std::optional<Error> failure;
    bool unreadable = false;
  };
  std::map<std::string, File> files;
  std::vector<std::string> located;

  void add(const std::string& name, const std::string& array) {
    files[kAtlasBase + percent_encode(name, "/")] = {
        {{"arr_0.npy", array}}, "", std::nullopt};
  }

  ArchiveAccess access() {
    return {[this](const std::string& place) -> Result<RemoteFile> {
              located.push_back(place);
              if (!files.contains(place)) {
                return Error{ErrorCode::kNotFound, "no " + place};
              }
              RemoteFile file;
              file.urls = {place};
              file.size = kSize;
              return file;
            },
            [this](const RemoteFile& file) { return list(file); },
            [this](const RemoteFile& file, std::uint64_t offset,
                   std::span<char> out) { return read(file, offset, out); }};
  }
  static constexpr std::uint64_t kSize = 1'000'000;

 private:
  Result<ArchiveMembers> list(const RemoteFile& remote) {
    const File& file = files.at(remote.urls.front());
    if (file.failure) {
      return *file.failure;
    }
    if (file.members.empty()) {
      return Error{ErrorCode::kInvalid, "no zip archive"};
    }
    ArchiveMembers members;
    for (const auto& [name, bytes] : file.members) {
      members.push_back({name, bytes.size(), bytes.size(), members.size()});
      if (file.unreadable) {
        members.back().method = MemberMethod::kUnreadable;
        members.back().why_unreadable = "it is encrypted";
      }
    }
    return members;
  }
  Result<void> read(const RemoteFile& remote, std::uint64_t offset,
                    std::span<char> out) {
    const RemoteFile& whole = remote.member ? *remote.member->archive : remote;
    const File& file = files.at(whole.urls.front());
    const std::string& bytes =
        remote.member ? file.members[remote.member->header_offset].second
                      : file.bytes;
    if (offset + out.size() > bytes.size()) {
      return Error{ErrorCode::kIo, "read past the end"};
    }
    std::memcpy(out.data(), bytes.data() + offset, out.size());
    return {};
  }
};

class Scprint2Test : public ::testing::Test {
 protected:
  Result<SourceSummary> refresh() {
    const Download download = web_.download();
    std::vector<std::unique_ptr<TextPieces>> opened;
    const OpenDocument open =
        [&](const std::string& place) -> Result<ReadPiece> {
      const auto found = documents_.find(place);
      if (found == documents_.end()) {
        return Error{ErrorCode::kNotFound, "no " + place};
      }
      opened.push_back(std::make_unique<TextPieces>(found->second));
      return opened.back()->reader();
    };
    const ArchiveAccess access = atlas_.access();
    warnings_.clear();
    const SourceInput input{
        settings_,
        download,
        [](std::string_view, std::uint64_t, std::uint64_t) {},
        [this](std::string text) { warnings_.push_back(std::move(text)); },
        1'800'000'000,
        &access,
        &open};
    auto summary = refresh_source(kScprint2, input, dir_.path().native());
    if (const auto path = current_snapshot(dir_.path(), kScprint2.name)) {
      snapshot_ = *Snapshot::open(*path);
    }
    return summary;
  }
  // A subset of `rows` cells, as published.
  void add_subset(const std::string& folder, const std::string& numbers,
                  std::uint64_t rows) {
    for (const std::string array : {"embs", "top3", "scores"}) {
      std::string path = folder + "step_";
      path += numbers;
      path += "_" + array + ".npz";
      atlas_.add(path,
                 npy_of(rows, array == "embs" ? kEmbsColumns : kLabelColumns));
      documents_["/list"] += path + "\t" + std::to_string(FakeAtlas::kSize);
      documents_["/list"] += '\n';
    }
  }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->inline_bytes(node->id, 0, node->size) : "none";
  }
  [[nodiscard]] RemoteFile file_at(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    const auto file = node ? snapshot_->remote_file(node->id) : node.error();
    EXPECT_TRUE(file) << path;
    return file ? *file : RemoteFile{};
  }
  [[nodiscard]] bool exists(const std::string& path) const {
    return node_at(*snapshot_, path).has_value();
  }

  FakeWeb web_;
  SourceSettings settings_ = [] {
    SourceSettings settings{kAtlasBase, {}};
    settings.listing = "/list";
    return settings;
  }();
  std::map<std::string, std::string>& documents_ = web_.documents;
  FakeAtlas atlas_;
  std::vector<std::string> warnings_;
  std::shared_ptr<const Snapshot> snapshot_;
  const ScratchDir dir_;
};

TEST_F(Scprint2Test, AFileStandsByItsNameAndBySubset) {
  add_subset("", "0__predict_part_12_3", 10);
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_EQ(summary->bytes, 3 * FakeAtlas::kSize);
  EXPECT_EQ(summary->note, "");
  EXPECT_TRUE(warnings_.empty());
  const auto flat = node_at(*snapshot_, "step_0__predict_part_12_3_embs.npz");
  const auto view = node_at(*snapshot_, "step_0/part_12/gpu_3/embs.npz");
  ASSERT_TRUE(flat && view);
  EXPECT_EQ(flat->id, view->id);
  EXPECT_EQ(flat->links, 2U);
  EXPECT_FALSE(exists("step_0__predict_part_12_3_embs.npz.d"));
  EXPECT_TRUE(atlas_.located.empty()) << "the listing tells the sizes";

  const RemoteFile array = file_at("step_0/part_12/gpu_3/embs.npy");
  ASSERT_TRUE(array.member);
  EXPECT_TRUE(array.is_mapped);
  EXPECT_FALSE(file_at("step_0/part_12/gpu_3/embs.npz").is_mapped);
  EXPECT_EQ(array.size, npy_of(10, kEmbsColumns).size());
  const auto node = node_at(*snapshot_, "step_0/part_12/gpu_3/embs.npy");
  EXPECT_EQ(*snapshot_->xattr(node->id, "scprint2.shape"), "10,424");
  EXPECT_EQ(*snapshot_->xattr(node->id, "scprint2.dtype"), "<f2");
}

TEST_F(Scprint2Test, AnArrayHasItsBlocks) {
  add_subset("", "0__predict_part_0_0", 10);
  ASSERT_TRUE(refresh());
  const auto table = parse_column_table(text_of("columns.json"));
  ASSERT_TRUE(table);
  const std::map<std::string, std::uint64_t> widths = {
      {"embs", kEmbsColumns},
      {"top3", kLabelColumns},
      {"scores", kLabelColumns}};
  for (const auto& [array, width] : widths) {
    std::uint64_t next = 0;
    for (const ColumnBlock& block : table->at(array)) {
      EXPECT_EQ(block.first, next) << block.name;
      next = block.end;
      const RemoteFile file =
          file_at("step_0/part_0/gpu_0/" + array + "/" + block.name + ".npy");
      ASSERT_TRUE(file.columns);
      EXPECT_EQ(file.columns->offset, 2 * block.first);
      EXPECT_EQ(file.columns->width, 2 * (block.end - block.first));
      EXPECT_EQ(file.columns->row_bytes, 2 * width);
    }
    EXPECT_EQ(next, width) << "the blocks are all columns, each once";
  }
  EXPECT_EQ(table->at("embs").size(), 10U);
  EXPECT_FALSE(exists("step_0/part_0/gpu_0/top3/other.npy"));
}

TEST_F(Scprint2Test, ATableOfTheUsersReplacesTheNames) {
  add_subset("", "0__predict_part_0_0", 10);
  settings_.columns = "/table";
  documents_["/table"] = R"({"embs": {"half": [0, 212], "far": [400, 500]}})";
  ASSERT_TRUE(refresh());
  EXPECT_EQ(text_of("columns.json"), documents_["/table"]);
  EXPECT_TRUE(exists("step_0/part_0/gpu_0/embs/half.npy"));
  EXPECT_FALSE(exists("step_0/part_0/gpu_0/embs/far.npy"));
  EXPECT_FALSE(exists("step_0/part_0/gpu_0/top3"));
  EXPECT_TRUE(exists("step_0/part_0/gpu_0/top3.npy"));
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("it has 424 columns"), std::string::npos);
  documents_["/table"] = "[]";
  EXPECT_EQ(refresh().error().code, ErrorCode::kInvalid);
}

TEST_F(Scprint2Test, FoldersOfTheListingAreKept) {
  add_subset("run 1/", "0__predict_part_0_0", 10);
  ASSERT_TRUE(refresh());
  EXPECT_TRUE(exists("run 1/step_0__predict_part_0_0_embs.npz"));
  EXPECT_TRUE(exists("run 1/step_0/part_0/gpu_0/embs/sex.npy"));
}

TEST_F(Scprint2Test, WhatIsAddressedIsBelowTheBase) {
  documents_["/list"] = "a b/step_0__predict_part_0_0_embs.npz\t1000000\n";
  atlas_.files["https://h/a%20b/step_0__predict_part_0_0_embs.npz"] = {
      {{"arr_0.npy", npy_of(1, 424)}}, "", std::nullopt};
  ASSERT_TRUE(refresh());
  EXPECT_EQ(file_at("a b/step_0__predict_part_0_0_embs.npz").urls,
            (std::vector<std::string>{
                "https://h/a%20b/step_0__predict_part_0_0_embs.npz"}));
}

TEST_F(Scprint2Test, ASizeThatIsNotToldIsAskedFor) {
  add_subset("", "0__predict_part_0_0", 10);
  documents_["/list"] = "step_0__predict_part_0_0_embs.npz\n";
  ASSERT_TRUE(refresh());
  EXPECT_EQ(file_at("step_0__predict_part_0_0_embs.npz").size,
            FakeAtlas::kSize);
  EXPECT_EQ(atlas_.located.size(), 1U);
}

TEST_F(Scprint2Test, IncompleteSubsetsAreTold) {
  add_subset("", "0__predict_part_0_0", 10);
  add_subset("", "0__predict_part_1_0", 10);
  atlas_.add("step_0__predict_part_1_0_scores.npz", npy_of(9, kLabelColumns));
  documents_["/list"] += "step_1__predict_part_0_0_top3.npz 1000000\n";
  atlas_.add("step_1__predict_part_0_0_top3.npz", npy_of(7, kLabelColumns));
  const auto summary = refresh();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->note, "2 of 3 subsets are incomplete");
  EXPECT_EQ(*snapshot_->property("note"), summary->note);
  const std::string readme = text_of("README.txt");
  EXPECT_NE(readme.find("step_1/part_0/gpu_0: lacks embs, scores\n"),
            std::string::npos)
      << readme;
  EXPECT_NE(
      readme.find("step_0/part_1/gpu_0: its arrays have 10, 10, 9 rows\n"),
      std::string::npos)
      << readme;
  EXPECT_EQ(readme.find("step_0/part_0/gpu_0: "), std::string::npos);
  EXPECT_NE(readme.find("Cells:   27\n"), std::string::npos) << readme;
}

TEST_F(Scprint2Test, AnArrayBehindAnArchivesNameIsRead) {
  add_subset("", "0__predict_part_0_0", 10);
  const std::string name = "step_0__predict_part_0_0_embs.npz";
  atlas_.files[kAtlasBase + name] = {
      {}, npy_of(10, kEmbsColumns), std::nullopt};
  documents_["/list"] =
      name + " " + std::to_string(npy_of(10, kEmbsColumns).size());
  ASSERT_TRUE(refresh());
  const auto whole = node_at(*snapshot_, name);
  EXPECT_EQ(node_at(*snapshot_, "step_0/part_0/gpu_0/embs.npy")->id, whole->id);
  EXPECT_EQ(whole->links, 3U);
  EXPECT_TRUE(file_at(name).is_mapped);
  EXPECT_TRUE(exists("step_0/part_0/gpu_0/embs/tissue.npy"));
}

TEST_F(Scprint2Test, WhatCannotBeReadStaysAFileAlone) {
  add_subset("", "0__predict_part_0_0", 10);
  const std::string start =
      std::string(kAtlasBase) + "step_0__predict_part_0_0_";
  atlas_.files[start + "embs.npz"].failure =
      Error{ErrorCode::kInvalid, "its directory is broken"};
  atlas_.files[start + "embs.npz"].bytes = "PK, and then nothing";
  atlas_.files[start + "top3.npz"] = {
      {{"a.npy", "x"}, {"b.npy", "x"}}, "", std::nullopt};
  atlas_.files[start + "scores.npz"] = {{}, "no array at all", std::nullopt};
  ASSERT_TRUE(refresh());
  EXPECT_EQ(warnings_.size(), 3U);
  EXPECT_TRUE(exists("step_0/part_0/gpu_0/embs.npz"));
  for (const char* name : {"embs.npy", "top3.npy", "scores.npy", "embs"}) {
    EXPECT_FALSE(exists(std::string("step_0/part_0/gpu_0/") + name)) << name;
  }
}

TEST_F(Scprint2Test, AServerThatFailsEndsTheRefresh) {
  add_subset("", "0__predict_part_0_0", 10);
  auto& failure = atlas_
                      .files[std::string(kAtlasBase) +
                             "step_0__predict_part_0_0_scores.npz"]
                      .failure;
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kTimedOut, ErrorCode::kInterrupted,
        ErrorCode::kNoSpace, ErrorCode::kIo}) {
    failure = Error{code, "no"};
    EXPECT_EQ(refresh().error().code, code);
  }
}

TEST_F(Scprint2Test, AnEncryptedMemberIsShownAndSaysSo) {
  add_subset("", "0__predict_part_0_0", 10);
  atlas_.files[std::string(kAtlasBase) + "step_0__predict_part_0_0_embs.npz"]
      .unreadable = true;
  ASSERT_TRUE(refresh());
  const auto node = node_at(*snapshot_, "step_0/part_0/gpu_0/embs.npy");
  ASSERT_TRUE(node);
  EXPECT_EQ(*snapshot_->xattr(node->id, "omicsfs.unreadable"),
            "it is encrypted");
  EXPECT_FALSE(exists("step_0/part_0/gpu_0/embs"));
}

TEST_F(Scprint2Test, FilesOfOtherNamesAreLeftOut) {
  add_subset("", "0__predict_part_0_0", 10);
  documents_["/list"] += "README.md 5\nx/label_decoders.json\n";
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_FALSE(exists("README.md"));
  EXPECT_TRUE(atlas_.located.empty()) << "nothing is asked of them";
}

TEST_F(Scprint2Test, DigestsOfTheHubAreKept) {
  settings_.base_url = "";
  settings_.listing = "https://hub/api/datasets/o/n/tree/v1";
  documents_[settings_.listing] =
      R"([{"type": "file", "size": 1000000,
           "path": "step_0__predict_part_0_0_embs.npz", "lfs": {"oid":
           "ab8b0d6a6ff9c3f8151f9d3228f57092aaea997f09af009eefd7373a77b5abb9"
         }}])";
  const std::string url =
      "redirect:https://hub/datasets/o/n/resolve/v1/"
      "step_0__predict_part_0_0_embs.npz";
  atlas_.files[url] = {
      {{"arr_0.npy", npy_of(10, kEmbsColumns)}}, "", std::nullopt};
  ASSERT_TRUE(refresh());
  const RemoteFile file = file_at("step_0__predict_part_0_0_embs.npz");
  EXPECT_EQ(file.urls, std::vector<std::string>{url});
  EXPECT_EQ(to_string(*file.digest).substr(0, 9), "sha256:ab");
  EXPECT_TRUE(exists("step_0/part_0/gpu_0/embs/sex.npy"));
}

TEST_F(Scprint2Test, ThereMustBeAListingOfTheAtlas) {
  documents_["/list"] = "README.md 5\n";
  EXPECT_EQ(refresh().error().code, ErrorCode::kInvalid);
  settings_.listing = "/gone";
  EXPECT_EQ(refresh().error().code, ErrorCode::kNotFound);
  settings_ = {};
  const auto nowhere = refresh();
  EXPECT_EQ(nowhere.error().code, ErrorCode::kInvalid);
  EXPECT_NE(nowhere.error().message.find("sources.scprint2.listing"),
            std::string::npos);
  settings_.listing = "/list";
  const auto unplaced = refresh();
  EXPECT_NE(unplaced.error().message.find("set base_url"), std::string::npos);
}

TEST_F(Scprint2Test, WithoutAListingTheBucketIsAsked) {
  settings_.listing.clear();
  documents_[s3_page_url(kAtlasBase, "", "")] =
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>"
      "step_0__predict_part_0_0_embs.npz</Key><Size>1000000</Size></Contents>"
      "</ListBucketResult>";
  atlas_.add("step_0__predict_part_0_0_embs.npz", npy_of(1, kEmbsColumns));
  const auto summary = refresh();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
}

TEST(Scprint2Readme, NamesTwoHundredIncompleteSubsets) {
  Scprint2Subsets subsets;
  for (int number = 1000; number < 1250; ++number) {
    subsets[std::to_string(number)].has = {true, false, true};
  }
  const std::string text = scprint2_readme({}, subsets);
  EXPECT_NE(text.find("250 of 250 subsets are incomplete"), std::string::npos);
  EXPECT_NE(text.find("  1199: lacks top3\n"), std::string::npos);
  EXPECT_EQ(text.find("  1200: "), std::string::npos);
  EXPECT_NE(text.find("  and 50 more\n"), std::string::npos);
}

}  // namespace
}  // namespace omicsfs

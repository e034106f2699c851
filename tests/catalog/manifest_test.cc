// SPDX-License-Identifier: MIT
#include "catalog/sources/manifest.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "catalog/npy_header.h"
#include "catalog/snapshot.h"
#include "tests/catalog/fake_archives.h"
#include "tests/catalog/scratch_dir.h"
#include "tests/catalog/text_pieces.h"
#include "tests/catalog/tree_text.h"

namespace omicsfs {
namespace {

class ManifestTest : public ::testing::Test {
 protected:
  [[nodiscard]] OpenDocument opener() {
    return [this](const std::string& place) -> Result<ReadPiece> {
      const auto found = documents_.find(place);
      if (found == documents_.end()) {
        return Error{ErrorCode::kNotFound, "no " + place};
      }
      opened_.push_back(std::make_unique<TextPieces>(found->second));
      return opened_.back()->reader();
    };
  }
  Result<SourceSummary> refresh(const std::vector<std::string>& places) {
    SourceSettings settings;
    settings.catalogue = places;
    settings.token_servers = {{"lab", "https://lab"}};
    const Download download = [](const std::string& url, std::uint64_t) {
      return Error{ErrorCode::kNotFound, "no " + url};
    };
    const OpenDocument open = opener();
    const ArchiveAccess access = archives_.access();
    warnings_.clear();
    SourceInput input{
        settings,
        download,
        [](std::string_view, std::uint64_t, std::uint64_t) {},
        [this](const std::string& text) { warnings_ += text + "\n"; },
        1'800'000'000,
        &access,
        &open};
    input.allow_empty = allow_empty_;
    auto summary = refresh_source(kAnyManifest, input, dir_.path().native());
    if (const auto path = current_snapshot(dir_.path(), kAnyManifest.name)) {
      snapshot_ = *Snapshot::open(*path);
    }
    return summary;
  }
  [[nodiscard]] std::string text_of(const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? *snapshot_->inline_bytes(node->id, 0, node->size) : "none";
  }

  // None where nothing stands at `path`.
  [[nodiscard]] std::optional<std::uint64_t> size_of(
      const std::string& path) const {
    const auto node = node_at(*snapshot_, path);
    return node ? std::optional(node->size) : std::nullopt;
  }

  const ScratchDir dir_;
  std::map<std::string, std::string> documents_;
  std::vector<std::unique_ptr<TextPieces>> opened_;
  FakeArchives archives_;
  std::string warnings_;
  bool allow_empty_ = false;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(ManifestTest, WithoutAManifestItSaysHowToNameOne) {
  const auto summary = refresh({});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 0U);
  EXPECT_NE(text_of("README.txt").find("sources.manifest.catalogue"),
            std::string::npos);
}

TEST_F(ManifestTest, ATokenMustBeKnownAndItsServers) {
  const auto package = [](const std::string& url, const std::string& token) {
    return R"({"resources": [{"bytes": 3, "fs:path": "a", "fs:access": [
        {"url": ")" +
           url + R"(", "token": ")" + token + R"("}]}]})";
  };
  documents_["https://h/one.json"] = package("https://lab/a", "lab");
  ASSERT_TRUE(refresh({"https://h/one.json"}));
  const auto node = node_at(*snapshot_, "a");
  ASSERT_TRUE(node);
  EXPECT_EQ(snapshot_->remote_file(node->id)->urls,
            std::vector<std::string>{"token:lab:https://lab/a"});
  for (const auto& [url, token, why] :
       {std::tuple{"https://lab/a", "other", "tokens.other.server"},
        {"https://evil/a", "lab", "https://lab alone"},
        {"http://lab/a", "lab", "https://lab alone"}}) {
    documents_["https://h/one.json"] = package(url, token);
    const auto summary = refresh({"https://h/one.json"});
    ASSERT_FALSE(summary) << url;
    EXPECT_NE(summary.error().message.find(why), std::string::npos)
        << summary.error().message;
    EXPECT_NE(summary.error().message.find("/resources/0"), std::string::npos);
  }
}

TEST_F(ManifestTest, SeveralMakeOneTree) {
  documents_["https://h/one.json"] = R"({"title": "First", "resources": [
      {"path": "a/x", "bytes": 3, "fs:mtime": "1970-01-02",
       "fs:xattr": {"sample": "S1"}},
      {"fs:path": "a/note.txt", "data": "hello"}]})";
  documents_["https://o/urls.txt"] = "https://o/b\n";
  archives_.add("https://o/b", {});
  const auto summary = refresh({"https://h/one.json", "https://o/urls.txt"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_EQ(summary->bytes, 1'000'008U);
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(text_of("a/note.txt"), "hello");
  EXPECT_NE(text_of("README.txt").find("title: First"), std::string::npos);
  const auto node = node_at(*snapshot_, "a/x");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->size, 3U);
  EXPECT_EQ(node->mtime, 86'400);
  EXPECT_EQ(**snapshot_->xattr(node->id, "sample"), "S1");
  EXPECT_EQ(node_at(*snapshot_, "o/b")->size, 1'000'000U);
}

TEST_F(ManifestTest, AFileThatIsNotThereIsLeftOutWithAWarning) {
  documents_["https://h/urls.txt"] = "https://h/gone\nhttps://h/here\n";
  archives_.add("https://h/here", {});
  const auto summary = refresh({"https://h/urls.txt"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_NE(warnings_.find("line 1: left out"), std::string::npos);
}

TEST_F(ManifestTest, AServerThatDoesNotAnswerIsNoFileLeftOut) {
  documents_["https://h/urls.txt"] = "https://h/a\n";
  archives_.fail("https://h/a", {ErrorCode::kUnavailable, "down"});
  const auto summary = refresh({"https://h/urls.txt"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
}

TEST_F(ManifestTest, AFileThatItsServerRefusesBlocksNoOther) {
  documents_["https://h/urls.txt"] = "https://h/refused\nhttps://h/here\n";
  archives_.fail("https://h/refused", {ErrorCode::kRefused, "answered 403"});
  archives_.add("https://h/here", {});
  const auto summary = refresh({"https://h/urls.txt"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_NE(warnings_.find("line 1: left out: answered 403"), std::string::npos)
      << warnings_;
}

TEST_F(ManifestTest, AKnownFileStaysWhileItsServerRefusesIt) {
  const auto listing = [](const std::string& url) {
    return R"({"resources": [{"path": ")" + url +
           R"(", "fs:path": "a"}, {"path": "b", "bytes": 1}]})";
  };
  documents_["https://h/p.json"] = listing("https://h/a");
  archives_.add("https://h/a", {});
  ASSERT_TRUE(refresh({"https://h/p.json"}));
  archives_.fail("https://h/a", {ErrorCode::kRefused, "answered 403"});
  const auto kept = refresh({"https://h/p.json"});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->files, 2U);
  EXPECT_EQ(size_of("a"), 1'000'000U);
  EXPECT_NE(warnings_.find("/resources/0: stands as it did before"),
            std::string::npos)
      << warnings_;
  // Another url at the same path is another file.
  documents_["https://h/p.json"] = listing("https://o/a");
  archives_.fail("https://o/a", {ErrorCode::kRefused, "answered 403"});
  const auto other = refresh({"https://h/p.json"});
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->files, 1U);
}

TEST_F(ManifestTest, AMirrorThatFailsIsNoRefusal) {
  documents_["https://h/p.json"] = R"({"resources": [{"fs:path": "a",
      "fs:access": ["https://down/a", "https://refuses/a"]},
      {"path": "b", "bytes": 1}]})";
  archives_.fail("https://down/a", {ErrorCode::kUnavailable, "down"});
  archives_.fail("https://refuses/a", {ErrorCode::kRefused, "answered 403"});
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
}

TEST_F(ManifestTest, AMirrorIsAskedWhereTheFirstUrlHasNothing) {
  documents_["https://h/p.json"] = R"({"resources": [{"fs:path": "a",
      "fs:access": ["https://gone/a", "https://here/a"]}]})";
  archives_.add("https://here/a", {});
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->bytes, 1'000'000U);
}

TEST_F(ManifestTest, ABadEntryIsLeftOutAndBlocksNoOther) {
  documents_["https://h/p.json"] = R"({"resources": [
      {"path": "a", "bytes": 1}, {"path": "a", "bytes": 1},
      {"path": "a/b", "bytes": 1}, {"path": "../x", "bytes": 1},
      {"path": "c", "bytes": -1}, 7, {"path": "e", "hash": "f"},
      {"path": "f", "bytes": 2}]})";
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 2U);
  EXPECT_EQ(summary->warnings, 6U) << warnings_;
  for (const char* part :
       {"/resources/1: left out", "/resources/2: left out",
        "/resources/3: left out", "/resources/6: left out"}) {
    EXPECT_NE(warnings_.find(part), std::string::npos) << warnings_;
  }
  EXPECT_NE(text_of("README.txt").find("Warnings of the last refresh: 6"),
            std::string::npos);
  EXPECT_TRUE(node_at(*snapshot_, "a"));
  EXPECT_TRUE(node_at(*snapshot_, "f"));
}

TEST_F(ManifestTest, AManifestOfBadEntriesAloneKeepsWhatWasThere) {
  documents_["https://h/p.json"] =
      R"({"resources": [{"path": "a", "bytes": 1}]})";
  ASSERT_TRUE(refresh({"https://h/p.json"}));
  documents_["https://h/p.json"] =
      R"({"resources": [{"path": "../x", "bytes": 1}, 7]})";
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(summary.error().message.find("/resources/0"), std::string::npos);
  EXPECT_TRUE(node_at(*snapshot_, "a"));
}

TEST_F(ManifestTest, ADocumentThatIsAnotherOneNowTakesNothingFromTheCatalog) {
  const std::string good = R"({"resources": [{"path": "a", "bytes": 1}]})";
  documents_["https://h/p.json"] = good;
  documents_["https://h/q.json"] =
      R"({"resources": [{"path": "b", "bytes": 1}]})";
  ASSERT_TRUE(refresh({"https://h/p.json", "https://h/q.json"}));
  for (const std::string& text :
       {std::string("<html>sign in</html>"), std::string(),
        std::string(R"({"resources": []})"), good.substr(0, 20)}) {
    documents_["https://h/p.json"] = text;
    const auto summary = refresh({"https://h/p.json", "https://h/q.json"});
    ASSERT_FALSE(summary) << text;
    EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable) << text;
    EXPECT_NE(summary.error().message.find("https://h/p.json"),
              std::string::npos);
    EXPECT_TRUE(node_at(*snapshot_, "a")) << text;
  }
  documents_.erase("https://h/p.json");  // it is gone
  ASSERT_TRUE(refresh({"https://h/p.json", "https://h/q.json"}));
  EXPECT_FALSE(node_at(*snapshot_, "a"));
  documents_["https://h/p.json"] = "<html>";  // and so it was not known
  ASSERT_TRUE(refresh({"https://h/p.json", "https://h/q.json"}));
  EXPECT_TRUE(node_at(*snapshot_, "b"));
}

TEST_F(ManifestTest, ADocumentIsReplacedWhereTheUserAllowsIt) {
  documents_["https://h/p.json"] =
      R"({"resources": [{"path": "a", "bytes": 1}]})";
  ASSERT_TRUE(refresh({"https://h/p.json"}));
  documents_["https://h/p.json"] = R"({"resources": []})";
  allow_empty_ = true;
  ASSERT_TRUE(refresh({"https://h/p.json"}));
  EXPECT_FALSE(node_at(*snapshot_, "a"));
}

TEST_F(ManifestTest, ADocumentOnThisMachineIsAsItsUserWroteIt) {
  documents_["/p.json"] =
      R"({"resources": [{"path": "https://h/a", "bytes": 1}]})";
  documents_["/q.json"] =
      R"({"resources": [{"path": "https://h/b", "bytes": 1}]})";
  ASSERT_TRUE(refresh({"/p.json", "/q.json"}));
  documents_["/p.json"] = R"({"resources": []})";
  ASSERT_TRUE(refresh({"/p.json", "/q.json"}));
  EXPECT_FALSE(node_at(*snapshot_, "a"));
}

TEST_F(ManifestTest, NoGoodPlaceInTheTreeHidesAPathThatLeadsOutOfIt) {
  documents_["https://h/p.json"] = R"({"resources": [
      {"fs:path": "a", "path": "../../etc/passwd", "bytes": 1},
      {"fs:path": "b", "fs:access": [{"url": "../../etc/passwd"}], "bytes": 1},
      {"fs:path": "c", "path": "c", "bytes": 1}]})";
  ASSERT_TRUE(refresh({"https://h/p.json"}));
  EXPECT_FALSE(node_at(*snapshot_, "a"));
  EXPECT_FALSE(node_at(*snapshot_, "b"));
  EXPECT_TRUE(node_at(*snapshot_, "c"));
  documents_["https://h/crate.json"] = R"({"@graph": [
      {"@id": "a", "@type": "File", "contentSize": "1",
       "contentUrl": "../../etc/passwd"},
      {"@id": "b", "@type": "File", "contentSize": "1"}]})";
  ASSERT_TRUE(refresh({"https://h/crate.json"}));
  EXPECT_FALSE(node_at(*snapshot_, "a"));
  EXPECT_TRUE(node_at(*snapshot_, "b"));
}

TEST_F(ManifestTest, FilesWhoseUrlsEndInOneNameAreToldApart) {
  documents_["https://h/p.json"] = R"({"resources": [
      {"name": "sample-a", "path": "https://h/A/m.mtx.gz", "bytes": 1},
      {"name": "sample-b", "path": "https://h/B/m.mtx.gz", "bytes": 2},
      {"name": "sample-b", "path": "https://h/C/m.mtx.gz", "bytes": 3},
      {"name": "sample-b", "path": "https://h/C/m.mtx.gz", "bytes": 3}]})";
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_EQ(summary->warnings, 3U) << warnings_;
  EXPECT_EQ(size_of("m.mtx.gz"), 1U);
  EXPECT_EQ(size_of("sample-b.mtx.gz"), 2U);
  EXPECT_EQ(size_of("m-2.mtx.gz"), 3U);
}

TEST_F(ManifestTest, UrlsThatDifferInTheQueryAreToldApartAndRepeatsLeftOut) {
  documents_["https://h/urls.txt"] =
      "ftp://f/x.gz\nhttps://h/get?id=1\nhttps://h/get?id=2\n"
      "https://h/get?id=1\n";
  archives_.add("https://h/get?id=1", {});
  archives_.add("https://h/get?id=2", {});
  const auto summary = refresh({"https://h/urls.txt"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 2U);
  EXPECT_EQ(summary->warnings, 3U) << warnings_;
  EXPECT_TRUE(node_at(*snapshot_, "h/get"));
  EXPECT_TRUE(node_at(*snapshot_, "h/get-2"));
}

TEST_F(ManifestTest, AKeyThatIsAFolderTooGivesWayToWhatIsInIt) {
  const auto object = [](const std::string& key, int size) {
    return "<Contents><Key>" + key + "</Key><Size>" + std::to_string(size) +
           "</Size></Contents>";
  };
  const std::string url = "https://s3/b?list-type=2";
  documents_[url] = "<ListBucketResult><IsTruncated>false</IsTruncated>" +
                    object("a", 5) + object("a-1", 1) + object("a/b", 2) +
                    object("a//c", 1) + object("out", 0) + object("out/x", 3) +
                    object("z\x01", 1) + object("..", 1) + object("n&#0;x", 1) +
                    object("w", -1) + object(std::string(300, 'l'), 1) +
                    "</ListBucketResult>";
  const auto summary = refresh({url});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(size_of("a/b"), 2U);
  EXPECT_EQ(size_of("a-2"), 5U);
  EXPECT_EQ(size_of("out/x"), 3U);
  EXPECT_FALSE(node_at(*snapshot_, "n"));
  EXPECT_EQ(summary->files, 4U);
  EXPECT_EQ(summary->warnings, 8U) << warnings_;
}

TEST_F(ManifestTest, ABucketWithoutAnObjectIsAnError) {
  const std::string url = "https://s3/b?list-type=2&prefix=typo/";
  documents_[url] =
      "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
  const auto summary = refresh({url});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kNotFound);
}

TEST_F(ManifestTest, AMirrorThatIsDownIsNoProofThatAFileIsGone) {
  documents_["https://h/p.json"] = R"({"resources": [{"fs:path": "a",
      "fs:access": ["https://down/a", "https://gone/a"]}]})";
  archives_.fail("https://down/a", {ErrorCode::kUnavailable, "down"});
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, ErrorCode::kUnavailable);
}

TEST_F(ManifestTest, ADocumentThatIsGoneIsLeftOutBesideOthers) {
  documents_["https://h/p.json"] =
      R"({"resources": [{"path": "a", "bytes": 1}]})";
  const auto summary = refresh({"https://h/gone.json", "https://h/p.json"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 1U);
  EXPECT_EQ(summary->warnings, 1U);
  EXPECT_FALSE(refresh({"https://h/gone.json"}));
}

TEST_F(ManifestTest, AFileHasTheViewThatIsToldOfIt) {
  archives_.add("https://h/a", {{"x", "12"}, {"none.npy", "no"}});
  archives_.add("https://h/b.zip", {{"x", "12"}});
  archives_.add_file("https://h/c", npy_table_header("<f4", 0, 4));
  documents_["https://h/p.json"] = R"({"resources": [
      {"path": "a", "fs:archive": "in/a", "bytes": 9,
       "fs:columns": {"none": {"x": [0, 1]}}},
      {"path": "b.zip", "fs:archive": false, "bytes": 9},
      {"path": "c", "fs:columns": {"x": [0, 1], "y": [3, 5]}, "bytes": 4096,
       "fs:mtime": "1970-01-02"}]})";
  const auto summary = refresh({"https://h/p.json"});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U) << "views are no files of the manifest";
  EXPECT_TRUE(node_at(*snapshot_, "in/a/x"));
  EXPECT_FALSE(node_at(*snapshot_, "a.d"));
  EXPECT_FALSE(node_at(*snapshot_, "b.zip.d"));
  const auto block = node_at(*snapshot_, "c.d/x.npy");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->mtime, 86'400);
  EXPECT_TRUE(node_at(*snapshot_, "c")->is_mapped);
  EXPECT_FALSE(node_at(*snapshot_, "a")->is_mapped);
  EXPECT_FALSE(node_at(*snapshot_, "c.d/y.npy"));
  EXPECT_NE(warnings_.find("at \"in/a/none\" are not shown"),
            std::string::npos);
  EXPECT_NE(warnings_.find("at \"c.d\" are not shown"), std::string::npos);
}

TEST_F(ManifestTest, WhatFollowsAQuestionMarkIsToldToNobody) {
  documents_["https://h/p.json?token=hidden"] = R"({"resources": [{}]})";
  const auto summary = refresh({"https://h/p.json?token=hidden"});
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().message.find("hidden"), std::string::npos);
  documents_["https://h/p.json?token=hidden"] = R"({"resources": []})";
  ASSERT_TRUE(refresh({"https://h/p.json?token=hidden"}));
  EXPECT_EQ(text_of("README.txt").find("hidden"), std::string::npos);
}

TEST_F(ManifestTest, OurReadmeStandsBesideThatOfThePublisher) {
  documents_["/p.json"] = R"({"resources": [
      {"name": "r", "fs:path": "README.txt", "data": "theirs"}]})";
  ASSERT_TRUE(refresh({"/p.json"}));
  EXPECT_EQ(text_of("README.txt"), "theirs");
  EXPECT_NE(text_of("README.omicsfs.txt").find("manifest: /p.json"),
            std::string::npos);
}

TEST_F(ManifestTest, ACheckTellsOfRepeatedNamesAsARefreshDoes) {
  documents_["/u.txt"] =
      "https://h/get?id=1\nhttps://h/get?id=2\nhttps://h/get?id=1\n"
      "ftp://h/b\n";
  archives_.add("https://h/get?id=1", {});
  archives_.add("https://h/get?id=2", {});
  documents_["/p.json"] = R"({"resources": [
      {"path": "https://h/a", "bytes": 1}, {"path": "https://o/a", "bytes": 2},
      {"name": "n", "path": "https://p/a", "bytes": 4},
      {"path": "https://h/a", "bytes": 1}]})";
  for (const std::string place : {"/u.txt", "/p.json"}) {
    std::string told;
    const auto line = [&told, &place](const std::string& prefix) {
      return [&told, &place, prefix](const std::string& where,
                                     const std::string& what) {
        told += place + ": " + where + ": " + prefix + what + "\n";
      };
    };
    const auto checked = check_manifest({place,
                                         dir_.path(),
                                         line("left out: "),
                                         line("left out: "),
                                         line(""),
                                         {}},
                                        opener());
    ASSERT_TRUE(checked) << checked.error().message;
    const auto refreshed = refresh({place});
    ASSERT_TRUE(refreshed) << refreshed.error().message;
    EXPECT_EQ(checked->files, refreshed->files) << place;
    EXPECT_EQ(told, warnings_);
    EXPECT_NE(told.find("stands at"), std::string::npos) << told;
  }
}

TEST_F(ManifestTest, ACheckTellsAllThatIsWrongAndAsksNobody) {
  documents_["/p.json"] = R"({"resources": [
      {"path": "https://h/a"}, {"path": "https://h/a"}, {"path": "../x"},
      {"name": "t", "data": []}, {"path": "https://h/c", "bytes": 7},
      {"path": "https://h/d", "fs:archive": 1},
      {"path": "https://h/e", "fs:columns": {"x": [1, 0]}}]})";
  std::string problems;
  std::string odd;
  const auto line = [](std::string& out) {
    return [&out](const std::string& place, const std::string& why) {
      out += place + ": " + why + "\n";
    };
  };
  const auto summary = check_manifest(
      {"/p.json", dir_.path(), line(problems), line(odd), {}, {}}, opener());
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 2U);
  EXPECT_EQ(summary->bytes, 7U);
  EXPECT_NE(problems.find("/resources/1: "), std::string::npos) << problems;
  EXPECT_NE(problems.find("/resources/2: "), std::string::npos) << problems;
  EXPECT_NE(problems.find("/resources/5: /fs:archive: "), std::string::npos);
  EXPECT_NE(problems.find("/resources/6: /fs:columns/x: "), std::string::npos);
  EXPECT_NE(odd.find("/resources/3: "), std::string::npos) << odd;
}

}  // namespace
}  // namespace omicsfs

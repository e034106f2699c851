// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "catalog/json_fields.h"
#include "fetch/curl_transport.h"
#include "tests/mount/mounted_atlas.h"

namespace omicsfs {
namespace {

namespace stdfs = std::filesystem;

struct PublishedFile {
  std::string relative_path;
  std::uint64_t size = 0;
};

// Every object of the manifest that has a relative_path and a size.
void collect(const JsonValue& value, std::vector<PublishedFile>& files) {
  const auto size = value.find("size");
  const auto path = value.find("relative_path");
  if (size && path) {
    files.push_back({*path->as_string(), *size->as_size()});
    return;
  }
  const auto members = value.members();
  if (!members) {
    return;
  }
  for (const auto& [name, member] : *members) {
    collect(member, files);
  }
}

std::string text_of(const stdfs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The real release, every file sparse and of its real size.
class RealRelease : public ::testing::Test {
 protected:
  static constexpr const char* kRelease = "20250531";

  void SetUp() override {
    const stdfs::path manifest =
        stdfs::path(OMICSFS_SHARED_DATA) / "abc/manifest_20250531.json";
    if (!stdfs::exists(manifest)) {
      GTEST_SKIP() << "shared data absent";
    }
    if (!can_mount()) {
      GTEST_SKIP() << "/dev/fuse is missing";
    }
    manifest_ = text_of(manifest);
    const auto json = JsonValue::parse(manifest_);
    ASSERT_TRUE(json);
    collect(*json->at("file_listing"), files_);
    put("releases/20250531/manifest.json", manifest_);
    for (const PublishedFile& file : files_) {
      put(file.relative_path, "");
      stdfs::resize_file(bucket_.path() / file.relative_path, file.size);
    }
    OriginOptions options;
    options.root = bucket_.path();
    origin_ = std::make_unique<Origin>(options);
    mount_ = std::make_unique<MountProcess>(origin_->url("/"), "");
    ASSERT_TRUE(mount_->start());
    origin_->clear_log();
  }

  void put(const std::string& path, const std::string& bytes) const {
    stdfs::create_directories((bucket_.path() / path).parent_path());
    std::ofstream(bucket_.path() / path, std::ios::binary) << bytes;
  }

  const TemporaryDirectory bucket_;
  std::string manifest_;
  std::vector<PublishedFile> files_;
  std::unique_ptr<Origin> origin_;
  std::unique_ptr<MountProcess> mount_;
};

TEST_F(RealRelease, EveryFileIsThereWithItsExactSizeAndNoRequest) {
  ASSERT_EQ(files_.size(), 333U);
  std::set<ino_t> inodes;
  std::uint64_t bytes = 0;
  for (const PublishedFile& file : files_) {
    struct stat facts {};
    ASSERT_EQ(::stat((mount_->root() / file.relative_path).c_str(), &facts), 0)
        << file.relative_path;
    EXPECT_EQ(static_cast<std::uint64_t>(facts.st_size), file.size);
    EXPECT_EQ(facts.st_nlink, 2U);
    bytes += file.size;
    inodes.insert(facts.st_ino);
  }
  EXPECT_EQ(bytes, 646'792'864'973U);
  std::uint64_t in_view = 0;
  for (const auto& entry : stdfs::recursive_directory_iterator(
           mount_->root() / "releases" / kRelease)) {
    struct stat facts {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &facts), 0);
    in_view += inodes.erase(facts.st_ino);
  }
  EXPECT_EQ(in_view, 333U);
  EXPECT_EQ(text_of(mount_->root() / "releases" / kRelease / "manifest.json"),
            manifest_);
  EXPECT_TRUE(origin_->log().empty());
}

TEST_F(RealRelease, AMebibyteDeepInTheLargestFileCostsThatAndOneBlock) {
  const auto largest = std::max_element(
      files_.begin(), files_.end(),
      [](const auto& a, const auto& b) { return a.size < b.size; });
  ASSERT_EQ(largest->size, 50'206'825'799U);
  for (const std::uint64_t offset :
       {std::uint64_t{49'000'000'000}, std::uint64_t{45} << 30}) {
    origin_->clear_log();
    const UniqueFd file(
        ::open((mount_->root() / largest->relative_path).c_str(),
               O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(file.valid());
    std::string bytes(1 << 20, 'x');
    ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(),
                      static_cast<off_t>(offset)),
              1 << 20);
    EXPECT_EQ(bytes, std::string(1 << 20, '\0'));
    std::uint64_t fetched = 0;
    for (const RequestRecord& record : origin_->log()) {
      fetched += record.bytes_sent;
    }
    EXPECT_LE(fetched, (1U << 20) + (64U << 10)) << offset;
  }
}

}  // namespace
}  // namespace omicsfs

// SPDX-License-Identifier: MIT
#include "fs/settings_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace omicsfs {
namespace {

class SettingsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    environment_ = {{"HOME", dir_.string()},
                    {"XDG_CONFIG_HOME", (dir_ / "xdg").string()}};
  }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  TemporaryDirectory temporary_;
  std::filesystem::path dir_ = temporary_.path();
  Environment environment_;
};

TEST_F(SettingsFile, OfTheUserIsReadFromTheConfigDirectory) {
  write("xdg/omicsfs/config.json", R"({"network": {"retries": 9}})");
  const auto loaded = load_settings(std::nullopt, {}, environment_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.network.retries, 9);
}

TEST_F(SettingsFile, NeedNotBeThere) {
  EXPECT_TRUE(load_settings(std::nullopt, {}, environment_));
}

TEST_F(SettingsFile, NamedByAVariableIsReadInsteadOfTheUsualOnes) {
  write("xdg/omicsfs/config.json", R"({"network": {"retries": 9}})");
  environment_["OMICSFS_CONFIG"] =
      write("other.json", R"({"network": {"stall_s": 3}})");
  const auto loaded = load_settings(std::nullopt, {}, environment_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.network.retries, NetworkSettings{}.retries);
  EXPECT_EQ(loaded->settings.network.stall.count(), 3);
}

TEST_F(SettingsFile, NamedByAFlagIsReadInsteadOfTheVariables) {
  environment_["OMICSFS_CONFIG"] = "/nowhere/at/all.json";
  const auto loaded = load_settings(
      write("flag.json", R"({"network": {"stall_s": 4}})"), {}, environment_);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->settings.network.stall.count(), 4);
}

TEST_F(SettingsFile, ThatIsNamedMustBeThere) {
  const auto loaded =
      load_settings((dir_ / "absent.json").string(), {}, environment_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
  EXPECT_NE(loaded.error().message.find("absent.json"), std::string::npos);
}

TEST_F(SettingsFile, ThatIsADirectoryIsAnError) {
  const auto loaded = load_settings(dir_.string(), {}, environment_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kIo);
}

TEST_F(SettingsFile, OverOneMebibyteIsRefused) {
  const auto loaded = load_settings(
      write("big.json", std::string((1 << 20) + 1, ' ')), {}, environment_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
}

TEST_F(SettingsFile, IsNamedInItsErrors) {
  const std::string file = write("bad.json", R"({"cache": {"limit": "x"}})");
  const auto loaded = load_settings(file, {}, environment_);
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().message.starts_with(file + ": /cache/limit: "))
      << loaded.error().message;
}

TEST(UsualSettingsFiles, EndWithTheUsersOwn) {
  EXPECT_EQ(
      usual_settings_files({{"HOME", "/home/ada"}}),
      (std::vector<std::string>{"/etc/omicsfs/config.json",
                                "/home/ada/.config/omicsfs/config.json"}));
  EXPECT_EQ(
      usual_settings_files({{"HOME", "/home/ada"}, {"XDG_CONFIG_HOME", "/xdg"}})
          .back(),
      "/xdg/omicsfs/config.json");
  EXPECT_EQ(usual_settings_files({}).size(), 1U);
}

}  // namespace
}  // namespace omicsfs

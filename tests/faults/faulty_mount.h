// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <fstream>
#include <string>

#include "tests/mount/mounted_atlas.h"

namespace omicsfs {

// What a program that reads a whole file gets.
struct Outcome {
  int error = 0;  // errno, 0 where it came to the end
  std::string bytes;
};

// A mount that gives up soon: one retry, a second without bytes, twenty seconds
// in which a busy server is waited for.
class FaultyMount : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_mount()) {
      GTEST_SKIP() << "/dev/fuse is missing";
    }
    serve(atlas_, origin_);
    prepare();
    ASSERT_TRUE(mount_.start());
    origin_.clear_log();
  }
  // What must be so before the mount.
  virtual void prepare() {}

  [[nodiscard]] const ComposedFile& large() const { return atlas_[0].files[2]; }
  [[nodiscard]] const ComposedFile& small() const { return atlas_[0].files[3]; }
  [[nodiscard]] std::string at(const ComposedFile& file) const {
    return (mount_.root() / file.relative_path()).string();
  }

  // Reads of 64 KiB, from `offset` to the end.
  [[nodiscard]] Outcome read(const ComposedFile& file,
                             std::uint64_t offset = 0) const {
    const UniqueFd open(::open(at(file).c_str(), O_RDONLY | O_CLOEXEC));
    Outcome outcome;
    if (!open.valid()) {
      outcome.error = errno;
      return outcome;
    }
    std::string buffer(65536, '\0');
    for (;;) {
      const ssize_t got = ::pread(open.get(), buffer.data(), buffer.size(),
                                  static_cast<off_t>(offset));
      if (got <= 0) {
        outcome.error = got < 0 ? errno : 0;
        return outcome;
      }
      outcome.bytes.append(buffer, 0, static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
  }

  void expect_right(const ComposedFile& file) const {
    const Outcome outcome = read(file);
    EXPECT_EQ(outcome.error, 0) << mount_.log();
    EXPECT_TRUE(outcome.bytes == file.bytes) << file.relative_path();
  }
  // An error, and before it no byte that is not the file's.
  void expect_failure(const ComposedFile& file, int error) const {
    const Outcome outcome = read(file);
    EXPECT_EQ(outcome.error, error) << mount_.log();
    EXPECT_TRUE(file.bytes.starts_with(outcome.bytes));
  }

  // No answer is so late on a slow machine that it would be given up.
  static constexpr const char* kPatient =
      R"(, "network": {"retries": 1, "first_byte_s": 600, "stall_s": 600,
                       "timeout_s": 600})";
  // For servers that refuse: reads are tried again until their deadline.
  static constexpr const char* kRefused =
      R"(, "network": {"retries": 1, "first_byte_s": 600, "stall_s": 600,
                       "timeout_s": 30})";
  // For servers that fall silent, and what is read of them then.
  static constexpr const char* kImpatient =
      R"(, "network": {"retries": 1, "first_byte_s": 5, "stall_s": 5,
                       "timeout_s": 60})";

  explicit FaultyMount(const char* network = kPatient) : network_(network) {}

  const char* const network_;

  const std::vector<ComposedRelease> atlas_ = composed_atlas();
  Origin origin_;
  MountProcess mount_{origin_.url("/"), network_};
};

}  // namespace omicsfs

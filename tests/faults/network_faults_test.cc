// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <ostream>

#include "tests/faults/faulty_mount.h"

// What a reader gets from a server that misbehaves: the table in README.md.

namespace omicsfs {
namespace {

struct NetworkFault {
  const char* name;
  Fault fault;
  int always;  // errno while it strikes every request; 0: the right bytes
  int once;    // errno that is allowed where it strikes one request alone
};

std::ostream& operator<<(std::ostream& out, const NetworkFault& fault) {
  return out << fault.name;
}

Fault kind(FaultKind kind, std::uint64_t bytes = 0) {
  Fault fault;
  fault.kind = kind;
  fault.bytes = bytes;
  return fault;
}

Fault status(int status, const char* header = "") {
  Fault fault;
  fault.status = status;
  fault.header = header;
  return fault;
}

Fault redirect(const char* url) {
  Fault fault = kind(FaultKind::kRedirect);
  fault.url = url;
  return fault;
}

const NetworkFault kFaults[] = {
    {"RefusedConnection", kind(FaultKind::kCloseOnAccept), EIO, 0},
    {"NoAnswer", kind(FaultKind::kCloseUnanswered), EIO, 0},
    {"ResetInTheHead", kind(FaultKind::kReset, 0), EIO, 0},
    {"ResetInTheBody", kind(FaultKind::kReset, 1000), EIO, 0},
    {"StallInTheHead", kind(FaultKind::kStallHead), EIO, 0},
    {"StallInTheBody", kind(FaultKind::kStallBody, 1000), EIO, 0},
    {"Trickle", kind(FaultKind::kTrickle, 100), EIO, 0},
    {"TruncatedBody", kind(FaultKind::kTruncate, 1000), EIO, 0},
    {"LongerBody", kind(FaultKind::kLongerBody, 10), EIO, EIO},
    {"WrongContentRange", kind(FaultKind::kWrongContentRange), EIO, EIO},
    {"WrongContentLength", kind(FaultKind::kWrongLength, 10), EIO, EIO},
    {"WrongTotal", kind(FaultKind::kWrongTotal), ESTALE, 0},
    {"WholeObjectInPlaceOfARange", kind(FaultKind::kRefuseRange), 0, 0},
    {"StoredWithAnEncoding", kind(FaultKind::kGzipClaim), 0, 0},
    {"WrongBytes", kind(FaultKind::kFlipByte, 100), EIO, EIO},
    {"WebPageWithStatus200", kind(FaultKind::kHtml), EIO, 0},
    {"Status400", status(400), EIO, EIO},
    {"Status401", status(401), EIO, EIO},
    {"Status403", status(403), EIO, EIO},
    {"Status404", status(404), EIO, EIO},
    {"Status408", status(408), EIO, 0},
    {"Status410", status(410), EIO, EIO},
    {"Status412", status(412), ESTALE, 0},
    {"Status416", status(416), ESTALE, 0},
    {"Status429", status(429), EIO, 0},
    {"Status429WithRetryAfter", status(429, "Retry-After: 1"), EIO, 0},
    {"Status500", status(500), EIO, 0},
    {"Status502", status(502), EIO, 0},
    {"Status503", status(503), EIO, 0},
    {"Status503WithRetryAfter", status(503, "Retry-After: 1"), EIO, 0},
    {"Status504", status(504), EIO, 0},
    {"RedirectToAFile", redirect("file:///etc/passwd"), EIO, EIO},
    {"RedirectToAnotherProtocol", redirect("gopher://127.0.0.1/"), EIO, EIO},
};

class NetworkFaults : public FaultyMount,
                      public ::testing::WithParamInterface<NetworkFault> {
 protected:
  NetworkFaults() : FaultyMount(patience_with(GetParam().fault.kind)) {}
  static const char* patience_with(FaultKind kind) {
    switch (kind) {
      case FaultKind::kStallHead:
      case FaultKind::kStallBody:
      case FaultKind::kTrickle:
        return kImpatient;
      case FaultKind::kStatus:
        return kRefused;
      default:
        return kPatient;
    }
  }
};

TEST_P(NetworkFaults, WhileItLastsReadsFailAsToldAndThenTheyAreRight) {
  origin_.fail(GetParam().fault);
  if (GetParam().always == 0) {
    expect_right(small());
  } else {
    expect_failure(small(), GetParam().always);
  }
  origin_.clear_faults();
  origin_.release();
  if (GetParam().always == ESTALE) {
    expect_failure(small(), ESTALE);  // until the verdict expires
  } else {
    expect_right(small());
  }
  expect_right(large());
}

TEST_P(NetworkFaults, WhatIsCachedReadsAllTheSame) {
  expect_right(small());
  origin_.fail(GetParam().fault);
  expect_right(small());
  origin_.release();
}

TEST_P(NetworkFaults, OnceItDoesNoHarmThatARetryCanMend) {
  Fault fault = GetParam().fault;
  fault.count = 1;
  origin_.fail(fault);
  const Outcome outcome = read(small());
  // The kernel may have read ahead: then it asks again, and all is right.
  EXPECT_TRUE(outcome.error == 0 || outcome.error == GetParam().once)
      << outcome.error;
  EXPECT_TRUE(outcome.error == 0 ? outcome.bytes == small().bytes
                                 : small().bytes.starts_with(outcome.bytes));
  origin_.release();
}

INSTANTIATE_TEST_SUITE_P(, NetworkFaults, ::testing::ValuesIn(kFaults),
                         [](const auto& fault) {
                           return std::string(fault.param.name);
                         });

class Versions : public FaultyMount {};

TEST_F(Versions, AnObjectReplacedWhileItIsReadIsESTALEAndNothingIsMixed) {
  const UniqueFd open(::open(at(large()).c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(4096, '\0');
  ASSERT_EQ(::pread(open.get(), bytes.data(), bytes.size(), 0), 4096);
  EXPECT_TRUE(large().bytes.starts_with(bytes));
  std::string other = large().bytes;
  for (char& byte : other) {
    byte = static_cast<char>(byte ^ 1);
  }
  origin_.add("/" + large().relative_path(), other);
  EXPECT_LT(::pread(open.get(), bytes.data(), bytes.size(), 4 << 20), 0);
  EXPECT_EQ(errno, ESTALE);
}

// If-Match is a request only: the answer's ETag tells what it is of.
TEST_F(Versions, OfAServerThatIgnoresConditionsNothingIsMixedEither) {
  origin_.fail(kind(FaultKind::kIgnoreConditions));
  const UniqueFd open(::open(at(large()).c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(4096, '\0');
  ASSERT_EQ(::pread(open.get(), bytes.data(), bytes.size(), 0), 4096);
  std::string other = large().bytes;
  for (char& byte : other) {
    byte = static_cast<char>(byte ^ 1);
  }
  origin_.add("/" + large().relative_path(), other);
  EXPECT_LT(::pread(open.get(), bytes.data(), bytes.size(), 4 << 20), 0);
  EXPECT_EQ(errno, ESTALE);
}

// Not at the end, where another range would not lie within the object.
TEST_F(Versions, ARangeThatIsAnotherThanAskedForIsRefusedAnywhere) {
  const UniqueFd open(::open(at(large()).c_str(), O_RDONLY | O_CLOEXEC));
  origin_.fail(kind(FaultKind::kWrongContentRange));
  std::string bytes(4096, '\0');
  EXPECT_LT(::pread(open.get(), bytes.data(), bytes.size(), 1 << 20), 0);
  EXPECT_EQ(errno, EIO);
  origin_.clear_faults();
  EXPECT_EQ(::pread(open.get(), bytes.data(), bytes.size(), 1 << 20), 4096);
  EXPECT_TRUE(large().bytes.compare(1 << 20, 4096, bytes) == 0);
}

// The catalog knows nothing of the new version.
TEST_F(Versions, AReplacedObjectIsESTALEAndIsNotAskedForAgainAtOnce) {
  std::string other = large().bytes;
  other[0] = static_cast<char>(other[0] ^ 1);
  other += "more";
  origin_.add("/" + large().relative_path(), other);
  expect_failure(large(), ESTALE);
  origin_.clear_log();
  expect_failure(large(), ESTALE);
  EXPECT_TRUE(origin_.log().empty()) << "it is known already";
}

std::string error_attribute(const std::string& path) {
  std::string text(4096, '\0');
  const ssize_t length =
      ::getxattr(path.c_str(), "user.omicsfs.error", text.data(), text.size());
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

// Programs read ENOENT as "this chunk was never written: all zeros".
TEST_F(Versions, AListedObjectThatIsGoneIsEIOWithItsReasonUntilItIsBack) {
  EXPECT_EQ(error_attribute(at(small())), "");
  origin_.remove("/" + small().relative_path());
  expect_failure(small(), EIO);
  EXPECT_NE(error_attribute(at(small())).find("404"), std::string::npos);
  EXPECT_NE(mount_.log().find("404"), std::string::npos) << mount_.log();
  origin_.add("/" + small().relative_path(), small().bytes);
  expect_right(small());
  EXPECT_EQ(error_attribute(at(small())), "");
}

// What is mapped is asked for until the deadline of the read.
class MappedPages : public FaultyMount {
 protected:
  MappedPages() : FaultyMount(kRefused) {}
};

// A map has no errno: the program gets SIGBUS, and not a page of zeros.
TEST_F(MappedPages, APageOfAMapWhoseObjectIsGoneIsNoPageOfZeros) {
  origin_.remove("/" + small().relative_path());
  const UniqueFd open(::open(at(small()).c_str(), O_RDONLY | O_CLOEXEC));
  void* const page =
      ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, open.get(), 0);
  ASSERT_NE(page, MAP_FAILED);
  // A system call that reads the page tells of the fault without a signal.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reads(ends[0]);
  const UniqueFd writes(ends[1]);
  EXPECT_LT(::write(writes.get(), page, 4096), 0);
  EXPECT_EQ(errno, EFAULT);
  EXPECT_EQ(::munmap(page, 4096), 0);
}

// RFC 6761, 6.4: a name that never has an address.
constexpr const char* kNowhere = "http://nowhere.invalid/";

class NameLookup : public FaultyMount {};

TEST_F(NameLookup, ThatFindsNoAddressIsAnErrorThatSaysSo) {
  origin_.fail(redirect(kNowhere));
  expect_failure(small(), EIO);
  EXPECT_NE(mount_.log().find("resolve host: nowhere.invalid"),
            std::string::npos)
      << mount_.log();
  origin_.clear_faults();
  expect_right(small());
}

class FailureLog : public FaultyMount {};

TEST_F(FailureLog, AFailedReadIsLoggedWithItsPathAndNoInodeNumber) {
  origin_.fail(status(403));
  expect_failure(small(), EIO);
  EXPECT_NE(mount_.log().find("read of " + small().relative_path() + ": "),
            std::string::npos)
      << mount_.log();
  EXPECT_EQ(mount_.log().find("inode"), std::string::npos) << mount_.log();
}

class Redirects : public FaultyMount {};

// Which the settings name, as it is on this machine.
TEST(Redirect, ToAnotherHostThatHasTheObjectReadsRight) {
  if (!can_mount()) {
    GTEST_SKIP() << "/dev/fuse is missing";
  }
  const auto atlas = composed_atlas();
  const ComposedFile& file = atlas[0].files[3];
  Origin origin;
  serve(atlas, origin);
  Origin other;
  other.add("/there", file.bytes);
  MountProcess mount(origin.url("/"),
                     R"(, "mirrors": {"http://nowhere.invalid/": [")" +
                         other.url("/") + R"("]})");
  ASSERT_TRUE(mount.start());
  origin.fail(redirect(other.url("/there").c_str()));
  std::ifstream mounted(mount.root() / file.relative_path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(mounted), {});
  EXPECT_TRUE(bytes == file.bytes);
  EXPECT_FALSE(other.log().empty());
}

TEST(Redirect, ToAPrivateAddressIsFollowedWhereItsHostIsAllowed) {
  if (!can_mount()) {
    GTEST_SKIP() << "/dev/fuse is missing";
  }
  const auto atlas = composed_atlas();
  const ComposedFile& file = atlas[0].files[3];
  Origin origin;
  serve(atlas, origin);
  Origin other;
  other.add("/there", file.bytes);
  MountProcess mount(origin.url("/"),
                     R"(, "network": {"private_hosts": ["127.0.0.1"]})");
  ASSERT_TRUE(mount.start());
  origin.fail(redirect(other.url("/there").c_str()));
  std::ifstream mounted(mount.root() / file.relative_path(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(mounted), {});
  EXPECT_TRUE(bytes == file.bytes);
}

// Such as the address where a cloud's machines are told their secrets.
TEST_F(Redirects, ToAPrivateAddressThatNoSettingNamesAreRefused) {
  Origin other;
  other.add("/there", small().bytes);
  origin_.fail(redirect(other.url("/there").c_str()));
  expect_failure(small(), EIO);
  EXPECT_TRUE(other.log().empty());
  EXPECT_NE(mount_.log().find("private address"), std::string::npos)
      << mount_.log();
}

TEST_F(Redirects, InALoopEnd) {
  origin_.fail(redirect(origin_.url("/" + small().relative_path()).c_str()));
  expect_failure(small(), EIO);
  // Two tries of six requests, for each of the reads that the kernel makes.
  EXPECT_LE(origin_.log().size(), 48U);
}

}  // namespace
}  // namespace omicsfs

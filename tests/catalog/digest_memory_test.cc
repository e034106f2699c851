// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>
#include <span>
#include <string>

#include "catalog/digest.h"

// Digests while libcrypto gets no memory.

namespace omicsfs {
namespace {

bool has_memory = true;

void* take(std::size_t size, const char* /*file*/, int /*line*/) {
  return has_memory ? std::malloc(size) : nullptr;
}
void* take_again(void* old, std::size_t size, const char* /*file*/,
                 int /*line*/) {
  return has_memory ? std::realloc(old, size) : nullptr;
}
void give(void* old, const char* /*file*/, int /*line*/) { std::free(old); }

// Possible only before libcrypto takes any.
const bool is_ours = CRYPTO_set_mem_functions(take, take_again, give) == 1;

TEST(DigestWithoutMemory, IsNoneAndDoesNotEndTheProgram) {
  ASSERT_TRUE(is_ours);
  const std::string text = "abc";
  const auto bytes = std::as_bytes(std::span(text));
  for (const DigestKind kind :
       {DigestKind::kMd5, DigestKind::kSha1, DigestKind::kSha256}) {
    const Digest right = digest_of(kind, bytes);
    has_memory = false;
    EXPECT_THROW(digest_of(kind, bytes), std::bad_alloc);
    has_memory = true;
    EXPECT_EQ(digest_of(kind, bytes), right);
  }
}

}  // namespace
}  // namespace omicsfs

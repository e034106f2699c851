// SPDX-License-Identifier: MIT
#include "fetch/inflater.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/fetch/cache_world.h"
#include "tests/support/composed_zip.h"

namespace omicsfs {
namespace {

struct Inflated {
  std::string bytes;
  std::vector<InflateCheckpoint> checkpoints;
  std::optional<Error> error;
  bool ended = false;
};

// All output from `start` on, by steps of at most `in_step` bytes of input and
// `out_step` of output, and every place to go on from between them.
Inflated inflate(const std::string& stream, const InflateCheckpoint& start,
                 std::size_t in_step, std::size_t out_step) {
  auto inflater = Inflater::from(start);
  if (!inflater) {
    return {"", {}, inflater.error()};
  }
  Inflated result;
  std::string out(out_step, '\0');
  const auto bytes = std::as_bytes(std::span(stream));
  std::size_t idle = 0;
  while (!inflater->ended() && idle < 3) {
    const auto at =
        std::min<std::uint64_t>(inflater->input_offset(), bytes.size());
    const auto in =
        bytes.subspan(at, std::min<std::size_t>(in_step, bytes.size() - at));
    const auto written =
        inflater->step(in, std::as_writable_bytes(std::span(out)));
    if (!written) {
      result.error = written.error();
      return result;
    }
    idle = *written == 0 && in.empty() ? idle + 1 : 0;
    result.bytes.append(out, 0, *written);
    if (auto checkpoint = inflater->checkpoint()) {
      result.checkpoints.push_back(*std::move(checkpoint));
    }
  }
  result.ended = inflater->ended();
  return result;
}

std::string mixed() {
  return composed_table(30'000) + random_bytes(70'000, 7) +
         std::string(70'000, 'z') + composed_table(3'000, 2);
}

struct Kind {
  const char* name;
  std::string bytes;
  Packing packing;
};

std::vector<Kind> kinds() {
  return {
      {"table", composed_table(110'000), Packing::kDeflated},
      {"random", random_bytes(110'000, 3), Packing::kDeflated},
      {"one letter", std::string(110'000, 'a'), Packing::kDeflated},
      {"fixed codes", composed_table(60'000), Packing::kFixedHuffman},
      {"stored blocks", composed_table(110'000), Packing::kOnlyStoredBlocks},
      {"mixed", mixed(), Packing::kDeflated},
      {"one byte", "x", Packing::kDeflated},
      {"nothing", "", Packing::kDeflated}};
}

TEST(Inflater, GivesTheBytesWhateverTheSteps) {
  for (const Kind& kind : kinds()) {
    const std::string stream = deflated(kind.bytes, kind.packing);
    for (const std::size_t in : {1UL, 7UL, 65536UL}) {
      for (const std::size_t out : {1UL, 100UL, 65536UL}) {
        if (in * out < 1000 && kind.bytes.size() > 70'000) {
          continue;  // no other places than smaller ones have
        }
        const Inflated got = inflate(stream, {}, in, out);
        ASSERT_TRUE(got.ended) << kind.name;
        ASSERT_TRUE(got.bytes == kind.bytes) << kind.name << in << "," << out;
      }
    }
  }
}

TEST(Inflater, GoesOnFromEveryPlaceThatItNames) {
  for (const Kind& kind : kinds()) {
    const std::string stream = deflated(kind.bytes, kind.packing);
    const Inflated whole = inflate(stream, {}, 65536, 193);
    for (const InflateCheckpoint& from : whole.checkpoints) {
      ASSERT_LE(from.window.size(), Inflater::kWindowBytes);
      const std::size_t length =
          std::min<std::size_t>(2000, kind.bytes.size() - from.out);
      auto inflater = Inflater::from(from);
      ASSERT_TRUE(inflater);
      std::string out(length, '\0');
      std::size_t filled = 0;
      while (filled < length && !inflater->ended()) {
        const auto at = inflater->input_offset();
        ASSERT_LE(at, stream.size());
        const auto in = std::as_bytes(std::span(stream)).subspan(at);
        const auto written = inflater->step(
            in.first(std::min<std::size_t>(in.size(), 5000)),
            std::as_writable_bytes(std::span(out)).subspan(filled));
        ASSERT_TRUE(written) << kind.name << ": " << written.error().message;
        filled += *written;
      }
      ASSERT_EQ(out, kind.bytes.substr(from.out, length))
          << kind.name << " from " << from.out;
    }
    if (kind.bytes.size() > 100'000 &&
        kind.packing != Packing::kOnlyStoredBlocks) {
      EXPECT_GT(whole.checkpoints.size(), 1U) << kind.name;
    }
  }
}

TEST(Inflater, ACheckpointIsWithinABlockWhereTheBlockIsLong) {
  const std::string stream = deflated(composed_table(120'000));
  const Inflated whole = inflate(stream, {}, 65536, 97);
  EXPECT_TRUE(std::any_of(whole.checkpoints.begin(), whole.checkpoints.end(),
                          [](const InflateCheckpoint& point) {
                            return point.code_bit > point.block_bit + 1000;
                          }));
}

TEST(Inflater, AStreamThatIsCutShortNeverEnds) {
  const std::string table = composed_table(60'000);
  const std::string stream = deflated(table);
  for (const std::size_t length : {0UL, 1UL, 50UL, stream.size() - 1}) {
    const Inflated got = inflate(stream.substr(0, length), {}, 1000, 1000);
    EXPECT_FALSE(got.ended);
    EXPECT_EQ(got.bytes, table.substr(0, got.bytes.size()));
  }
}

TEST(Inflater, WhatIsNoStreamIsCorrupt) {
  const Inflated got = inflate(std::string(100, '\xff'), {}, 100, 100);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kCorrupt);
}

TEST(Inflater, APlaceThatCannotBeIsRefusedOrCorrupt) {
  const auto backward = Inflater::from({10, 80, 8, {}});
  ASSERT_FALSE(backward);
  EXPECT_EQ(backward.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(Inflater::from(
      {40'000, 0, 0, std::vector<std::byte>(Inflater::kWindowBytes + 1)}));
  // The codes would begin within the block's own header.
  const std::string stream = deflated(composed_table(60'000));
  const Inflated within = inflate(stream, {10, 0, 20, {}}, 1000, 1000);
  EXPECT_TRUE(within.error);
}

}  // namespace
}  // namespace omicsfs

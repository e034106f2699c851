// SPDX-License-Identifier: MIT
#include "fs/open_mode.h"

#include <gtest/gtest.h>

#include <vector>

namespace omicsfs {
namespace {

using Kind = OpenMode::Kind;
using Offer = std::optional<BackingId>;

constexpr OpenMode kCachedOnce{Kind::kCached, 1, {}};

TEST(OpenMode, TheFirstOpenDecides) {
  EXPECT_EQ(joined({}, std::nullopt), kCachedOnce);
  EXPECT_EQ(joined({}, 7), (OpenMode{Kind::kPassthrough, 1, 7}));
}

TEST(OpenMode, AFurtherOpenKeepsWhatThereIsWhateverItOffers) {
  for (const Offer offer : {Offer(), Offer(7), Offer(8)}) {
    EXPECT_EQ(joined(kCachedOnce, offer), (OpenMode{Kind::kCached, 2, {}}));
    EXPECT_EQ(joined({Kind::kPassthrough, 1, 7}, offer),
              (OpenMode{Kind::kPassthrough, 2, 7}));
  }
}

TEST(OpenMode, OnlyAnOfferThatIsNotTakenIsSpurned) {
  EXPECT_EQ(spurned(kCachedOnce, std::nullopt), std::nullopt);
  EXPECT_EQ(spurned(kCachedOnce, 7), 7U);
  const OpenMode through{Kind::kPassthrough, 1, 7};
  EXPECT_EQ(spurned(through, std::nullopt), std::nullopt);
  EXPECT_EQ(spurned(through, 7), std::nullopt);
  EXPECT_EQ(spurned(through, 8), 8U);
}

TEST(OpenMode, TheLastCloseForgetsTheMode) {
  EXPECT_EQ(left(kCachedOnce), OpenMode{});
  EXPECT_EQ(left({Kind::kCached, 2, {}}), kCachedOnce);
  EXPECT_EQ(left({Kind::kPassthrough, 1, 7}), OpenMode{});
  EXPECT_EQ(left({Kind::kPassthrough, 3, 7}),
            (OpenMode{Kind::kPassthrough, 2, 7}));
}

// What an event does to the mode, and to the numbers that are registered.
struct World {
  OpenMode mode;
  std::vector<BackingId> registered;
  BackingId next = 1;

  void open(bool offers) {
    Offer offer;
    if (offers) {
      registered.push_back(next);
      offer = next++;
    }
    mode = joined(mode, offer);
    if (const auto useless = spurned(mode, offer)) {
      std::erase(registered, *useless);
    }
  }
  void close() {
    const Offer before = mode.backing;
    mode = left(mode);
    if (mode.kind == Kind::kNone && before) {
      std::erase(registered, *before);
    }
  }
};

// Every sequence of eight opens (with an offer, without) and closes: the mode
// never changes while something is open, and just what it names is registered.
TEST(OpenMode, EverySequenceRegistersJustWhatItUses) {
  constexpr int kSteps = 8;
  for (int sequence = 0; sequence < 6561; ++sequence) {  // 3 to the 8th
    World world;
    int rest = sequence;
    for (int step = 0; step < kSteps; ++step, rest /= 3) {
      const OpenMode before = world.mode;
      if (rest % 3 < 2) {
        world.open(rest % 3 == 0);
      } else if (before.opens > 0) {
        world.close();
      }
      const OpenMode& after = world.mode;
      if (before.opens > 0 && after.opens > 0) {
        ASSERT_EQ(after.kind, before.kind);
        ASSERT_EQ(after.backing, before.backing);
      }
      ASSERT_EQ(after.opens == 0, after.kind == Kind::kNone);
      ASSERT_EQ(after.backing.has_value(), after.kind == Kind::kPassthrough);
      ASSERT_EQ(world.registered, after.backing
                                      ? std::vector<BackingId>{*after.backing}
                                      : std::vector<BackingId>{});
    }
  }
}

}  // namespace
}  // namespace omicsfs

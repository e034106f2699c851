// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "fetch/flight_table.h"

// The life of a block (absent, on its way, here, stored, evicted) under every
// order of those who work on it: readers, one who reads ahead, the network, the
// thread that stores, an evictor. Each step is what one of them does under a
// lock, so an order of steps is what threads could do; a scheduler picks it
// from a seed, and the same seed gives it again.

namespace omicsfs {
namespace {

constexpr std::uint64_t kScheduledBlocks = 4;
constexpr RunLimits kRunLimits{.most = 2, .gap = 1};

struct Action {
  std::string name;
  std::function<void()> run;
};

class World {
 public:
  explicit World(BlockBuffers& buffers) : buffers_(buffers) {}

  std::vector<FlightTable::Part> join(BlockRun wanted) {
    auto parts = table_.join(wanted, kRunLimits, present(), maker());
    for (const auto& part : parts) {
      if (part.is_new) {
        start(part.flight);
      }
    }
    return parts;
  }
  void fetch_ahead(BlockRun wanted) {
    for (const auto& flight :
         table_.fetch_ahead(wanted, kRunLimits, present(), maker())) {
      start(flight);
    }
  }
  void cancel_ahead() { table_.cancel_ahead(); }
  void leave(const std::shared_ptr<Flight>& flight) { table_.leave(flight); }
  [[nodiscard]] bool is_present(BlockIndex block) const {
    return present_.contains(block);
  }
  [[nodiscard]] bool is_over(const Flight* flight) const {
    return over_.contains(flight);
  }

  // What the network, the storer and the evictor may do next.
  void add_actions(std::vector<Action>& actions) {
    for (std::size_t i = 0; i < under_way_.size(); ++i) {
      actions.push_back({"deliver", [this, i] { deliver(i); }});
    }
    if (!to_store_.empty()) {
      actions.push_back({"store", [this] { store(); }});
    }
    for (const BlockIndex block : present_) {
      if (evictions_ > 0 && !busy(block)) {
        actions.push_back({"evict", [this, block] { evict(block); }});
        break;
      }
    }
  }

  // What must hold between any two steps.
  void check() const {
    for (BlockIndex block = 0; block < kScheduledBlocks; ++block) {
      const auto fetched = std::count_if(
          under_way_.begin(), under_way_.end(), [block](const auto& flight) {
            return flight->wanted() && covers(flight->run(), block);
          });
      ASSERT_LE(fetched, 1) << "block " << block << " is fetched twice at once";
    }
  }
  // And when all is over: nothing is left that nobody would ever fetch.
  void check_end() {
    ASSERT_TRUE(under_way_.empty() && to_store_.empty());
    for (const auto& part :
         table_.join({0, kScheduledBlocks}, {1, 0}, present(), maker())) {
      ASSERT_TRUE(part.flight == nullptr || part.is_new)
          << "a flight that is over is still in the table";
    }
    for (BlockIndex block = 0; block < kScheduledBlocks; ++block) {
      ASSERT_LE(times_fetched(block), 1 + evicted_.count(block) + bridged_)
          << block;
    }
  }

 private:
  static bool covers(BlockRun run, BlockIndex block) {
    return block >= run.first && block < run.end();
  }
  [[nodiscard]] FlightTable::Present present() const {
    return [this](BlockIndex block) { return is_present(block); };
  }
  FlightTable::Make maker() {
    return [this](BlockRun run) {
      return std::make_shared<Flight>(
          run, bytes_of(run, kScheduledBlocks * kBlockBytes), buffers_,
          FetchBudget::Share());
    };
  }
  void start(const std::shared_ptr<Flight>& flight) {
    const BlockRun run = flight->run();
    for (BlockIndex block = run.first; block < run.end(); ++block) {
      bridged_ += is_present(block) ? 1 : 0;
    }
    under_way_.push_back(flight);
  }

  // Each block's bytes tell which it is.
  void deliver(std::size_t which) {
    const auto flight = under_way_[which];
    under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(which));
    over_.insert(flight.get());
    kept_.push_back(flight);
    if (!flight->wanted()) {
      flight->on_done(Error{ErrorCode::kInterrupted, "cancelled"});
      table_.finish(*flight);
      return;
    }
    std::string bytes;
    for (BlockIndex block = flight->run().first; block < flight->run().end();
         ++block) {
      bytes += std::string(kBlockBytes, static_cast<char>('a' + block));
      fetched_.insert(block);
    }
    ASSERT_TRUE(flight->on_bytes(std::as_bytes(std::span(bytes))));
    flight->on_done({});
    to_store_.push_back(flight);
  }
  void store() {
    const auto flight = to_store_.front();
    to_store_.pop_front();
    for (BlockIndex block = flight->run().first; block < flight->run().end();
         ++block) {
      present_.insert(block);
    }
    table_.finish(*flight);
  }
  // A run that is on its way has its room: its blocks stay.
  [[nodiscard]] bool busy(BlockIndex block) const {
    const auto in = [block](const auto& flight) {
      return covers(flight->run(), block);
    };
    return std::any_of(under_way_.begin(), under_way_.end(), in) ||
           std::any_of(to_store_.begin(), to_store_.end(), in);
  }
  void evict(BlockIndex block) {
    --evictions_;
    evicted_.insert(block);
    present_.erase(block);
  }
  [[nodiscard]] std::size_t times_fetched(BlockIndex block) const {
    return fetched_.count(block);
  }

  BlockBuffers& buffers_;
  FlightTable table_;
  std::set<BlockIndex> present_ = {2};
  std::vector<std::shared_ptr<Flight>> under_way_;
  std::deque<std::shared_ptr<Flight>> to_store_;
  std::vector<std::shared_ptr<Flight>> kept_;  // so that addresses stay theirs
  std::set<const Flight*> over_;
  std::multiset<BlockIndex> fetched_;
  std::multiset<BlockIndex> evicted_;
  std::size_t bridged_ = 0;
  int evictions_ = 3;
};

// As CachedSource reads: rounds of joining, waiting and taking.
class ScheduledReader {
 public:
  ScheduledReader(World& world, BlockRun wanted, bool patient)
      : world_(world), wanted_(wanted), patient_(patient) {}

  void add_actions(std::vector<Action>& actions) {
    if (done_) {
      return;
    }
    if (parts_.empty()) {
      actions.push_back({"join", [this] { begin_round(); }});
      return;
    }
    if (all_over()) {
      actions.push_back({"take", [this] { take(); }});
    }
    if (!patient_) {
      actions.push_back({"give up", [this] { give_up(); }});
    }
  }

 private:
  void begin_round() { parts_ = world_.join(wanted_); }
  [[nodiscard]] bool all_over() const {
    return std::all_of(parts_.begin(), parts_.end(), [this](const auto& part) {
      return part.flight == nullptr || world_.is_over(part.flight.get());
    });
  }
  void take() {
    BlockIndex reached = wanted_.first;
    for (const auto& part : parts_) {
      if (part.flight == nullptr && !world_.is_present(part.run.first)) {
        break;  // evicted since: another round
      }
      if (part.flight != nullptr) {
        ASSERT_TRUE(part.flight->arrived())
            << "a flight that somebody waited for was cancelled";
        for (BlockIndex at = part.run.first; at < part.run.end(); ++at) {
          ASSERT_EQ(part.flight->block_bytes(at)[0],
                    static_cast<std::byte>('a' + at));
        }
      }
      reached = part.run.end();
      if (part.flight == nullptr) {
        reached = part.run.first;
        while (reached < part.run.end() && world_.is_present(reached)) {
          ++reached;
        }
        if (reached < part.run.end()) {
          break;
        }
      }
    }
    leave_all();
    wanted_ = {reached, wanted_.end() - reached};
    done_ = wanted_.count == 0;
  }
  void give_up() {
    leave_all();
    done_ = true;
  }
  void leave_all() {
    for (const auto& part : parts_) {
      if (part.flight != nullptr) {
        world_.leave(part.flight);
      }
    }
    parts_.clear();
  }

  World& world_;
  BlockRun wanted_;
  bool patient_;
  bool done_ = false;
  std::vector<FlightTable::Part> parts_;
};

// Runs one order of steps; returns their names, for who must understand a
// failure.
std::string run_schedule(std::uint64_t seed, BlockBuffers& buffers) {
  std::mt19937_64 dice(seed);
  World world(buffers);
  std::vector<ScheduledReader> readers;
  for (int i = 0; i < 3; ++i) {
    const BlockIndex first = dice() % kScheduledBlocks;
    readers.emplace_back(
        world, BlockRun{first, 1 + dice() % (kScheduledBlocks - first)},
        dice() % 3 != 0);
  }
  int ahead = static_cast<int>(dice() % 3);
  std::string story;
  for (;;) {
    std::vector<Action> actions;
    world.add_actions(actions);
    for (ScheduledReader& reader : readers) {
      reader.add_actions(actions);
    }
    if (ahead == 1) {
      actions.push_back({"cancel ahead", [&world] { world.cancel_ahead(); }});
    } else if (ahead == 2) {
      actions.push_back({"fetch ahead", [&world] {
                           world.fetch_ahead({0, kScheduledBlocks});
                         }});
    }
    if (actions.empty()) {
      world.check_end();
      return story;
    }
    const Action& action = actions[dice() % actions.size()];
    story += action.name + ", ";
    ahead -= action.name.ends_with("ahead") ? 1 : 0;
    action.run();
    world.check();
    if (::testing::Test::HasFatalFailure() || story.size() > 10'000) {
      ADD_FAILURE() << "seed " << seed << ": " << story;
      return story;
    }
  }
}

TEST(FlightSchedules, InEveryOrderOfStepsBlocksAreFetchedOnceAndReadRight) {
#if defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t kSchedules = 500;  // it has one thread
#else
  constexpr std::uint64_t kSchedules = 10'000;
#endif
  BlockBuffers buffers(64 * kBlockBytes);
  std::set<std::string> stories;
  for (std::uint64_t seed = 0; seed < kSchedules && !HasFailure(); ++seed) {
    stories.insert(run_schedule(seed, buffers));
  }
  EXPECT_GT(stories.size(), kSchedules / 2) << "the orders differ";
}

}  // namespace
}  // namespace omicsfs

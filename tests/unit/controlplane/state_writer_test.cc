#include "controlplane/state_writer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <semaphore>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "controlplane/overlay_text.h"
#include "tests/unit/controlplane/state_folder.h"
#include "tests/unit/controlplane/world.h"

namespace wp::control {
namespace {

namespace fs = std::filesystem;

// A disk that answers when it is told to; what it holds is what was written last.
struct SlowDisk {
  StateWriter::Write write() {
    return [state = state](const Changes& changes) -> std::expected<void, std::string> {
      state->begun.release();
      state->may_end.acquire();
      state->held.push_back(changes);
      return {};
    };
  }
  // The next writes, or those under way, end.
  void answer(int writes) { state->may_end.release(writes); }

  struct State {
    std::counting_semaphore<> begun{0};
    std::counting_semaphore<> may_end{0};
    std::vector<Changes> held;
  };
  std::shared_ptr<State> state = std::make_shared<State>();  // outlives a writer that gave up
};

// A fleet of two whose changes are kept.
struct Kept : World {
  template <class... Where>
  explicit Kept(Where&&... where) : World(), keeper(io, std::forward<Where>(where)...) {
    fleet.remember({}, &keeper);
    EXPECT_TRUE(fleet.start(std::vector{spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1")}).has_value());
  }

  // What the reply will be, once it is sent.
  std::shared_ptr<std::optional<AdminReply>> drain(const std::string& name) {
    auto sent = std::make_shared<std::optional<AdminReply>>();
    const AdminReply reply = api.handle({"POST", "/replicas/" + name + "/drain", "", true});
    if (reply.later) {
      reply.later([sent](AdminReply late) { *sent = std::move(late); });
    } else {
      *sent = reply;
    }
    return sent;
  }
  bool settles() {
    return run_until(io, [&] { return !keeper.busy(); });
  }

  StateWriter keeper;
};

Changes changes_in(const StateFolder& folder) {
  return read_state(folder.get("state.json")).value();
}

TEST(StateWriter, AChangeHoldsAndTheRestGoesOnWhileTheDiskDoesNotAnswer) {
  SlowDisk disk;
  Kept w("state.json", disk.write(), seconds(60));
  const auto first = w.drain("10.0.0.1:1");
  EXPECT_EQ(w.snapshot().replicas[0].state, balance::ReplicaState::draining);
  EXPECT_EQ(w.api.handle({"GET", "/replicas", "", false}).status, 200U);
  disk.state->begun.acquire();
  const auto second = w.drain("10.0.0.2:1");
  w.io.poll();
  EXPECT_FALSE(*first || *second) << "answered before it was on disk";
  disk.answer(1);
  ASSERT_TRUE(run_until(w.io, [&] { return first->has_value(); }));
  EXPECT_FALSE(*second) << "its own state is not on disk";
  disk.answer(1);
  ASSERT_TRUE(run_until(w.io, [&] { return second->has_value(); }));
  EXPECT_EQ((*second)->status, 200U);
  EXPECT_EQ((*second)->body.find("warning"), std::string::npos) << (*second)->body;
  ASSERT_EQ(disk.state->held.size(), 2U);
  EXPECT_EQ(disk.state->held[1].size(), 2U);
}

TEST(StateWriter, ADiskThatDoesNotAnswerInTimeIsAWarning) {
  SlowDisk disk;
  Kept w("state.json", disk.write(), millis(20));
  const auto first = w.drain("10.0.0.1:1");
  ASSERT_TRUE(run_until(w.io, [&] { return first->has_value(); }));
  EXPECT_EQ((*first)->status, 200U);
  EXPECT_NE((*first)->body.find("the disk has not answered for 20ms"), std::string::npos) << (*first)->body;
  EXPECT_TRUE(w.drain("10.0.0.2:1")->has_value()) << "nobody waits again for a disk that is known not to answer";
  disk.answer(2);
  EXPECT_TRUE(run_until(w.io, [&] { return w.keeper.counters().written.value() > 0 && w.settles(); }));
  EXPECT_EQ(w.fleet.unsaved(), "");
}

TEST(StateWriter, OfWhatWaitsTheNewestIsWritten) {
  boost::asio::io_context io;
  SlowDisk disk;
  StateWriter keeper(io, "state.json", disk.write());
  keeper.write(one_drained("a:1"));
  disk.state->begun.acquire();
  for (const char* name : {"b:1", "c:1", "d:1"}) keeper.write(one_drained(name));
  disk.answer(2);
  ASSERT_TRUE(run_until(io, [&] { return !keeper.busy(); }));
  ASSERT_EQ(disk.state->held.size(), 2U);
  EXPECT_EQ(state_text(disk.state->held[1]), state_text(one_drained("d:1")));
  EXPECT_EQ(keeper.counters().written.value(), 2U);
}

TEST(StateWriter, TheEndWaitsForTheDiskButNotForEver) {
  boost::asio::io_context io;
  SlowDisk disk;
  StateWriter first(io, "state.json", disk.write());
  first.write(one_drained("a:1"));
  disk.answer(1);
  EXPECT_TRUE(first.stop());
  EXPECT_EQ(disk.state->held.size(), 1U);
  StateWriter second(io, "state.json", disk.write());
  second.write(one_drained("b:1"));
  EXPECT_FALSE(second.stop(millis(20)));
  disk.answer(1);  // the thread ends by itself
}

// A fleet with a file, and the next one with the same.
TEST(StateWriter, AFleetFindsItsChangesAgain) {
  const StateFolder folder;
  const std::vector<ReplicaSpec> configured = {spec_of("10.0.0.1:1"), spec_of("10.0.0.2:1"), spec_of("10.0.0.3:1")};
  {
    World w;
    StateWriter keeper(w.io, folder.open());
    w.fleet.remember({}, &keeper);
    ASSERT_TRUE(w.fleet.start(configured).has_value());
    ASSERT_TRUE(w.fleet.set_weight("10.0.0.1:1", 7).has_value());
    ASSERT_TRUE(w.fleet.drain("10.0.0.2:1").has_value());
    ASSERT_TRUE(w.fleet.remove("10.0.0.3:1").has_value());
    ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.4:1,weight=3")).has_value());
    EXPECT_FALSE(w.fleet.add(spec_of("10.0.0.3:1,priority=2")).has_value());
    EXPECT_EQ(w.fleet.unsaved(), "");
  }
  World w;
  auto file = folder.open();
  Changes kept = file->read().changes;
  StateWriter keeper(w.io, std::move(file));
  w.fleet.remember(std::move(kept), &keeper);
  ASSERT_TRUE(w.fleet.start(configured).has_value());
  ASSERT_EQ(w.registry.members().size(), 3U);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 7U);
  EXPECT_TRUE(w.registry.find("10.0.0.2:1")->draining);
  EXPECT_EQ(w.registry.find("10.0.0.4:1")->spec.weight, 3U);
  EXPECT_EQ(w.snapshot().version, 1U);
  // Back to the configuration, in one step.
  ASSERT_TRUE(w.fleet.reset_all().has_value());
  ASSERT_EQ(w.registry.members().size(), 3U);
  EXPECT_EQ(w.registry.find("10.0.0.1:1")->spec.weight, 100U);
  EXPECT_FALSE(w.registry.find("10.0.0.2:1")->draining);
  EXPECT_NE(w.registry.find("10.0.0.3:1"), nullptr);
  EXPECT_EQ(w.registry.find("10.0.0.4:1"), nullptr);
  EXPECT_EQ(w.snapshot().version, 2U);
  ASSERT_TRUE(keeper.stop());
  EXPECT_TRUE(changes_in(folder).empty());
}

TEST(StateWriter, AChangeThatCannotBeKeptStillHolds) {
  const StateFolder folder;
  Kept w(folder.open());
  fs::create_directory(folder.path / "state.json.new");
  const auto drained = w.drain("10.0.0.1:1");
  ASSERT_TRUE(run_until(w.io, [&] { return drained->has_value(); }));
  EXPECT_TRUE(w.registry.find("10.0.0.1:1")->draining);
  EXPECT_NE((*drained)->body.find("until warmpathd is started anew: cannot write"), std::string::npos);
  EXPECT_EQ(w.keeper.counters().failed.value(), 1U);
  EXPECT_NE(w.exposition.scrape().find("warmpath_state_write_failures_total 1\n"), std::string::npos);
  fs::remove(folder.path / "state.json.new");
  ASSERT_TRUE(w.fleet.undrain("10.0.0.1:1").has_value());
  ASSERT_TRUE(w.settles());
  EXPECT_EQ(w.fleet.unsaved(), "");
  EXPECT_EQ(w.keeper.counters().written.value(), 1U);
}

TEST(StateWriter, AnAdditionThatIsConfiguredNowIsWritten) {
  const StateFolder folder;
  World w;
  StateWriter keeper(w.io, folder.open());
  w.fleet.remember({}, &keeper);
  ASSERT_TRUE(w.fleet.start({}).has_value());
  ASSERT_TRUE(w.fleet.add(spec_of("10.0.0.1:1")).has_value());
  ASSERT_TRUE(w.fleet.drain("10.0.0.1:1").has_value());
  Settings next;
  next.pools.emplace_back().replicas = {spec_of("10.0.0.1:1")};
  next.pools[0].health.enabled = false;
  ASSERT_TRUE(w.fleet.reconfigure(next).has_value());
  ASSERT_TRUE(keeper.stop());
  EXPECT_EQ(state_text(changes_in(folder)), state_text(one_drained("10.0.0.1:1")));
}

}  // namespace
}  // namespace wp::control

// Registry::reconfigure: new settings over old ones.
#include <gtest/gtest.h>

#include "controlplane/config/read.h"
#include "controlplane/registry.h"

namespace wp::control {
namespace {

Settings settings_of(const std::string& text) {
  auto settings = read_settings(text);
  EXPECT_TRUE(settings.has_value()) << to_string(settings.error().front(), text);
  return settings.value_or(Settings{});
}

// One pool; `more` are further keys of it.
std::string pool(const std::string& name, const std::vector<std::string>& replicas, const std::string& more = "") {
  std::string text = "[[pool]]\nname = '" + name + "'\n" + more + "\n";
  for (const std::string& replica : replicas) text += "[[pool.replica]]\n" + replica + "\n";
  return text;
}

// Replicas that come in a reload are picked at once.
constexpr const char* kUnchecked = "health = {enabled = false}\n";

std::string at(int number, const std::string& more = "") {
  return "url = '10.0.0." + std::to_string(number) + ":1'\n" + more;
}

std::string name_of(int number) {
  return "10.0.0." + std::to_string(number) + ":1";
}

struct Box {
  explicit Box(const std::string& text, std::uint32_t max_replicas = 16, std::uint32_t max_pools = 8)
      : settings(settings_of(text)),
        accounts(max_replicas, max_pools),
        registry(Registry::config_of(settings), accounts, qsbr) {
    for (const ReplicaSpec& spec : all_replicas(settings)) EXPECT_TRUE(registry.add(spec).has_value());
    snapshot = publish();
  }

  std::unique_ptr<const balance::Snapshot> publish() {
    auto next = registry.build();
    registry.published();
    return next;
  }

  // The error, or nothing.
  std::string reload(const std::string& text) {
    Settings next = settings_of(text);
    std::vector<ReplicaSpec> wanted = all_replicas(next);
    wanted.insert(wanted.end(), added.begin(), added.end());
    const auto change = registry.reconfigure(next, wanted);
    if (!change) return change.error();
    last = *change;
    settings = std::move(next);
    snapshot = publish();
    return "";
  }

  balance::ReplicaRef ref(int number) const { return registry.find(name_of(number))->ref; }

  Settings settings;
  balance::Accounts accounts;
  Qsbr qsbr;
  Registry registry;
  Registry::Change last;
  std::vector<ReplicaSpec> added;  // at run time
  std::unique_ptr<const balance::Snapshot> snapshot;
};

TEST(Reconfigure, ReplicasThatStayKeepTheirIdsAndTheRingItsKeys) {
  Box box(pool("a", {at(1), at(2)}, kUnchecked));
  const balance::ReplicaRef kept = box.ref(2);
  const std::uint32_t pool_id = box.snapshot->pools[0].id;
  EXPECT_EQ(box.reload(pool("a", {at(2), at(3)}, std::string(kUnchecked) + "load_factor = 3\n")), "");
  EXPECT_EQ(box.ref(2), kept);
  EXPECT_EQ(box.snapshot->pools[0].id, pool_id);
  EXPECT_DOUBLE_EQ(box.snapshot->pools[0].bounds.factor, 3);
  EXPECT_EQ(box.registry.find(name_of(1)), nullptr);
  ASSERT_EQ(box.last.added.size(), 1U);
  EXPECT_EQ(box.last.added[0].name, name_of(3));
  EXPECT_EQ(box.last.removed, std::vector<std::string>{name_of(1)});
  const Box fresh(pool("a", {at(2), at(3)}, kUnchecked));
  EXPECT_EQ(*box.snapshot->pools[0].ring, *fresh.snapshot->pools[0].ring) << "as a daemon started with that file";
}

TEST(Reconfigure, AReplicaMayMoveToAnotherPool) {
  Box box(pool("a", {at(1), at(2)}));
  const balance::ReplicaRef moved = box.ref(2);
  const std::string two = pool("a", {at(1)}, "models = ['m']") + pool("b", {at(2)}, "models = ['n']");
  EXPECT_EQ(box.reload(two), "");
  EXPECT_EQ(box.ref(2), moved);
  ASSERT_EQ(box.snapshot->pools.size(), 2U);
  EXPECT_NE(box.snapshot->pools[0].id, box.snapshot->pools[1].id);
  EXPECT_EQ(box.snapshot->route("n"), &box.snapshot->pools[1]);
  EXPECT_EQ(box.snapshot->pools[1].pickable.size(), 1U);
  EXPECT_EQ(box.snapshot->route("other"), nullptr);
}

TEST(Reconfigure, TimesOfClientsAndPoolsFollow) {
  Box box(pool("a", {at(1)}));
  EXPECT_EQ(box.reload("[timeouts]\nhead = '3s'\n" + pool("a", {at(1)}, "timeouts = {first_byte = '4s'}")), "");
  EXPECT_EQ(box.snapshot->client.head, seconds(3));
  EXPECT_EQ(box.snapshot->pools[0].timeouts.first_byte, seconds(4));
}

TEST(Reconfigure, ARefusedChangeChangesNothing) {
  Box box(pool("a", {at(1)}, "models = ['m']") + pool("b", {at(2)}, "models = ['n']"));
  ReplicaSpec own = parse_replica_spec("10.0.0.4:1").value();
  own.pool = "b";
  ASSERT_TRUE(box.registry.add(own).has_value());
  box.added = {own};
  EXPECT_EQ(box.reload(pool("a", {at(1), at(3)}, "load_factor = 9")),
            "the pool 'b' is gone, but the replica 10.0.0.4:1 was added to it at run time: remove that first");
  EXPECT_EQ(box.registry.members().size(), 3U);
  const auto after = box.publish();
  EXPECT_DOUBLE_EQ(after->pools[0].bounds.factor, balance::Bounds{}.factor);
  box.added.clear();
  EXPECT_EQ(box.reload(pool("a", {at(1), at(3)})), "");
}

TEST(Reconfigure, NoRoomIsRefusedUntilOldStreamsEnd) {
  Box box(pool("a", {at(1), at(2)}), 3, 2);
  auto charge = box.accounts.charge(box.ref(1), 0, 10, {});
  EXPECT_EQ(box.reload(pool("a", {at(2), at(3)})), "");
  EXPECT_EQ(box.reload(pool("a", {at(2), at(3), at(4)})),
            "no room for 1 more replicas: 3 may be here or still finish their streams");
  charge.release();
  EXPECT_EQ(box.reload(pool("a", {at(2), at(3), at(4)})), "");
}

TEST(Reconfigure, PoolIdsWaitForTheirStreams) {
  Box box(pool("a", {at(1)}), 8, 2);
  auto charge = box.accounts.charge(box.ref(1), box.snapshot->pools[0].id, 10, {});
  EXPECT_EQ(box.reload(pool("b", {at(1)})), "");
  EXPECT_NE(box.snapshot->pools[0].id, 0U);
  EXPECT_EQ(box.reload(pool("c", {at(1)})), "no room for 1 more pools: 2 may be here or still finish their streams");
  charge.release();
  EXPECT_EQ(box.reload(pool("c", {at(1)})), "");
  EXPECT_EQ(box.snapshot->pools[0].id, 0U);
}

TEST(Reconfigure, ChecksThatChangeAreNamed) {
  Box box(pool("a", {at(1), at(2)}));
  ASSERT_TRUE(box.registry.set_health(name_of(2), Health::down));
  EXPECT_EQ(box.reload(pool("a", {at(1), at(2)}, "strategy = 'round-robin'")), "");
  EXPECT_TRUE(box.last.rechecked.empty());
  EXPECT_EQ(box.snapshot->pools[0].ring, nullptr);
  EXPECT_EQ(box.reload(pool("a", {at(1), at(2)}, "health = {enabled = false}")), "");
  EXPECT_EQ(box.last.rechecked.size(), 2U);
  EXPECT_TRUE(box.registry.find(name_of(2))->pickable()) << "nobody would take it up again";
}

}  // namespace
}  // namespace wp::control

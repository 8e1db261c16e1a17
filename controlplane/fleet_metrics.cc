#include "controlplane/fleet_metrics.h"

#include <array>
#include <numeric>
#include <span>
#include <string>

#include "controlplane/registry.h"

namespace wp::control {
namespace {

using balance::ReplicaState;

std::string replica_label(const Member& member) {
  return label("replica", member.spec.name);
}

// One gauge or counter a replica.
template <class Value>
void per_replica(MetricText& out, const Fleet& fleet, std::string_view name, std::string_view help, MetricKind kind,
                 Value&& value) {
  out.family(name, help, kind);
  for (const Member& member : fleet.registry().members()) out.sample(name, replica_label(member), value(member));
}

}  // namespace

void FleetMetrics::write(MetricText& out) {
  write_loads(out);
  write_accounts(out);
  write_tokens(out);
  write_sessions(out);
  write_states(out);
  write_health(out);
  write_ring(out);
  write_control(out);
}

void FleetMetrics::write_loads(MetricText& out) const {
  per_replica(out, fleet_, "warmpath_replica_prefill_tokens",
              "Estimated uncached prompt tokens of requests whose reply has not begun.", MetricKind::gauge,
              [this](const Member& m) { return accounts_.load(m.ref.id).prefill; });
  per_replica(out, fleet_, "warmpath_replica_streams", "Requests sent to the replica that have not ended.",
              MetricKind::gauge, [this](const Member& m) { return accounts_.load(m.ref.id).streams; });
  per_replica(out, fleet_, "warmpath_replica_weight", "Configured weight.", MetricKind::gauge,
              [](const Member& m) { return std::uint64_t{m.spec.weight}; });
}

void FleetMetrics::write_accounts(MetricText& out) const {
  per_replica(out, fleet_, "warmpath_replica_charges_total", "Requests charged to the replica's accounts.",
              MetricKind::counter, [this](const Member& m) { return accounts_.charged(m.ref.id) - m.charged_before; });
  per_replica(out, fleet_, "warmpath_replica_releases_total", "Charges released; equal to the charges when idle.",
              MetricKind::counter,
              [this](const Member& m) { return accounts_.released(m.ref.id) - m.released_before; });
  // Over all slots, so that replicas that have left are in it.
  std::uint64_t charged = 0;
  std::uint64_t released = 0;
  for (std::uint32_t id = 0; id < accounts_.max_replicas(); ++id) {
    released += accounts_.released(id);  // first: a charge is never missed while its release is seen
    charged += accounts_.charged(id);
  }
  out.single("warmpath_charges_total", "Requests charged to any replica, those that have left included.",
             MetricKind::counter, charged);
  out.single("warmpath_releases_total", "Charges released, those of replicas that have left included.",
             MetricKind::counter, released);
}

void FleetMetrics::write_tokens(MetricText& out) const {
  using Figures = balance::TokenTable::Figures;
  const auto& pools = fleet_.registry().pools();
  const auto pool_label = [](const Registry::PoolState& pool) { return label("pool", pool.settings.name); };
  const auto counter = [&](std::string_view name, std::string_view help, auto... samples) {
    out.family(name, help, MetricKind::counter);
    for (const Registry::PoolState& pool : pools) {
      const Figures figures = accounts_.tokens().figures(pool.id);
      (out.sample(name, pool_label(pool) + std::string(samples.labels), figures.*samples.figure), ...);
    }
  };
  struct Sample {
    std::string_view labels;
    std::uint64_t Figures::* figure;
  };
  counter("warmpath_usage_replies_total", "Replies of the APIs that came whole, by whether they told their usage.",
          Sample{",usage=\"told\"", &Figures::told}, Sample{",usage=\"untold\"", &Figures::untold});
  counter("warmpath_usage_prompt_tokens_total",
          "Prompt tokens that replies told, by whether it is known how many of them were cached.",
          Sample{",cached=\"known\"", &Figures::known_tokens}, Sample{",cached=\"unknown\"", &Figures::unknown_tokens});
  counter("warmpath_usage_cached_tokens_total",
          "Of the prompt tokens where it is known, those that the replica had cached.",
          Sample{"", &Figures::cached_tokens});
  counter("warmpath_usage_estimated_tokens_total",
          "What the prompts of the replies that told their usage had been estimated at.",
          Sample{"", &Figures::estimated_tokens});
  counter("warmpath_usage_completion_tokens_total", "Tokens of replies, as they told.",
          Sample{"", &Figures::completion_tokens});
  constexpr std::string_view kRatio = "warmpath_bytes_per_token";
  out.family(kRatio, "Bytes of a prompt's canonical stream that make a token, as replies have shown: the estimate.",
             MetricKind::gauge);
  for (const Registry::PoolState& pool : pools) {
    out.sample(kRatio, pool_label(pool), accounts_.tokens().bytes_per_token(pool.id));
  }
}

void FleetMetrics::write_sessions(MetricText& out) const {
  using balance::SessionFate;
  struct Row {
    std::string pool;
    balance::SessionTable::Figures picks;
  };
  std::vector<Row> rows;
  for (const Registry::PoolState& pool : fleet_.registry().pools()) {
    rows.push_back({label("pool", pool.settings.name), accounts_.sessions().figures(pool.id)});
  }
  constexpr std::string_view kPicks = "warmpath_session_picks_total";
  out.family(kPicks,
             "Picks by whether the session stayed with the replica of its last request; first: none is remembered.",
             MetricKind::counter);
  for (const auto& [pool, picks] : rows) {
    const auto moves = std::span(picks).subspan(balance::kFirstMove);
    out.sample(kPicks, pool + ",session=\"first\"", picks[static_cast<std::size_t>(SessionFate::first)]);
    out.sample(kPicks, pool + ",session=\"kept\"", picks[static_cast<std::size_t>(SessionFate::kept)]);
    out.sample(kPicks, pool + ",session=\"moved\"", std::accumulate(moves.begin(), moves.end(), std::uint64_t{0}));
  }
  constexpr std::string_view kMoves = "warmpath_session_moves_total";
  out.family(kMoves, "Of these, sessions that moved, by what became of the replica of their last request.",
             MetricKind::counter);
  for (const auto& [pool, picks] : rows) {
    for (std::size_t fate = balance::kFirstMove; fate < balance::kSessionFates; ++fate) {
      out.sample(kMoves, pool + "," + label("earlier", balance::word(static_cast<SessionFate>(fate))), picks[fate]);
    }
  }
}

void FleetMetrics::write_states(MetricText& out) const {
  constexpr std::array kStates = {ReplicaState::up, ReplicaState::starting, ReplicaState::draining, ReplicaState::down};
  constexpr std::string_view kName = "warmpath_replica_state";
  out.family(kName, "1 for the state that the replica is in.", MetricKind::gauge);
  for (const Member& member : fleet_.registry().members()) {
    for (const ReplicaState state : kStates) {
      out.sample(kName, replica_label(member) + "," + label("state", balance::word(state)),
                 std::uint64_t{member.state() == state ? 1U : 0U});
    }
  }
  per_replica(out, fleet_, "warmpath_replica_addresses",
              "Addresses known of the replica; 0 when it cannot be looked up.", MetricKind::gauge,
              [](const Member& m) { return std::uint64_t{m.endpoints.size()}; });
}

void FleetMetrics::write_health(MetricText& out) const {
  const ProberCounters& checks = fleet_.prober().counters();
  constexpr std::string_view kChecks = "warmpath_health_checks_total";
  out.family(kChecks, "Health checks by what they came to.", MetricKind::counter);
  for (const CheckResult result : kCheckResults) {
    out.sample(kChecks, label("result", word(result)), checks.results[static_cast<std::size_t>(result)].value());
  }
  out.single("warmpath_health_checks_under_way", "Health checks begun and not ended.", MetricKind::gauge,
             checks.under_way.value());
  out.single("warmpath_health_checks_delayed_total",
             "Times that a health check was due and had to wait, because as many as may be were under way.",
             MetricKind::counter, checks.delayed.value());
  constexpr std::string_view kChanges = "warmpath_replica_health_changes_total";
  out.family(kChanges, "Verdicts of the health checks that changed, by the new one.", MetricKind::counter);
  for (const Member& member : fleet_.registry().members()) {
    for (const Health health : {Health::up, Health::starting, Health::down}) {
      out.sample(kChanges, replica_label(member) + "," + label("to", word(health)),
                 std::uint64_t{member.health_changes[static_cast<std::size_t>(health)]});
    }
  }
  constexpr std::string_view kTook = "warmpath_replica_health_check_seconds";
  out.family(kTook, "How long the replica's last health check took; 0 before the first.", MetricKind::gauge);
  for (const Member& member : fleet_.registry().members()) {
    out.sample(kTook, replica_label(member), fleet_.prober().last_duration(member.spec.name).seconds());
  }
}

void FleetMetrics::write_ring(MetricText& out) {
  std::vector<std::uint64_t> by_id(accounts_.max_replicas());
  const auto& pools = fleet_.registry().pools();
  counted_.resize(pools.size());
  bool any = false;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    CountedRing& counted = counted_[i];
    if (pools[i].ring != counted.ring) {
      counted.ring = pools[i].ring;
      counted.owned = counted.ring ? counted.ring->owned_by_all() : std::vector<std::uint32_t>();
    }
    any = any || counted.ring != nullptr;
    const auto& order = pools[i].ring_order;
    for (std::size_t place = 0; place < order.size(); ++place) by_id[order[place].id] = counted.owned[place];
  }
  if (!any) return;
  per_replica(out, fleet_, "warmpath_replica_ring_slots", "Slots of the ring that have the replica first.",
              MetricKind::gauge, [&](const Member& m) { return by_id[m.ref.id]; });
}

void FleetMetrics::write_control(MetricText& out) const {
  const Registry& registry = fleet_.registry();
  const PublisherCounters& published = fleet_.publisher().counters();
  const ResolverCounters& lookups = fleet_.resolver().counters();
  const auto counter = [&out](std::string_view name, std::string_view help, const Counter& value) {
    out.single(name, help, MetricKind::counter, value.value());
  };
  out.single("warmpath_replicas", "Replicas configured.", MetricKind::gauge, registry.members().size());
  out.single("warmpath_replicas_pickable", "Replicas that requests may be sent to.", MetricKind::gauge,
             registry.pickable());
  out.single("warmpath_snapshot_version", "Version of the published snapshot.", MetricKind::gauge, registry.version());
  counter("warmpath_snapshots_published_total", "Snapshots handed to the shards.", published.published);
  counter("warmpath_snapshots_freed_total", "Replaced snapshots freed.", published.freed);
  out.single("warmpath_snapshots_held", "Replaced snapshots that a shard may still read.", MetricKind::gauge,
             published.held.value());
  const StateWriterCounters none;
  const StateWriterCounters& states = fleet_.keeper() == nullptr ? none : fleet_.keeper()->counters();
  counter("warmpath_state_writes_total", "Times that run-time changes were written to the state file.", states.written);
  counter("warmpath_state_write_failures_total", "Times that the state file did not take the run-time changes.",
          states.failed);
  counter("warmpath_lookups_total", "Lookups of replica names.", lookups.lookups);
  counter("warmpath_lookup_failures_total", "Lookups without an answer; the last good addresses stay in use.",
          lookups.failures);
  counter("warmpath_lookup_changes_total", "Lookups that brought other addresses.", lookups.changes);
}

}  // namespace wp::control

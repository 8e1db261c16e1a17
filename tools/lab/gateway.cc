#include "tools/lab/gateway.h"

#include <string>

#include "dataplane/base/assert.h"

namespace wp::lab {
namespace {

control::Registry::Config registry_config(const GatewayConfig& config, const StrategyInfo& strategy) {
  control::Registry::Config made;
  made.pools.front().strategy = strategy.own;
  made.pools.front().bounds = config.bounds;
  return made;
}

// As the daemon's default.
constexpr Duration kFresh = seconds(6);

std::string name_of(std::size_t number) {
  return "replica-" + std::to_string(number);
}

}  // namespace

Gateway::Gateway(const GatewayConfig& config, const StrategyInfo& strategy, const RouterNeeds& needs,
                 std::span<const Standing> standings)
    : accounts_(config.max_replicas, 1),
      residency_(config.residency_lines, config.max_replicas, config.residency_lines),
      capacity_(config.capacity_told),
      registry_(registry_config(config, strategy), accounts_, qsbr_, &residency_),
      reports_(registry_, accounts_, residency_, kFresh),
      rng_(config.seed),
      router_(strategy.make(needs)) {
  for (const Standing standing : standings) join(standing);
  publish();
}

void Gateway::join(Standing standing) {
  control::ReplicaSpec spec;
  spec.name = name_of(refs_.size());
  spec.literal = parse_endpoint("127.0.0.1:1").value();  // never connected to; without one nothing is picked
  const auto ref = registry_.add(spec);
  WP_ASSERT(ref.has_value());
  refs_.push_back(*ref);
  residency_.set_capacity(ref->id, capacity_);
  if (standing == Standing::draining) WP_ASSERT(registry_.set_draining(spec.name, true));
  if (standing == Standing::down) WP_ASSERT(registry_.set_health(spec.name, control::Health::down));
}

void Gateway::add() {
  join(Standing::up);
  publish();
}

void Gateway::set_standing(std::uint32_t replica, Standing standing) {
  const std::string name = name_of(replica);
  const bool down = standing == Standing::down;
  WP_ASSERT(registry_.set_draining(name, standing == Standing::draining));
  WP_ASSERT(registry_.set_health(name, down ? control::Health::down : control::Health::up));
  publish();
}

void Gateway::publish() {
  snapshot_ = registry_.build();
  registry_.published();
}

std::vector<balance::NamedReplica> Gateway::named() const {
  std::vector<balance::NamedReplica> replicas;
  for (const control::Member& member : registry_.members()) replicas.push_back({member.ref.id, member.spec.name});
  return replicas;
}

void Gateway::take_up(const Gateway& before, Instant now) {
  const balance::ImageContext context{.now_s = now.ns / seconds(1).ns};
  const auto replicas = before.named();
  balance::ImageWriter writer(before.residency_, replicas, context);
  std::string image;
  for (std::string_view piece = writer.next(); !piece.empty(); piece = writer.next()) image += piece;
  WP_ASSERT(balance::read_image(residency_, image, named(), context));
}

void Gateway::report(Instant now, std::span<const control::PrefixCounts> counts) {
  control::ReportBatch batch{.reporter = "lab", .items = {}};
  ++reported_;
  for (std::size_t number = 0; number < counts.size(); ++number) {
    control::Report report;
    report.replica = name_of(number);
    report.sequence = reported_;
    report.prefix = counts[number];
    batch.items.push_back({report.replica, report});
  }
  for (const std::string& problem : reports_.take(batch, now).reports) WP_ASSERT(problem.empty());
}

balance::PickInput Gateway::input(Instant now, const TraceRequest& request) {
  return {
      .snapshot = *snapshot_,
      .pool = *snapshot_->route({}),
      .accounts = accounts_,
      .rng = rng_,
      .turn = turn_,
      .now = now,
      .features = request.features,
      .residency = &residency_,
      .excluded = excluded_,
  };
}

std::optional<Choice> Gateway::pick(Instant now, const TraceRequest& request, std::span<const BlockHash> blocks,
                                    std::uint64_t id, std::span<const std::uint32_t> excluded) {
  excluded_.clear();
  for (const std::uint32_t replica : excluded) excluded_.push_back(refs_[replica]);
  const balance::PickInput given = input(now, request);
  const balance::Pick pick = router_->pick({now, given, request, blocks, id});
  if (pick.replica == nullptr) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(pick.replica - snapshot_->replicas.data());
  WP_ASSERT(snapshot_->replicas[number].ref == refs_[number]);
  return Choice{number, pick.decision,
                accounts_.charge(pick.replica->ref, given.pool.id, balance::uncached_tokens(given, pick), now), pick};
}

void Gateway::sent(Instant now, const TraceRequest& request, std::span<const BlockHash> blocks, std::uint64_t id,
                   const Choice& choice) {
  const balance::PickInput given = input(now, request);
  balance::remember(given, choice.pick);
  router_->sent({now, given, request, blocks, id}, *choice.pick.replica);
}

}  // namespace wp::lab

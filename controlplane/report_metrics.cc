#include "controlplane/report_metrics.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace wp::control {
namespace {

std::string label_of(const Member& member) {
  return label("replica", member.spec.name);
}

void write_counters(MetricText& out, const ReportCounters& counters) {
  const auto counter = [&out](std::string_view name, std::string_view help, const Counter& value) {
    out.single(name, help, MetricKind::counter, value.value());
  };
  constexpr std::string_view kReports = "warmpath_reports_total";
  out.family(kReports, "Reports of engines that were pushed, by what became of them.", MetricKind::counter);
  out.sample(kReports, label("result", "taken"), counters.taken.value());
  out.sample(kReports, label("result", "refused"), counters.refused.value());
  counter("warmpath_reports_lost_total", "Reports that never came, by the gaps in the reporters' sequences.",
          counters.lost);
  counter("warmpath_reports_dry_total", "Times that the last report of a replica became too old to be used.",
          counters.ran_dry);
  counter("warmpath_engine_restarts_total",
          "Engines that reports showed to have started anew: what their replicas held is forgotten.",
          counters.restarts);
  constexpr std::string_view kCompared = "warmpath_prefix_comparisons_total";
  out.family(
      kCompared,
      "Times that an engine's prefix cache counters were held against what was believed to be cached: agreed, "
      "contradicted (different by more than half), or mixed (most prompts there were not ours, nothing learned).",
      MetricKind::counter);
  out.sample(kCompared, label("result", "agreed"), counters.compared.value() - counters.contradicted.value());
  out.sample(kCompared, label("result", "contradicted"), counters.contradicted.value());
  out.sample(kCompared, label("result", "mixed"), counters.mixed.value());
}

// A gauge of those replicas for which there is a value.
template <class Value>
void per_replica(MetricText& out, const Registry& registry, std::string_view name, std::string_view help,
                 Value&& value) {
  out.family(name, help, MetricKind::gauge);
  for (const Member& member : registry.members()) {
    if (const std::optional<double> figure = value(member)) out.sample(name, label_of(member), *figure);
  }
}

void write_holdings(MetricText& out, const Holdings& holdings, const Registry& registry, Instant now) {
  const HoldingsCounters& counters = holdings.counters();
  constexpr std::string_view kHoldings = "warmpath_holdings_total";
  out.family(kHoldings, "Reports of what a replica holds that were pushed, by what became of them.",
             MetricKind::counter);
  out.sample(kHoldings, label("result", "taken"), counters.taken.value());
  out.sample(kHoldings, label("result", "refused"), counters.refused.value());
  out.single("warmpath_holdings_gaps_total",
             "Times that one of them was missing, and all that was told of its replica was forgotten.",
             MetricKind::counter, counters.gaps.value());
  out.single("warmpath_holdings_dry_total", "Times that the last of a replica became too old to be used.",
             MetricKind::counter, counters.ran_dry.value());
  out.single("warmpath_holdings_displaced_total",
             "Prefixes that a replica was told to hold and that had to make room for others in a full table.",
             MetricKind::counter, holdings.displaced());
  per_replica(out, registry, "warmpath_replica_holdings",
              "Prefixes that the replica is told to hold; absent where nobody tells.",
              [&](const Member& member) -> std::optional<double> {
                if (holdings.last(member.ref) == nullptr) return {};
                return holdings.prefixes(member.ref);
              });
  constexpr std::string_view kRead = "warmpath_replica_kv_events_total";
  out.family(
      kRead,
      "What who reads the replica's KV events counts: prompts that were matched with blocks, and those that were "
      "not because none came (unseen), more than one thing fits (ambiguous), what is known of others says "
      "otherwise (contradicted), the reply told no tokens (untold) or there were too many (lost); keys of prompts "
      "that made room for others (displaced); batches, those that could not be read (garbled), times that all began "
      "anew, events about unknown blocks (orphans), and blocks without room (overflow).",
      MetricKind::counter);
  for (const Member& member : registry.members()) {
    const Holdings::Kept* told = holdings.last(member.ref);
    if (told == nullptr) continue;
    for (std::size_t i = 0; i < kHoldingsCounts.size(); ++i) {
      if (told->counts[i])
        out.sample(kRead, label_of(member) + "," + label("what", kHoldingsCounts[i]), *told->counts[i]);
    }
  }
  per_replica(out, registry, "warmpath_replica_holdings_age_seconds",
              "Since it was so; absent where nobody tells what the replica holds.",
              [&](const Member& member) -> std::optional<double> {
                const Holdings::Kept* told = holdings.last(member.ref);
                if (told == nullptr) return {};
                return (now - told->read).seconds();
              });
}

}  // namespace

void write_report_metrics(MetricText& out, const Reports& reports, const Registry& registry,
                          const balance::Residency& residency, Instant now) {
  write_counters(out, reports.counters());
  write_holdings(out, reports.holdings(), registry, now);
  constexpr std::string_view kKnowledge = "warmpath_replica_knowledge";
  out.family(kKnowledge,
             "1 for how it is known what the replica holds: blind, by its engine's counters or by receipts; in a pool "
             "of the strategy kv untold, or precise: as it was told.",
             MetricKind::gauge);
  for (const Member& member : registry.members()) {
    const Knowledge known = reports.knowledge(member, now);
    for (const Knowledge knowledge : kAllKnowledge) {
      out.sample(kKnowledge, label_of(member) + "," + label("by", word(knowledge)),
                 std::uint64_t{known == knowledge ? 1U : 0U});
    }
  }
  per_replica(out, registry, "warmpath_replica_report_age_seconds",
              "Since what was last reported of the replica was read from its engine; absent before the first report.",
              [&](const Member& member) -> std::optional<double> {
                const Reports::Kept* kept = reports.last(member.ref);
                if (kept == nullptr) return {};
                return (now - kept->read).seconds();
              });
  const auto reported = [&](std::string_view name, std::string_view help, auto field) {
    per_replica(out, registry, name, help, [&](const Member& member) -> std::optional<double> {
      const Reports::Kept* kept = reports.fresh(member.ref, now) ? reports.last(member.ref) : nullptr;
      if (kept == nullptr || !(kept->report.*field)) return {};
      return static_cast<double>(*(kept->report.*field));
    });
  };
  reported("warmpath_replica_reported_waiting", "Requests that wait in the engine, as it was reported, while fresh.",
           &Report::waiting);
  reported("warmpath_replica_reported_running", "Requests that the engine works on, as it was reported, while fresh.",
           &Report::running);
  reported("warmpath_replica_reported_kv_usage", "Part of the KV cache in use, as it was reported, while fresh.",
           &Report::kv_usage);
  per_replica(out, registry, "warmpath_replica_cache_tokens",
              "What the replica's KV cache is taken to hold: configured, reported or learned; 0: nothing is known.",
              [&](const Member& member) -> std::optional<double> {
                return static_cast<double>(residency.capacity(member.ref.id));
              });
}

}  // namespace wp::control

#include "controlplane/reports.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "controlplane/duration_text.h"
#include "controlplane/log.h"

namespace wp::control {
namespace {

using balance::ReplicaRef;

// A comparison is made over at least so many tokens, the engine's and ours: requests that one side counts in this and
// the other in the next are then few.
constexpr std::uint64_t kTellingTokens = 16'384;
// Of what the engine was asked, what we sent must be at least this part, or its sums are about somebody else's prompts.
constexpr std::uint64_t kLeastShare = 4;
// Uncached tokens that a prompt is taken to have before we have sent any there, and how many prompts that is worth.
constexpr double kFirstTokens = 2'000;

std::uint32_t clamped(double tokens) {
  constexpr double kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(tokens, 0.0, kMost));
}

}  // namespace

std::string_view word(Knowledge knowledge) {
  switch (knowledge) {
    case Knowledge::blind: return "blind";
    case Knowledge::counters: return "counters";
    case Knowledge::receipts: return "receipts";
    case Knowledge::untold: return "untold";
    case Knowledge::precise: return "precise";
  }
  return "?";
}

Reports::Reports(const Registry& registry, balance::Accounts& accounts, balance::Residency& residency,
                 Duration fresh_for)
    : registry_(registry),
      accounts_(accounts),
      residency_(residency),
      fresh_for_(fresh_for),
      entries_(accounts.max_replicas()),
      holdings_(residency.told(), accounts.max_replicas(), fresh_for) {}

const Reports::Entry* Reports::find(ReplicaRef replica) const {
  const Entry& entry = entries_[replica.id];
  return entry.generation == replica.generation && entry.kept ? &entry : nullptr;
}

const Reports::Kept* Reports::last(ReplicaRef replica) const {
  const Entry* entry = find(replica);
  return entry == nullptr ? nullptr : &*entry->kept;
}

bool Reports::fresh(ReplicaRef replica, Instant now) const {
  const Kept* kept = last(replica);
  return kept != nullptr && now < kept->read + fresh_for_;
}

Knowledge Reports::knowledge(const Member& member, Instant now) const {
  return knowledge(member.ref, registry_.find_pool(member.spec.pool)->settings.strategy, now);
}

Knowledge Reports::knowledge(ReplicaRef replica, balance::Strategy strategy, Instant now) const {
  if (strategy == balance::Strategy::kv) {
    return holdings_.fresh(replica, now) ? Knowledge::precise : Knowledge::untold;
  }
  if (accounts_.tokens().tells(replica)) return Knowledge::receipts;
  const Entry* entry = find(replica);
  return entry != nullptr && entry->mark && fresh(replica, now) ? Knowledge::counters : Knowledge::blind;
}

Reports::Taken Reports::take(const ReportBatch& batch, Instant now) {
  std::unordered_map<std::string_view, const Member*> by_name;
  for (const Member& member : registry_.members()) by_name.emplace(member.spec.name, &member);
  const auto judge = [&by_name](const auto& item, auto&& taking) -> std::string {
    if (!item.report) return item.report.error();
    const auto found = by_name.find(item.report->replica);
    if (found == by_name.end()) return "there is no replica " + item.report->replica;
    const std::expected<void, std::string> taken = taking(*item.report, *found->second);
    return taken ? std::string() : taken.error();
  };
  Taken told;
  for (const ReportBatch::Item& item : batch.items) {
    told.reports.push_back(judge(item, [&](const Report& report, const Member& member) {
      return take_one(report, batch.reporter, member, now);
    }));
    (told.reports.back().empty() ? counters_.taken : counters_.refused).add();
  }
  for (const ReportBatch::HoldingsItem& item : batch.holdings) {
    told.holdings.push_back(judge(item, [&](const HoldingsReport& report, const Member& member) {
      return holdings_.take(report, batch.reporter, member, now);
    }));
    holdings_.count(told.holdings.back().empty());
  }
  return told;
}

// What is wrong with the report beside what is known; empty when nothing is.
std::string Reports::objection(const Entry& entry, const Report& report, const std::string& reporter,
                               const Member& member, Instant read) const {
  if (report.generation != 0 && report.generation != member.ref.generation) {
    return "it is about generation " + std::to_string(report.generation) + ", and the replica's is " +
           std::to_string(member.ref.generation);
  }
  if (report.age >= fresh_for_) {
    return "it is too old: a report is used for " + to_string(fresh_for_);
  }
  if (!entry.kept) return {};
  if (reporter == entry.kept->reporter && report.sequence <= entry.kept->report.sequence) {
    return "its sequence is " + std::to_string(report.sequence) + ", behind " +
           std::to_string(entry.kept->report.sequence);
  }
  if (reporter != entry.kept->reporter && read < entry.kept->read) {
    return "it is older than the last one of " + entry.kept->reporter;
  }
  return {};
}

std::expected<void, std::string> Reports::take_one(const Report& report, const std::string& reporter,
                                                   const Member& member, Instant now) {
  Entry& entry = entries_[member.ref.id];
  if (entry.generation != member.ref.generation) entry = {.generation = member.ref.generation};
  const Instant read = now - report.age;
  if (std::string problem = objection(entry, report, reporter, member, read); !problem.empty()) {
    return std::unexpected(std::move(problem));
  }
  if (entry.kept && reporter == entry.kept->reporter) {
    counters_.lost.add(report.sequence - entry.kept->report.sequence - 1);
  }
  if (entry.dry) log::info("replica " + member.spec.name + " is reported of again");
  note_restart(entry, report, member);
  residency_.set_bound(member.ref.id, report.kv_tokens.value_or(0));
  tell_others(report, member, read);
  compare(entry, report, member);
  entry.kept = {report, reporter, read};
  entry.dry = false;
  return {};
}

// An engine that started anew holds nothing. Its sums go back, unless it has counted more since than in all the time
// before; then only a reporter that knows processes apart can tell.
void Reports::note_restart(Entry& entry, const Report& report, const Member& member) {
  if (!entry.kept) return;
  const Report& before = entry.kept->report;
  const bool another = report.instance != 0 && before.instance != 0 && report.instance != before.instance;
  const bool went_back = report.prefix && before.prefix &&
                         (report.prefix->queries < before.prefix->queries || report.prefix->hits < before.prefix->hits);
  if (!another && !went_back) return;
  counters_.restarts.add();
  residency_.wipe(member.ref.id);
  accounts_.tokens().restarted(member.ref.id);
  entry.mark.reset();
  log::info("replica " + member.spec.name + " has started anew, as its " +
            (another ? "report says" : "counters show, which went back") + ": it is taken to hold nothing");
}

// Requests that are there and not ours, of which as many wait as wait at all. Each is taken to be as long as ours were.
void Reports::tell_others(const Report& report, const Member& member, Instant read) {
  std::uint64_t others = 0;
  if (report.waiting && report.running) {
    const std::uint64_t there = std::uint64_t{*report.waiting} + *report.running;
    const std::uint64_t ours = accounts_.load(member.ref.id).streams;
    others = std::min<std::uint64_t>(*report.waiting, there - std::min(there, ours));
  }
  const auto sent = static_cast<double>(residency_.sent(member.ref.id).uncached);
  const auto requests = static_cast<double>(accounts_.charged(member.ref.id));
  const double each = (sent + kFirstTokens) / (requests + 1);
  accounts_.reports().set_others(member.ref.id, clamped(static_cast<double>(others) * each), read + fresh_for_);
}

// What was believed of all prompts since the mark, against what the engine counted: one large receipt.
void Reports::compare(Entry& entry, const Report& report, const Member& member) {
  if (!report.prefix) return entry.mark.reset();
  const std::uint32_t id = member.ref.id;
  const Mark now{*report.prefix, residency_.sent(id)};
  if (!entry.mark) {
    entry.mark = now;
    return;
  }
  const std::uint64_t asked = now.engine.queries - entry.mark->engine.queries;
  const std::uint64_t hits = now.engine.hits - entry.mark->engine.hits;
  const std::uint64_t believed = now.sent.believed - entry.mark->sent.believed;
  const std::uint64_t ours = now.sent.uncached - entry.mark->sent.uncached + believed;
  const std::uint64_t ages = now.sent.ages - entry.mark->sent.ages;
  if (asked < kTellingTokens || ours < kTellingTokens) return;
  entry.mark = now;
  residency_.others().counted(asked, ours);
  if (asked / kLeastShare > ours) return counters_.mixed.add();
  const double cached = static_cast<double>(hits) / static_cast<double>(asked) * static_cast<double>(ours);
  const auto expected = static_cast<double>(believed);
  // Of many entries only the mean age is known. Where half of what was believed was there, that is how old what is
  // there may be; where less was, it is less. Taken as it is, entries that are all of one age would never be doubted.
  const double share = believed == 0 ? 0 : std::min(cached / expected, 0.5);
  const double age = believed == 0 ? 0 : static_cast<double>(ages) / expected * (0.5 + share);
  counters_.compared.add();
  if (cached < expected / 2 || cached / 2 > expected) counters_.contradicted.add();
  // Receipts tell the same, prompt by prompt.
  if (accounts_.tokens().tells(member.ref)) return;
  residency_.learn(id, clamped(expected), clamped(age * balance::Residency::kTokensPerTick), clamped(cached));
}

void Reports::expire(Instant now) {
  holdings_.expire(registry_.members(), now);
  for (const Member& member : registry_.members()) {
    Entry& entry = entries_[member.ref.id];
    if (find(member.ref) == nullptr || entry.dry || now < entry.kept->read + fresh_for_) continue;
    entry.dry = true;
    entry.mark.reset();
    residency_.set_bound(member.ref.id, 0);
    accounts_.reports().forget(member.ref.id);
    counters_.ran_dry.add();
    log::warn("replica " + member.spec.name + " was not reported of for " + to_string(fresh_for_) +
              ": what it holds is known from " +
              (accounts_.tokens().tells(member.ref) ? "its replies alone" : "what was sent there alone"));
  }
}

}  // namespace wp::control

#include "controlplane/holdings.h"

#include "controlplane/duration_text.h"
#include "controlplane/log.h"

namespace wp::control {
namespace {

using balance::ReplicaRef;

constexpr const char* kBeginAnew = "begin anew, with 'cleared'";

}  // namespace

Holdings::Holdings(balance::ToldTable& table, std::uint32_t max_replicas, Duration fresh_for)
    : table_(table), fresh_for_(fresh_for), entries_(max_replicas) {}

// The table forgets by itself when a replica is new or came back.
bool Holdings::trusted(const Entry& entry, ReplicaRef replica) const {
  return entry.kept && entry.generation == replica.generation && entry.epoch == table_.epoch(replica.id);
}

const Holdings::Kept* Holdings::last(ReplicaRef replica) const {
  const Entry& entry = entries_[replica.id];
  return trusted(entry, replica) ? &*entry.kept : nullptr;
}

bool Holdings::fresh(ReplicaRef replica, Instant now) const {
  return last(replica) != nullptr && table_.heard(replica.id, now);
}

// What is wrong with the report beside what is known; empty when nothing is. A gap is noticed here.
std::string Holdings::objection(Entry& entry, const HoldingsReport& report, const std::string& reporter,
                                const Member& member, Instant read) {
  if (report.generation != 0 && report.generation != member.ref.generation) {
    return "it is about generation " + std::to_string(report.generation) + ", and the replica's is " +
           std::to_string(member.ref.generation);
  }
  if (report.age >= fresh_for_) {
    return "it is too old: a report is used for " + to_string(fresh_for_);
  }
  if (!trusted(entry, member.ref)) {
    return report.cleared ? "" : "nothing is known of what it held before: " + std::string(kBeginAnew);
  }
  const Kept& last = *entry.kept;
  if (reporter != last.reporter) {
    if (!report.cleared) return "what it holds is told by " + last.reporter + ": " + kBeginAnew;
    return read < last.read ? "it is older than the last one of " + last.reporter : "";
  }
  if (report.sequence <= last.sequence) {
    return "its sequence is " + std::to_string(report.sequence) + ", behind " + std::to_string(last.sequence);
  }
  if (report.sequence == last.sequence + 1) return {};
  counters_.gaps.add();
  const std::string told = "its sequence is " + std::to_string(report.sequence) + " after " +
                           std::to_string(last.sequence) + ", and what was told before is trusted no more";
  table_.forget(member.ref.id);
  return report.cleared ? "" : told + ": " + kBeginAnew;
}

std::expected<void, std::string> Holdings::take(const HoldingsReport& report, const std::string& reporter,
                                                const Member& member, Instant now) {
  Entry& entry = entries_[member.ref.id];
  const Instant read = now - report.age;
  if (std::string problem = objection(entry, report, reporter, member, read); !problem.empty()) {
    return std::unexpected(std::move(problem));
  }
  const std::uint32_t id = member.ref.id;
  if (entry.dry && entry.generation == member.ref.generation) {
    log::info("what replica " + member.spec.name + " holds is told again");
  }
  if (report.cleared) table_.clear(id);
  for (const std::uint64_t hash : report.dropped) table_.drop(id, hash);
  for (const std::uint64_t hash : report.holds) table_.hold(id, hash);
  table_.hear(id, read + fresh_for_);
  entry = {.generation = member.ref.generation,
           .epoch = table_.epoch(id),
           .kept = Kept{reporter, report.sequence, read, report.counts},
           .dry = false};
  return {};
}

void Holdings::expire(const std::vector<Member>& members, Instant now) {
  for (const Member& member : members) {
    Entry& entry = entries_[member.ref.id];
    if (!trusted(entry, member.ref) || entry.dry || table_.heard(member.ref.id, now)) continue;
    entry.dry = true;
    counters_.ran_dry.add();
    log::warn("what replica " + member.spec.name + " holds was not told for " + to_string(fresh_for_) +
              ": kv picks without it");
  }
}

}  // namespace wp::control

#include <array>
#include <memory>
#include <span>
#include <string>

#include "dataplane/balance/pick.h"
#include "tests/bench/micro/cases.h"
#include "tests/unit/balance/fleet.h"

namespace wp::bench {
namespace {

using balance::Strategy;
using balance::testing::Fleet;

constexpr std::uint32_t kRuns = 1000;
constexpr std::uint32_t kFleets[] = {8, 512, 4096};

// Half of the replicas work: as many streams and tokens as chance gave them.
std::shared_ptr<Fleet> busy_fleet(std::uint32_t size, std::uint32_t ring_slots) {
  auto fleet = std::make_shared<Fleet>(std::vector<std::uint32_t>(size, 100), Strategy::prefix, ring_slots);
  Rng rng(size);
  for (std::uint32_t id = 0; id < size; ++id) {
    if (rng.chance(0.5)) fleet->load(id, rng.below(8192), 1 + rng.below(4));
  }
  return fleet;
}

// All that there are: words are given from 0 on, and what is no strategy has none.
std::vector<Strategy> strategies() {
  std::vector<Strategy> all;
  for (std::uint8_t i = 0; balance::word(static_cast<Strategy>(i)) != "?"; ++i) all.push_back(static_cast<Strategy>(i));
  return all;
}

Case picking(const std::shared_ptr<Fleet>& fleet, Strategy strategy) {
  const std::string name =
      "balance/pick/" + std::string(balance::word(strategy)) + "/" + std::to_string(fleet->snapshot.replicas.size());
  return {name, kRuns, 0, [fleet, strategy, key = std::uint64_t{0}]() mutable {
            if (key++ == 0) {  // whatever other cases drew
              fleet->rng = Rng(1);
              fleet->turn = 0;
            }
            const auto pick = balance::pick(fleet->input(mix64(key), mix64(key / 16)), strategy);
            return std::uint64_t{pick.replica->ref.id};
          }};
}

// Conversations whose twelve rungs are held by one replica each, in a table of `lines`.
struct Conversations {
  static constexpr std::size_t kRungs = 12;

  Conversations(const std::shared_ptr<Fleet>& of, std::uint32_t lines, std::uint32_t number)
      : fleet(of), residency(lines, of->accounts.max_replicas()), count(number) {
    for (std::uint32_t i = 0; i < count; ++i) {
      residency.record(i % fleet->accounts.max_replicas(), rungs_of(i), {}, 1, i + 1);
    }
  }

  std::span<const prompt::Rung> rungs_of(std::uint64_t conversation) {
    for (std::size_t i = 0; i < kRungs; ++i) {
      rungs[i] = {mix64(conversation * kRungs + i), static_cast<std::uint32_t>(256 << i)};
    }
    return rungs;
  }

  std::shared_ptr<Fleet> fleet;
  balance::Residency residency;
  std::uint32_t count;
  std::array<prompt::Rung, kRungs> rungs;
};

Case picking_resident(const std::shared_ptr<Fleet>& fleet, std::uint32_t lines, std::uint32_t conversations) {
  auto world = std::make_shared<Conversations>(fleet, lines, conversations);
  return {"balance/pick_resident/" + std::to_string(fleet->snapshot.replicas.size()), kRuns, 0,
          [world, key = std::uint64_t{0}]() mutable {
            if (key == 0) world->fleet->rng = Rng(1);
            prompt::Features& features = world->fleet->features;
            features.ladder = world->rungs_of(mix64(++key) % world->count);
            features.canonical_bytes = features.ladder.back().end;
            features.estimated_tokens = features.ladder.back().end / prompt::kBytesPerToken;
            auto input = world->fleet->input_again();
            input.residency = &world->residency;
            const auto pick = balance::pick(input, Strategy::warm);
            features.ladder = {};
            return std::uint64_t{pick.replica->ref.id};
          }};
}

void add_lookups(std::vector<Case>& cases, const std::shared_ptr<Fleet>& fleet) {
  cases.push_back({"balance/ring_order", kRuns, 0, [fleet, key = std::uint64_t{0}]() mutable {
                     return std::uint64_t{fleet->pool().ring->order(++key).front()};
                   }});
  cases.push_back({"balance/charge_release", kRuns, 0, [fleet, id = std::uint32_t{0}]() mutable {
                     id = (id + 1) % fleet->accounts.max_replicas();
                     auto charge = fleet->accounts.charge({id, 1}, 0, 1000, {});
                     charge.release_prefill();
                     charge.release();
                     return fleet->accounts.load(id).streams;
                   }});
}

}  // namespace

void add_balance_cases(std::vector<Case>& cases, std::uint32_t ring_slots, std::uint32_t residency_lines) {
  add_lookups(cases, busy_fleet(512, ring_slots));
  for (const std::uint32_t size : kFleets) {
    const auto fleet = busy_fleet(size, ring_slots);
    for (const Strategy strategy : strategies()) cases.push_back(picking(fleet, strategy));
    cases.push_back(picking_resident(fleet, residency_lines, residency_lines / 16));
  }
}

}  // namespace wp::bench

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
  auto fleet = std::make_shared<Fleet>(std::vector<std::uint32_t>(size, 100), Strategy::warm, ring_slots);
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

// Conversations whose twelve rungs are held by one replica each, in a table of `lines`, and requests of them.
struct Conversations {
  static constexpr std::size_t kRungs = 12;

  struct Request {
    std::array<prompt::Rung, kRungs> rungs;
    prompt::Features features;
  };

  Conversations(const std::shared_ptr<Fleet>& of, std::uint32_t lines)
      : fleet(of), residency(lines, of->accounts.max_replicas()), count(lines / 16) {
    for (std::uint32_t i = 0; i < count; ++i) {
      residency.record(i % fleet->accounts.max_replicas(), rungs_of(requests[0], i), {}, 1, i + 1);
    }
    next(false);
  }

  static std::span<const prompt::Rung> rungs_of(Request& request, std::uint64_t conversation) {
    for (std::size_t i = 0; i < kRungs; ++i) {
      request.rungs[i] = {mix64(conversation * kRungs + i), static_cast<std::uint32_t>(256 << i)};
    }
    return request.rungs;
  }

  const Request& latest() const { return requests[number % requests.size()]; }
  // The next request, of a conversation that chance draws. The one before stays as it is.
  const Request& next(bool named) {
    Request& request = requests[++number % requests.size()];
    const std::uint64_t conversation = mix64(number) % count;
    request.features.ladder = rungs_of(request, conversation);
    request.features.canonical_bytes = request.rungs.back().end;
    request.features.estimated_tokens = request.rungs.back().end / prompt::kBytesPerToken;
    request.features.session = named ? conversation + 1 : 0;
    return request;
  }

  std::uint64_t pick(const Request& request) {
    const balance::PickInput input{fleet->snapshot, fleet->pool(), fleet->accounts,  fleet->rng,
                                   fleet->turn,     fleet->now,    request.features, &residency};
    return balance::pick(input, Strategy::warm).replica->ref.id;
  }

  std::shared_ptr<Fleet> fleet;
  balance::Residency residency;
  std::uint32_t count;
  std::uint64_t number = 0;
  std::array<Request, 2> requests;
};

// `ahead`: as the proxy does it, as soon as the request's features are known, while other things are to be done;
// here the request before is picked for.
void add_resident(std::vector<Case>& cases, const std::shared_ptr<Conversations>& world) {
  const std::string size = std::to_string(world->fleet->snapshot.replicas.size());
  for (const bool named : {false, true}) {
    cases.push_back({(named ? "balance/pick_resident_session/" : "balance/pick_resident/") + size, kRuns, 0,
                     [world, named] { return world->pick(world->next(named)); }});
  }
  cases.push_back({"balance/pick_resident_ahead/" + size, kRuns, 0, [world] {
                     const Conversations::Request& before = world->latest();
                     const Conversations::Request& now = world->next(false);
                     balance::prefetch(world->fleet->pool(), world->residency, now.features);
                     return world->pick(before);
                   }});
}

// Twelve rungs looked up, and beside it the least that this can take: as many lines of the same memory, asked for all
// at once and then read.
void add_memory(std::vector<Case>& cases, const std::shared_ptr<Conversations>& world) {
  cases.push_back({"balance/lookups/12", kRuns, 0, [world] {
                     const balance::Residency& residency = world->residency;
                     const Conversations::Request& request = world->next(false);
                     for (const prompt::Rung& rung : request.rungs) residency.prefetch(rung.hash);
                     std::uint64_t found = 0;
                     for (const prompt::Rung& rung : request.rungs) found += residency.holders(rung.hash).count;
                     return found;
                   }});
  cases.push_back({"bare/lines/12", kRuns, 0, [world] {
                     const balance::Residency& residency = world->residency;
                     const Conversations::Request& request = world->next(false);
                     for (const prompt::Rung& rung : request.rungs) residency.prefetch(rung.hash);
                     std::uint64_t sum = 0;
                     for (const prompt::Rung& rung : request.rungs)
                       sum += residency.line(rung.hash).load(std::memory_order_relaxed);
                     return sum;
                   }});
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
    const auto world = std::make_shared<Conversations>(fleet, residency_lines);
    add_resident(cases, world);
    if (size == 512) add_memory(cases, world);
  }
}

}  // namespace wp::bench

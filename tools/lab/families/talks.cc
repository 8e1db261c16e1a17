#include <vector>

#include "tools/lab/families/conversations.h"
#include "tools/lab/families/family.h"

namespace wp::lab {
namespace {

// Replies are asked for in a few hundred tokens; their lengths are beside the point.
Lengths replies(Rng& rng, double low, double high) {
  return {.median = draw_factor(rng, low, high), .spread = 0.6, .least = 4, .most = 2'000};
}

std::vector<Piece> new_root(Script& script, std::uint32_t tokens) {
  return {{script.fresh(), tokens, Role::system}};
}

void ask_behind_roots(Rng& rng, Script& script, std::uint32_t requests) {
  std::vector<std::vector<Piece>> roots(draw_count(rng, 40, 600));
  const Lengths root{.median = draw_factor(rng, 400, 3'000), .spread = draw_between(rng, 0.3, 1), .least = 64};
  for (auto& each : roots) each = new_root(script, root.draw(rng));
  const Popularity popular(static_cast<std::uint32_t>(roots.size()), draw_between(rng, 0.5, 1.2));
  const Lengths ask{.median = draw_factor(rng, 50, 800), .spread = draw_between(rng, 0.6, 1.2), .least = 4};
  const Lengths reply = replies(rng, 50, 400);
  const double turns = draw_between(rng, 1.2, 4);
  const bool sent = rng.chance(0.5);
  converse(rng, script, draw_count(rng, 60, 600), requests, [&] {
    return Conversation{.history = roots[popular.draw(rng)],
                        .turns = 1 + static_cast<std::uint32_t>(draw_gap(rng, turns - 1)),
                        .ask = ask,
                        .reply = reply,
                        .sends_session = sent};
  });
}

}  // namespace

void write_hot_root(Rng& rng, Script& script) {
  const auto root = new_root(script, draw_count(rng, 800, 8'000));
  const Lengths ask{.median = draw_factor(rng, 40, 600), .spread = draw_between(rng, 0.6, 1.3), .least = 4};
  const Lengths reply = replies(rng, 50, 400);
  const double turns = draw_between(rng, 3, 14);
  const bool sent = rng.chance(0.5);
  converse(rng, script, draw_count(rng, 60, 600), draw_count(rng, 3'000, 5'000), [&] {
    return Conversation{.history = root,
                        .turns = 1 + static_cast<std::uint32_t>(draw_gap(rng, turns - 1)),
                        .ask = ask,
                        .reply = reply,
                        .gap = draw_factor(rng, 0.5, 2),
                        .sends_session = sent};
  });
}

void write_many_roots(Rng& rng, Script& script) {
  ask_behind_roots(rng, script, draw_count(rng, 3'000, 5'000));
}

// The others are the conversations of many roots.
void write_quarter(Rng& rng, Script& script) {
  script.replicas = 64;
  ask_behind_roots(rng, script, draw_count(rng, 6'000, 9'000));
  const double share = draw_between(rng, 0.2, 0.3);
  const Piece prefix{script.fresh(), draw_count(rng, 1'000, 8'000), Role::system};
  const Lengths tail{.median = draw_factor(rng, 50, 600), .spread = draw_between(rng, 0.5, 1.1), .least = 8};
  const double span = script.lines.back().at;
  const auto hot = static_cast<std::uint32_t>(static_cast<double>(script.lines.size()) * share / (1 - share));
  for (std::uint32_t i = 0; i < hot; ++i) {
    ScriptLine& line = script.lines.emplace_back();
    line.at = span * rng.unit();
    line.session = script.fresh();
    line.pieces = {prefix, {script.fresh(), tail.draw(rng), Role::user}};
    line.output_tokens = draw_count(rng, 20, 400);
  }
}

void write_agents(Rng& rng, Script& script) {
  script.block_tokens = 128;
  std::vector<std::vector<Piece>> roots(draw_count(rng, 1, 6));
  for (auto& each : roots) each = new_root(script, draw_count(rng, 3'000, 14'000));
  const Lengths ask{.median = draw_factor(rng, 300, 1'500), .spread = draw_between(rng, 0.8, 1.3), .least = 16};
  const Lengths reply = replies(rng, 80, 400);
  const double turns = draw_between(rng, 15, 50);
  const double context = draw_factor(rng, 24'000, 80'000);
  const double keep = draw_between(rng, 0.3, 0.7);
  const bool sent = rng.chance(0.5);
  converse(rng, script, draw_count(rng, 30, 150), draw_count(rng, 2'000, 3'000), [&] {
    return Conversation{.history = roots[rng.below(static_cast<std::uint32_t>(roots.size()))],
                        .turns = 1 + static_cast<std::uint32_t>(draw_gap(rng, turns)),
                        .ask = ask,
                        .reply = reply,
                        .gap = draw_factor(rng, 0.3, 3),
                        .sends_session = sent,
                        .context = static_cast<std::uint32_t>(context),
                        .keep = keep};
  });
}

void write_short_sessions(Rng& rng, Script& script) {
  script.block_tokens = 16;
  const Lengths ask{.median = draw_factor(rng, 10, 30), .spread = draw_between(rng, 0.4, 0.9), .least = 2};
  const Lengths reply = replies(rng, 15, 40);
  const double turns = draw_between(rng, 3, 8);
  const bool sent = rng.chance(0.5);
  const std::uint32_t system = rng.chance(0.5) ? draw_count(rng, 20, 80) : 0;
  const auto root = system == 0 ? std::vector<Piece>{} : new_root(script, system);
  converse(rng, script, draw_count(rng, 12, 60), draw_count(rng, 4'000, 6'000), [&] {
    return Conversation{.history = root,
                        .turns = 1 + static_cast<std::uint32_t>(draw_gap(rng, turns)),
                        .ask = ask,
                        .reply = reply,
                        .sends_session = sent};
  });
}

void write_unequal(Rng& rng, Script& script) {
  script.block_tokens = 128;
  const auto root = new_root(script, draw_count(rng, 500, 6'000));
  const std::uint32_t live = draw_count(rng, 16, 80);
  const double skew = draw_between(rng, 0.7, 1.5);
  const double ask = draw_factor(rng, 100, 500);
  const Lengths reply = replies(rng, 50, 300);
  const auto context = draw_count(rng, 10'000, 40'000);
  const double keep = draw_between(rng, 0.3, 0.7);
  const bool sent = rng.chance(0.5);
  std::uint32_t rank = 0;
  converse(rng, script, live, draw_count(rng, 2'500, 4'000), [&] {
    // The heavy ones come more often and with more.
    ++rank;
    return Conversation{.history = root,
                        .turns = 100'000,
                        .ask = {.median = draw_factor(rng, 0.5, 2) * ask, .spread = 1, .least = 4},
                        .reply = reply,
                        .gap = std::pow(rank, skew),
                        .sends_session = sent,
                        .context = context,
                        .keep = keep};
  });
}

}  // namespace wp::lab

#include <utility>
#include <vector>

#include "tools/lab/families/draw.h"
#include "tools/lab/families/family.h"

namespace wp::lab {
namespace {

// One after the other, at random.
ScriptLine& add_line(Rng& rng, Script& script, std::vector<Piece> pieces) {
  const double before = script.lines.empty() ? 0 : script.lines.back().at;
  ScriptLine& line = script.lines.emplace_back();
  line.at = before + draw_gap(rng, 1);
  line.session = script.fresh();
  line.pieces = std::move(pieces);
  line.output_tokens = draw_count(rng, 20, 400);
  return line;
}

Lengths prompts(Rng& rng, double low, double high) {
  return {.median = draw_factor(rng, low, high), .spread = draw_between(rng, 0.4, 1.1), .least = 8, .most = 60'000};
}

}  // namespace

void write_rag(Rng& rng, Script& script) {
  struct Document {
    std::uint64_t text;
    std::uint32_t tokens;
  };
  std::vector<Document> documents(draw_count(rng, 100, 1'500));
  const Lengths length{.median = draw_factor(rng, 400, 3'000), .spread = draw_between(rng, 0.2, 0.8), .least = 64};
  for (Document& each : documents) each = {script.fresh(), length.draw(rng)};
  const Popularity popular(static_cast<std::uint32_t>(documents.size()), draw_between(rng, 0.5, 1.1));
  const Piece system{script.fresh(), draw_count(rng, 60, 600), Role::system};
  const std::uint32_t most = draw_count(rng, 1, 4);
  const Lengths question{.median = draw_factor(rng, 20, 150), .spread = 0.6, .least = 4};
  const std::uint32_t requests = draw_count(rng, 3'000, 5'000);
  for (std::uint32_t i = 0; i < requests; ++i) {
    std::vector<Piece> pieces{system};
    const std::uint32_t found = rng.between(1, most);
    for (std::uint32_t k = 0; k < found; ++k) {
      const Document& document = documents[popular.draw(rng)];
      pieces.push_back({document.text, document.tokens, Role::user, k > 0});
    }
    pieces.push_back({script.fresh(), question.draw(rng), Role::user, true});
    add_line(rng, script, std::move(pieces));
  }
}

void write_low_sharing(Rng& rng, Script& script) {
  constexpr double kShare = 0.26;
  constexpr std::uint32_t kRecent = 64;
  const Lengths ask = prompts(rng, 200, 3'000);
  const bool sent = rng.chance(0.5);
  const std::uint32_t requests = draw_count(rng, 3'000, 5'000);
  double shared = 0;
  double all = 0;
  for (std::uint32_t i = 0; i < requests; ++i) {
    std::vector<Piece> pieces;
    std::uint64_t session = 0;
    if (i >= kRecent && shared < kShare * all) {
      const ScriptLine& before = script.lines[script.lines.size() - 1 - rng.below(kRecent)];
      pieces = before.pieces;
      session = before.session;
      shared += tokens_of(pieces);
      pieces.push_back({script.fresh(), before.output_tokens, Role::assistant});
    }
    pieces.push_back({script.fresh(), ask.draw(rng), Role::user});
    all += tokens_of(pieces);
    ScriptLine& line = add_line(rng, script, std::move(pieces));
    if (session != 0) line.session = session;
    line.sends_session = sent;
  }
}

void write_no_sharing(Rng& rng, Script& script) {
  const Lengths length = prompts(rng, 100, 4'000);
  const std::uint32_t requests = draw_count(rng, 3'000, 5'000);
  for (std::uint32_t i = 0; i < requests; ++i) {
    add_line(rng, script, {{script.fresh(), length.draw(rng), Role::user}});
  }
}

void write_bursts(Rng& rng, Script& script) {
  const double siblings = draw_factor(rng, 4, 32);
  const Lengths prefix = prompts(rng, 1'000, 8'000);
  const Lengths tail{.median = draw_factor(rng, 30, 500), .spread = 0.8, .least = 4};
  const double spread = draw_factor(rng, 0.001, 0.1);  // of the time between bursts
  const std::uint32_t requests = draw_count(rng, 3'000, 5'000);
  double at = 0;
  while (script.lines.size() < requests) {
    at += draw_gap(rng, 1);
    const Piece common{script.fresh(), prefix.draw(rng), Role::system};
    const auto count = 2 + static_cast<std::uint32_t>(draw_gap(rng, siblings - 2));
    for (std::uint32_t i = 0; i < count; ++i) {
      ScriptLine& line = add_line(rng, script, {common, {script.fresh(), tail.draw(rng), Role::user}});
      line.at = at + spread * rng.unit();
    }
  }
}

}  // namespace wp::lab

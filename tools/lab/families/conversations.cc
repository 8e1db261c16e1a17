#include "tools/lab/families/conversations.h"

#include <algorithm>
#include <queue>
#include <tuple>
#include <utility>

namespace wp::lab {
namespace {

// The first ones begin within so many turns.
constexpr std::uint32_t kSpreadTurns = 10;

struct Held {
  Conversation talk;
  std::uint64_t session = 0;
  std::size_t beginning = 0;  // pieces of its history that are never dropped but for the first turn
};

struct Turn {
  double at = 0;
  std::uint32_t who = 0;
  friend bool operator>(const Turn& a, const Turn& b) { return std::tie(a.at, a.who) > std::tie(b.at, b.who); }
};

// Agents drop what lies in the middle: what they were told first and what came last stays.
void drop_context(Held& held) {
  std::vector<Piece>& history = held.talk.history;
  std::uint32_t tokens = tokens_of(history);
  if (tokens <= held.talk.context) return;
  const auto wanted = static_cast<std::uint32_t>(held.talk.keep * held.talk.context);
  const std::size_t from = held.beginning + 1;
  std::size_t until = from;
  while (until + 1 < history.size() && tokens > wanted) tokens -= history[until++].tokens;
  history.erase(history.begin() + static_cast<std::ptrdiff_t>(from),
                history.begin() + static_cast<std::ptrdiff_t>(until));
}

void take_turn(Rng& rng, Script& script, Held& held, double at) {
  Conversation& talk = held.talk;
  talk.history.push_back({script.fresh(), talk.ask.draw(rng), Role::user});
  drop_context(held);
  ScriptLine& line = script.lines.emplace_back();
  line.at = at;
  line.session = held.session;
  line.sends_session = talk.sends_session;
  line.pieces = talk.history;
  line.output_tokens = talk.reply.draw(rng);
  talk.history.push_back({script.fresh(), line.output_tokens, Role::assistant});
  --talk.turns;
}

}  // namespace

void converse(Rng& rng, Script& script, std::uint32_t live, std::uint32_t requests,
              const std::function<Conversation()>& begin) {
  std::vector<Held> held(live);
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
  const auto start = [&](std::uint32_t who) -> Held& {
    held[who] = {begin(), script.fresh(), 0};
    held[who].beginning = held[who].talk.history.size();
    return held[who];
  };
  for (std::uint32_t who = 0; who < live; ++who) {
    // Not all at once.
    const Conversation& first = start(who).talk;
    turns.push({first.gap * std::min(first.turns, kSpreadTurns) * rng.unit(), who});
  }
  for (std::uint32_t sent = 0; sent < requests; ++sent) {
    const Turn turn = turns.top();
    turns.pop();
    take_turn(rng, script, held[turn.who], turn.at);
    const Held& next = held[turn.who].talk.turns == 0 ? start(turn.who) : held[turn.who];
    turns.push({turn.at + draw_gap(rng, next.talk.gap), turn.who});
  }
}

}  // namespace wp::lab
